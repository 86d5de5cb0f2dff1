/**
 * Lists and arguments of more bytes than anybody would type, whose sizes once overflowed what counted them (the lessons of
 * CVE-2018-1123 to 1126 and CVE-2023-4016): arguments of processes, and lists on our own command line.
 */
import { spawn } from 'node:child_process';
import { readFileSync, truncateSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeProcfs } from '../engine/fake-procfs.js';
import { endChild, scratch, until } from '../recorder/workload.js';
import { type Outcome, runTidemark } from '../tidemark-process.js';

/** The kernel takes no single word of 128 KiB. */
const LONGEST_WORD = 128 * 1024 - 1;
const UNITS = ['--page-size', '4096', '--clock-ticks', '100'];

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function expectSound({ code, stdout, stderr }: Outcome): void {
  // A crash has a signal and no code.
  expect({ code, stderr }).toEqual({
    code: expect.any(Number),
    stderr: expect.not.stringMatching(/^ {4}at .*:\d+:\d+/m),
  });
  expect(stdout).not.toContain('\x1b');
}

describe('arguments of a process', () => {
  it('of as many bytes as the kernel takes are shown and recorded', async () => {
    const words = Array.from({ length: 14 }, () => '\x1b[7m'.repeat(32_000));
    const child = spawn('python3', ['-c', 'import time; time.sleep(1000)', ...words], { stdio: 'ignore' });
    ends.push(() => endChild(child));
    const pid = String(child.pid);
    const bytes = () => readFileSync(`/proc/${pid}/cmdline`).length;
    await until(() => bytes() > 14 * 128_000, 'the arguments');
    using folder = scratch();
    for (const asked of [
      ['ps', '-ww', '-o', 'args', '-p', pid],
      ['ps', 'eww', pid],
      ['top', '-bcn1', '-p', pid],
    ]) {
      expectSound(await runTidemark(asked));
    }
    const json = await runTidemark(['ps', '--json', '-o', 'pid,args', '-p', pid]);
    expect(JSON.parse(json.stdout).processes).toMatchObject([
      { pid: child.pid, args: expect.stringMatching(/python3 -c import time/) },
    ]);
    const file = folder.file('a.tide');
    const options = ['--for', '300ms', '--size', '4M', '--cmdline', 'full', '-o', file];
    expect(await runTidemark(['record', '--pid', pid, ...options])).toMatchObject({ code: 0 });
    expectSound(await runTidemark(['ps', '--in', file, '-o', 'args']));
    expect((await runTidemark(['info', file])).code).toBe(0);
  });

  it('of 5 GiB, more than 32 bits count, are read up to a bound', async () => {
    const tree = new FakeProcfs();
    ends.push(() => tree.destroy());
    for (const file of ['cmdline', 'environ', 'status', 'cgroup']) {
      tree.add(7);
      tree.write(7, file, 'Name:\tx\n');
      truncateSync(tree.pathOf(7, file), 5 * 2 ** 30);
      const outcome = await runTidemark(['ps', 'eww', '--procfs', tree.root, ...UNITS]);
      expectSound(outcome);
      expect([file, outcome.stdout.length < 2 ** 22]).toEqual([file, true]);
      tree.remove(7);
    }
  });
});

describe('a list on the command line', () => {
  it.concurrent.each([
    ['of names', ['-C', 'LIST'], 'no-such'],
    ['of names, again and again', Array.from({ length: 12 }, () => ['-C', 'LIST']).flat(), 'no-such'],
    ['of very short names', ['-C', 'LIST'], 'q'],
    ['of one name that is long', ['-C', 'z'.repeat(LONGEST_WORD)], ''],
    ['of pids', ['-p', 'LIST'], '2147483647'],
    ['of users', ['-u', 'LIST'], '4294967294'],
  ])('%s finds nobody, as procps says it', async (_what, pattern, entry) => {
    const list = `${entry},`.repeat(Math.floor((LONGEST_WORD - 64) / (entry.length + 1))) + entry;
    const outcome = await runTidemark(['ps', ...pattern.map((part) => (part === 'LIST' ? list : part))]);
    expect(outcome).toEqual({ code: 1, stdout: expect.stringMatching(/^ +PID TTY +TIME CMD\n$/), stderr: '' });
  });

  it('finds the one who is in it', async () => {
    const list = `${'no-such,'.repeat(10_000)}${readFileSync('/proc/self/comm', 'latin1').trim()}`;
    const { code, stdout } = await runTidemark(['ps', '-C', list, '-o', 'pid=']);
    expect(code).toBe(0);
    expect(stdout.trim().split(/\s+/)).toContain(String(process.pid));
  });

  it('of columns has a bound or an answer', async () => {
    for (const list of [`${'pid,'.repeat(30_000)}pid`, 'x'.repeat(LONGEST_WORD), `pid:${'9'.repeat(1000)}`]) {
      expectSound(await runTidemark(['ps', '-p', String(process.pid), '-o', list]));
      expectSound(await runTidemark(['ps', '-p', String(process.pid), '--sort', list]));
    }
  });
});
