/** `tidemark wss` on processes that use a known part of their memory, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './recorder/workload.js';
import { MAIN, runTidemark } from './tidemark-process.js';

const MIB = 1024 * 1024;
/** Touches the first N of M MiB, every page, again and again; on SIGUSR1 it becomes a `sleep`. */
const TOUCHING = `
import mmap, os, signal, sys, time
all, used = int(sys.argv[1]) << 20, int(sys.argv[2]) << 20
memory = mmap.mmap(-1, all, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, all, 4096): memory[at] = 1
signal.signal(signal.SIGUSR1, lambda *_: os.execvp('sleep', ['sleep', '1000']))
print('up', flush=True)
while True:
    for at in range(0, used, 4096): memory[at]
    time.sleep(0.05)
`;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function touching(all: number, used: number, uid = 0): Promise<ChildProcess & { readonly pid: number }> {
  const words = ['-c', TOUCHING, String(all), String(used)];
  const child = spawn('python3', words, { stdio: ['ignore', 'pipe', 'ignore'], ...(uid > 0 ? { uid, gid: uid } : {}) });
  children.push(child);
  await once(child.stdout!, 'data');
  return child as ChildProcess & { readonly pid: number };
}

function referencedOf(pid: number): number {
  const [, kb] = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1').match(/^Referenced: +(\d+) kB$/m)!;
  return Number(kb) * 1024;
}

/** Resolves when the bits of a process that touches little of 8 MiB have been cleared. */
async function cleared(pid: number): Promise<void> {
  await until(() => referencedOf(pid) < 7 * MIB, 'the clearing');
}

const ALLOWED = ['--allow-hold', '50ms'];

describe('the working set', () => {
  it('is what was used, by class and owner, and what was held is told', async () => {
    const { pid } = await touching(64, 16);
    const { code, stdout, stderr } = await runTidemark(['wss', String(pid), '--for', '1s', '--json', ...ALLOWED]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^tidemark wss: clearing the referenced bits of process ${pid} \\(python3\\), .* resident: until`),
    );
    const set = JSON.parse(stdout);
    expect(set).toMatchObject({ schema: 1, pid, comm: 'python3', status: 'ok', askedNs: '1000000000' });
    const large = set.parts.find((part: { rss: number }) => part.rss >= 64 * MIB);
    expect(large).toMatchObject({ class: 'anon', owner: 'python arena' });
    expect(Math.abs(large.referenced - 16 * MIB)).toBeLessThan(0.02 * 16 * MIB);
    expect(set.referenced).toBeGreaterThanOrEqual(large.referenced);
    const add = (field: string) =>
      set.parts.reduce((sum: number, part: Record<string, number>) => sum + part[field]!, 0);
    expect([add('rss'), add('referenced')]).toEqual([set.rss, set.referenced]);
    for (const held of [set.clearHoldNs, set.readHoldNs]) expect(held).toBeGreaterThan(10_000);
  });

  it('is printed with a total', async () => {
    const { pid } = await touching(8, 8);
    const { stdout } = await runTidemark(['wss', String(pid), '--for', '500ms', '--max-hold', '20ms']);
    expect(stdout).toMatch(
      new RegExp(`^process ${pid} \\(python3\\) used [\\d.]+ MiB of [\\d.]+ MiB resident in \\d+ms: [\\d.]+ %\n\n`),
    );
    const [, referenced] = stdout.match(/^anon +python arena +(\d+) +\d+ +[\d.]+ % +\d+$/m)!;
    expect(Math.abs(Number(referenced) - 8192)).toBeLessThan(0.02 * 8192);
    expect(stdout).toMatch(/^total +\d+ +\d+ +[\d.]+ % +\d+$/m);
    expect(stdout).toMatch(/locked for at most [\d.]+[mu]s to clear and [\d.]+[mu]s to read\. Sizes are in KiB\.\n$/);
  });

  it('is of the time until Ctrl-C', async () => {
    const { pid } = await touching(8, 1);
    const child = spawn(process.execPath, [MAIN, 'wss', String(pid), '--for', '1h', '--json', ...ALLOWED]);
    children.push(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await cleared(pid);
    await sleep(1500);
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(stderr).toMatch(/^tidemark wss: interrupted after [\d.]+m?s of 1h$/m);
    const { elapsedNs, askedNs, referenced } = JSON.parse(stdout);
    expect(Number(elapsedNs)).toBeLessThan(Number(askedNs) / 100);
    expect(referenced).toBeGreaterThan(MIB);
    expect(referenced).toBeLessThan(8 * MIB);
  });
});

describe('what cannot be measured', () => {
  it('is a process that would be held for too long, and what would allow it is told', async () => {
    const { pid } = await touching(128, 1);
    const { code, stdout, stderr } = await runTidemark(['wss', String(pid), '--for', '100ms']);
    expect([code, stdout]).toEqual([1, '']);
    const proposed = stderr.match(
      /would each lock its memory map for about .*, and 500us is allowed; .* (--allow-hold \d+ms)\n$/,
    );
    expect(proposed).not.toBeNull();
    const again = await runTidemark(['wss', String(pid), '--for', '100ms', ...proposed![1]!.split(' ')]);
    expect(again.code).toBe(0);
  });

  it('is a process that ends meanwhile', async () => {
    const child = await touching(8, 1);
    const run = runTidemark(['wss', String(child.pid), '--for', '1m', ...ALLOWED]);
    await cleared(child.pid);
    await sleep(300);
    child.kill('SIGKILL');
    const { code, stdout, stderr } = await run;
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/ ended after [\d.]+m?s of 1m: its memory cannot be read any more\n$/);
  });

  it('is told of a process that begins another program', async () => {
    const child = await touching(8, 1);
    const run = runTidemark(['wss', String(child.pid), '--for', '3s', '--json', ...ALLOWED]);
    await cleared(child.pid);
    await sleep(300);
    child.kill('SIGUSR1');
    const { stdout, stderr } = await run;
    expect(stderr).toContain('has begun another program meanwhile');
    expect(JSON.parse(stdout)).toMatchObject({ replaced: true, comm: 'sleep' });
  });

  it('is a kernel thread, a process that is not there, and a time without a unit', async () => {
    expect(await runTidemark(['wss', '2'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'tidemark wss: process 2 is a kernel thread: it has no memory of its own\n',
    });
    expect(JSON.parse((await runTidemark(['wss', '2', '--json'])).stdout)).toMatchObject({ pid: 2, status: 'no-mm' });
    expect(await runTidemark(['wss', '999999999'])).toMatchObject({
      code: 4,
      stderr: 'tidemark wss: there is no process 999999999\n',
    });
    expect(await runTidemark(['wss', '1', '--for', '10'])).toMatchObject({ code: 2 });
    expect(await runTidemark(['wss', '1', '--max-hold', '0.5'])).toMatchObject({ code: 2 });
    expect(await runTidemark(['wss'])).toMatchObject({ code: 2 });
  });

  it.each([
    ['of another user', 'clear_refs', ['--reuid=65534', '--clear-groups'], 0],
    // Root may write to files of others, and not look into their memory without the right to trace them.
    ['that one may not look into', 'smaps', ['--bounding-set=-all,+dac_override', '--inh-caps=-all'], 65534],
  ])('is a process %s, and nothing is cleared', async (_, file, rights, uid) => {
    const { pid } = await touching(8, 1, uid);
    const words = [...rights, process.execPath, MAIN, 'wss', String(pid), '--for', '100ms', ...ALLOWED];
    const child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect([code, stderr]).toEqual([5, `tidemark wss: the ${file} of process ${pid}: permission denied\n`]);
    expect(referencedOf(pid)).toBeGreaterThan(8 * MIB);
  });
});
