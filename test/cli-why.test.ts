/** `tidemark why` on live processes of a known shape, as a user runs it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCgroup } from './recorder/memory-cgroup.js';
import { endChild, scratch, until, Workload } from './recorder/workload.js';
import { MAIN, runTidemark } from './tidemark-process.js';
import { MIB, startFamily, startShape, whyJson } from './why-programs.js';

const folder = scratch();
const shared = folder.file('shared segment');
const children: ChildProcess[] = [];
let stopped: ChildProcess;
let other: ChildProcess;

beforeAll(async () => {
  writeFileSync(shared, Buffer.alloc(8 * MIB, 'x'));
  stopped = await startShape({ file: shared, haveMib: 24 });
  other = await startShape({ file: shared });
  children.push(stopped, other);
  for (const child of children) child.kill('SIGSTOP');
});

afterAll(async () => {
  await Promise.all(children.map(endChild));
  folder[Symbol.dispose]();
});

/** A line of a file of the process, in bytes; of smaps the sum over mappings, those of one name where it is given. */
function kernel(pid: number, file: 'status' | 'smaps', key: string, name?: string): number {
  let sum = 0;
  let isMeant = name === undefined;
  for (const line of readFileSync(`/proc/${pid}/${file}`, 'latin1').split('\n')) {
    if (name !== undefined && /^[0-9a-f]+-[0-9a-f]+ /.test(line)) isMeant = line.endsWith(` ${name}`);
    const found = new RegExp(`^${key}:\\s+(\\d+) kB$`).exec(line);
    if (found && isMeant) sum += Number(found[1]) * 1024;
  }
  return sum;
}

describe('a process that stands still', () => {
  it('is told as the kernel tells it: kinds, peak, classes', async () => {
    const pid = stopped.pid!;
    const { memory, classes, owners, mappingsTotal, process, growth, source, schema } = await whyJson(
      `${pid}`,
      '--for',
      '0.3s',
    );
    expect({ schema, source, ...process }).toMatchObject({ schema: 1, source: 'live' });
    const keys = {
      rss: 'VmRSS',
      hwm: 'VmHWM',
      vsize: 'VmSize',
      rssAnon: 'RssAnon',
      rssFile: 'RssFile',
      rssShmem: 'RssShmem',
    };
    for (const [name, key] of Object.entries(keys)) expect(memory[name], name).toBe(kernel(pid, 'status', key));
    expect(mappingsTotal).toMatchObject({ rss: kernel(pid, 'smaps', 'Rss'), swap: kernel(pid, 'smaps', 'Swap') });
    const sum = (parts: { rss: number }[]) => parts.reduce((all, { rss }) => all + rss, 0);
    expect(sum(classes)).toBe(mappingsTotal.rss);
    expect(owners.find((one: { rss: number }) => one.rss >= 24 * MIB)).toMatchObject({ owner: 'python arena' });
    expect(growth).toMatchObject({ verdict: 'steady', bytesPerSecond: 0 });
  });

  it('is told with whom it shares, and what of it counts for others', async () => {
    const pid = stopped.pid!;
    const { sharing } = await whyJson(`${pid}`, '--for', '0.2s');
    expect(sharing.countedForOthers).toBe(sharing.rss - sharing.pss);
    expect(sharing.objects[0]).toMatchObject({
      name: shared,
      shared: kernel(pid, 'smaps', 'Shared_(?:Clean|Dirty)', shared),
      pss: kernel(pid, 'smaps', 'Pss', shared),
      others: [{ pid: other.pid, comm: 'python3' }],
    });
    expect(sharing.objects[0].shared).toBe(8 * MIB);
    const found = sharing.processes.find((one: { pid: number }) => one.pid === other.pid);
    expect(found.upTo).toBeGreaterThanOrEqual(8 * MIB);
  });

  it('is told with whom it shares since a fork, which has no name', async () => {
    const { child, forked } = await startFamily({ haveMib: 16 });
    try {
      const { sharing } = await whyJson(`${child.pid}`, '--for', '0.2s');
      expect(sharing.objects[0]).toMatchObject({ name: '[anon]', others: [{ pid: forked, comm: 'python3' }] });
      expect(sharing.objects[0].shared).toBeGreaterThanOrEqual(16 * MIB);
      expect(sharing.processes[0].pid).toBe(forked);
    } finally {
      process.kill(forked, 'SIGKILL');
      await endChild(child);
    }
  });

  it('fits into 80 columns, and says what it held', async () => {
    const { code, stdout, stderr } = await runTidemark(['why', `${stopped.pid}`, '--for', '0.2s']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^ {2}resident \d+\.\d MiB = \d+\.\d MiB anonymous \+ /m);
    expect(stdout).toMatch(/^ +8\.0 MiB +4\.0 MiB +\S*shared segment +python3 \d+$/m);
    expect(stdout).toMatch(/^ {2}the process is steady: /m);
    expect(stdout).toMatch(/^ {2}its memory map was held for at most [\d.]+[mu]s, \d times$/m);
  });
});

describe('a process that grows', () => {
  it('is told with its rate, its mapping, and when it meets its own limit', async () => {
    const child = await startShape({ stepKib: 256, pauseMs: 20 });
    children.push(child);
    const pid = child.pid!;
    execFileSync('prlimit', ['--pid', `${pid}`, `--as=${4096 * MIB}`]);
    const before = { rss: kernel(pid, 'status', 'VmRSS'), atMs: performance.now() };
    const { growth, mappingGrowth, limits, faults } = await whyJson(`${pid}`, '--for', '2s');
    const after = { rss: kernel(pid, 'status', 'VmRSS'), atMs: performance.now() };
    const planted = (after.rss - before.rss) / ((after.atMs - before.atMs) / 1000);
    expect(growth.verdict).toBe('grows');
    expect(growth.bytesPerSecond / planted).toBeGreaterThan(0.7);
    expect(growth.bytesPerSecond / planted).toBeLessThan(1.5);
    expect(growth.low).toBeLessThanOrEqual(growth.bytesPerSecond);
    expect(growth.high).toBeGreaterThanOrEqual(growth.bytesPerSecond);
    expect(mappingGrowth[0].mapping).toMatchObject({ name: '[anon]', mappingClass: 'anon' });
    expect(mappingGrowth[0].bytesPerSecond / growth.bytesPerSecond).toBeGreaterThan(0.7);
    const own = limits.find(({ kind }: { kind: string }) => kind === 'address-space');
    expect(own).toMatchObject({ limit: 4096 * MIB, until: { state: 'in' } });
    expect(own.until.seconds).toBeCloseTo((own.limit - own.used) / own.growth.bytesPerSecond, 3);
    expect(own.until.low).toBeLessThanOrEqual(own.until.seconds);
    expect(faults.minor / faults.seconds).toBeGreaterThan(growth.bytesPerSecond / 4096 / 3);
    child.kill('SIGKILL');
  });

  it('is told when the limit of its control group is met, nearest first', async (context) => {
    const made = makeCgroup(`tidemark-why-${process.pid}`, 600 * MIB);
    if (typeof made === 'string') return context.skip(made);
    await using group = made;
    const child = await startShape({ stepKib: 256, pauseMs: 20 });
    // Before the group, which can end only when it is empty.
    await using _ = { [Symbol.asyncDispose]: () => endChild(child) };
    group.add(child.pid!);
    const { limits } = await whyJson(`${child.pid}`, '--for', '1.5s');
    expect(limits[0]).toMatchObject({ kind: 'group-max', path: group.path, limit: 600 * MIB, until: { state: 'in' } });
    const { used, until: when, growth } = limits[0];
    expect(used).toBeGreaterThan(MIB);
    expect(when.seconds).toBeCloseTo((600 * MIB - used) / growth.bytesPerSecond, 3);
    expect(limits.at(-1).kind).toBe('host');
    const { stdout } = await runTidemark(['why', `${child.pid}`, '--for', '0.5s']);
    expect(stdout).toMatch(/^ {2}\S*tidemark-why-\d+ .* 600\.0 MiB +\d+ % +in [\dms.h]+ \(/m);
  });

  it('is explained as it last was when it ends meanwhile', async () => {
    const child = await startShape({ haveMib: 16 });
    children.push(child);
    const asked = whyJson(`${child.pid}`, '--for', '20s');
    await until(() => readFileSync(`/proc/${child.pid}/smaps`, 'latin1').length > 0);
    setTimeout(() => child.kill('SIGKILL'), 1500);
    const answer = await asked;
    expect(answer.hasEnded).toBe(true);
    expect(answer.memory.rssAnon).toBeGreaterThan(16 * MIB);
  });
});

describe('what cannot be seen', () => {
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, MAIN, 'why'];

  it('is said with what to grant, and the rest is told', async () => {
    const words = [...asNobody, `${stopped.pid}`, '--for', '0.2s', '--json'];
    const child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    const { memory, classes, unseen } = JSON.parse(stdout);
    expect(memory.rss).toBe(kernel(stopped.pid!, 'status', 'VmRSS'));
    expect([memory.pss, classes]).toEqual([undefined, undefined]);
    expect(unseen[0]).toMatchObject({ grant: expect.stringContaining('CAP_SYS_PTRACE') });
  });

  it('is said of a process that a read would hold for long', async () => {
    const { unseen, classes } = await whyJson(`${stopped.pid}`, '--for', '0.2s', '--allow-hold', '50us');
    expect(classes).toBeUndefined();
    expect(unseen[0].why).toMatch(
      /would hold its memory map for about .*: if it may wait for that long, --allow-hold \d+ms/,
    );
  });
});

describe('names', () => {
  it('of several processes are listed, and one is to be given', async () => {
    const { code, stderr } = await runTidemark(['why', 'python3']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tidemark why: \d+ processes are called "python3": .*; give the pid of one\n$/);
  });

  it('are escaped for a terminal and for Markdown, and found', async () => {
    await using workload = await Workload.start();
    const name = '\u001b[31m|`<x>';
    await workload.tell(`name ${Buffer.from(name).toString('hex')}`);
    const plain = await runTidemark(['why', name, '--for', '0.1s']);
    expect([plain.code, plain.stderr]).toEqual([0, '']);
    expect(plain.stdout.split('\n')[0]).toContain(`\\x1B[31m|\`<x> (${workload.pid}): `);
    const { stdout } = await runTidemark(['why', `${workload.pid}`, '--for', '0.1s', '--markdown']);
    expect(stdout.split('\n')[0]).toContain(`### \\\\x1B\\[31m\\|\\\`\\<x\\> (${workload.pid}): `);
    expect(stdout).toContain('| class | rss | pss | swap | share | what |');
    expect(`${plain.stdout}${stdout}`).not.toContain('\u001b');
    const { comm } = await whyJson(`${workload.pid}`, '--for', '0.1s');
    expect(comm).toBe(name);
  });

  it.each([
    [['nobody-is-called-so'], 4, /no process is called "nobody-is-called-so"/],
    [['4194301'], 4, /there is no process 4194301/],
    [['2'], 1, /process 2 is a kernel thread/],
    [['1', '--json', '--markdown'], 2, /exclude each other/],
    [['1', '--at', '-1m'], 2, /--at is of a recording: give it with --in/],
    [['1', '--in', 'x.tide', '--for', '1s'], 2, /--for is for a live process/],
    [['1', '--for', '0s'], 2, /--for/],
  ])('why %j ends with %i', async (words, expected, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['why', ...words]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(sentence);
  });
});
