/** `tidemark why --in F`: a process as it was recorded, against what the recording and the kernel had at the time. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { openRecording, startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCgroup } from './recorder/memory-cgroup.js';
import { endChild, scratch, until, Workload } from './recorder/workload.js';
import { runTidemark } from './tidemark-process.js';
import { MIB, startShape, whyJson } from './why-programs.js';

const folder = scratch();
const file = folder.file('grown.tide');
const shared = folder.file('shared segment');
const children: ChildProcess[] = [];
let pid: number;
let otherPid: number;
/** What the kernel told of it before the last tick, when it stood still. */
let atEnd: { rss: number; classes: number };

beforeAll(async () => {
  writeFileSync(shared, Buffer.alloc(8 * MIB, 'x'));
  const grower = await startShape({ file: shared, haveMib: 8, stepKib: 256, pauseMs: 25 });
  const other = await startShape({ file: shared });
  children.push(grower, other);
  [pid, otherPid] = [grower.pid!, other.pid!];
  execFileSync('prlimit', ['--pid', `${pid}`, `--as=${2048 * MIB}`]);
  await using recorder = await startRecording({
    target: { pids: [pid, otherPid] },
    file,
    hz: 20,
    engine: 'native',
    rollup: 5,
    mappings: 5,
    sizeBytes: 16 * MIB,
  });
  await until(() => (recorder.now()?.processes.find((one) => one.pid === pid)?.values.rss ?? 0) > 50 * MIB);
  recorder.mark('loaded');
  await until(() => (recorder.now()?.processes.find((one) => one.pid === pid)?.values.rss ?? 0) > 80 * MIB);
  grower.kill('SIGSTOP');
  const count = (text: string, key: string) =>
    Array.from(text.matchAll(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'gm')), ([, kb]) => Number(kb) * 1024);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const rss = count(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmRSS')[0]!;
  atEnd = { rss, classes: sum(count(readFileSync(`/proc/${pid}/smaps`, 'latin1'), 'Rss')) };
  const lastRead = recorder.now()!.timeNs + 2_500_000_000n;
  await until(() => recorder.now()!.timeNs > lastRead);
  await recorder.stop();
}, 60_000);

afterAll(async () => {
  await Promise.all(children.map(endChild));
  folder[Symbol.dispose]();
});

describe('a recorded process', () => {
  it('is told as it was at the end: kinds, classes, with whom it shares, most that was seen', async () => {
    const answer = await whyJson(`${pid}`, '--in', file);
    expect(answer).toMatchObject({ schema: 1, source: 'recording', pid, comm: 'python3' });
    expect(answer.memory.rss).toBe(atEnd.rss);
    expect(answer.mappingsTotal.rss).toBe(atEnd.classes);
    expect(answer.mostSeen.rss).toBe(atEnd.rss);
    expect(answer.sharing.objects[0]).toMatchObject({ name: shared, shared: 8 * MIB, others: [{ pid: otherPid }] });
    expect(answer.commandLine).toContain(shared);
    const own = answer.limits.find(({ kind }: { kind: string }) => kind === 'address-space');
    expect(own).toMatchObject({ limit: 2048 * MIB, used: answer.memory.vsize });
  });

  it('is told as it was at an instant, with the figures of that frame', async () => {
    using recording = openRecording(file);
    const loaded = recording.marks().find(({ name }) => name === 'loaded')!.timeNs;
    const frame = recording.at(loaded)!.processes.find((one) => one.pid === pid)!;
    const { memory, atNs, growth, mappingGrowth, faults } = await whyJson(`${pid}`, '--in', file, '--at', 'loaded');
    expect(BigInt(atNs)).toBe(loaded);
    expect([memory.rss, memory.pss, memory.uss]).toEqual([frame.values.rss, frame.values.pss, frame.values.uss]);
    expect(growth.verdict).toBe('grows');
    expect(growth.low).toBeGreaterThan(0);
    expect(faults.minor).toBeGreaterThan(0);
    expect(mappingGrowth[0]?.mapping ?? { name: '[anon]' }).toMatchObject({ name: '[anon]' });
  });

  it('is told with what grew since an instant, and when that meets its limit', async () => {
    using recording = openRecording(file);
    const loaded = recording.marks().find(({ name }) => name === 'loaded')!.timeNs;
    const grown = BigInt(loaded) + 1_500_000_000n;
    const words = [
      `${pid}`,
      '--in',
      file,
      '--since',
      'loaded',
      '--at',
      new Date(Number(grown / 1_000_000n)).toISOString(),
    ];
    const { sinceNs, growth, limits } = await whyJson(...words);
    expect(BigInt(sinceNs)).toBe(loaded);
    const points = recording.series(recording.processes({ pid })[0]!, 'rss', { from: loaded, to: grown });
    expect(growth).toMatchObject({ first: points.value[0], verdict: 'grows', points: points.value.length });
    const own = limits.find(({ kind }: { kind: string }) => kind === 'address-space');
    expect(own.until.state).toBe('in');
    expect(own.until.seconds).toBeCloseTo((own.limit - own.used) / own.growth.bytesPerSecond, 3);
  });

  it('fits into 80 columns, from a pipe too', async () => {
    const { code, stdout, stderr } = await runTidemark(['why', `${pid}`, '--in', '-'], { input: readFileSync(file) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^By class, read [\d.]+m?s before$/m);
    expect(stdout).toMatch(/record with --engine bpf$/m);
  });

  it.each([
    [['python3'], 2, /^tidemark why: 2 processes are called "python3": .* from .* to .*; give the pid of one\n$/],
    [['nobody'], 4, /no process called "nobody" is in the recording/],
    [['1'], 4, /no process 1 is in the recording/],
    [['python3', '--at', '-1d'], 2, /--at: .* is outside the recording/],
    [['python3', '--at', 'no-mark'], 2, /--at: "no-mark"/],
  ])('why %j ends with %i', async (words, expected, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['why', ...words, '--in', file]);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(sentence);
  });

  it('has to have grown since something earlier', async () => {
    const { code, stderr } = await runTidemark(['why', `${pid}`, '--in', file, '--at', 'loaded', '--since', 'loaded']);
    expect([code, stderr]).toEqual([2, 'tidemark why: --since: it is not before --at\n']);
  });
});

describe('a process that was killed for its group', () => {
  it('is explained as it last was, against the limit of the group', async (context) => {
    const made = makeCgroup(`tidemark-why-killed-${process.pid}`, 96 * MIB);
    if (typeof made === 'string') return context.skip(made);
    await using group = made;
    const killed = folder.file('killed.tide');
    await using victim = await Workload.start();
    group.add(victim.pid);
    await using recorder = await startRecording({
      target: { pids: [victim.pid] },
      ...{ file: killed, hz: 50, engine: 'native', rollup: 'off', sizeBytes: 4 * MIB },
    });
    await victim.tell(`map ${40 * MIB}`);
    await until(() => recorder.now()?.processes.some(({ values }) => (values.rss ?? 0) > 40 * MIB));
    const over = once(victim.child, 'exit');
    victim.send(`map ${80 * MIB}`);
    await over;
    await recorder.stop();
    const { memory, limits, unseen } = await whyJson(`${victim.pid}`, '--in', killed);
    expect(memory.rss).toBeGreaterThan(40 * MIB);
    // How soon the host is full depends on who else is at work here: it may come first.
    expect(limits).toContainEqual(expect.objectContaining({ kind: 'group-max', path: group.path, limit: 96 * MIB }));
    const whats = unseen.map(({ grant }: { grant: string }) => grant);
    expect(whats).toEqual(
      expect.arrayContaining([expect.stringContaining('--mappings'), expect.stringContaining('--rollup')]),
    );
  });
});

describe('a program that frees all of its memory at its end', () => {
  it('is explained as it was before, and so is its growth', async () => {
    const ended = folder.file('ended.tide');
    const program = 'import time; held = bytearray(300 << 20); time.sleep(0.3)';
    await runTidemark(['run', '-q', '-o', ended, '--', '/usr/bin/python3', '-c', program]);
    const { memory } = await whyJson('python3', '--in', ended);
    expect(memory.rss).toBeGreaterThan(290 * MIB);
    expect(memory.pss).toBeLessThanOrEqual(memory.rss);
    const growth = await runTidemark(['growth', ended, '--json']);
    expect(JSON.parse(growth.stdout).rows[0].last).toBeGreaterThan(290 * MIB);
  });
});
