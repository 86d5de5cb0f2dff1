/** Recordings by the engine in the kernel: beside those of others, thinned, and of hostile processes. */
import { spawnSync } from 'node:child_process';
import { openRecording, type RecordOptions, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { bpfAvailability } from '../../src/engine/choose-sweeping.js';
import type { EngineName } from '../../src/engine/engine.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { columnOf } from '../../src/recording/frame.js';
import { FrameWalk, Kind } from '../../src/recording/frame-walk.js';
import { FileStorage } from '../../src/ring/file-storage.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { endChild, MIB, readKernel, scratch, startSleep, Workload } from './workload.js';

/** Of a module: how many programs of the kernel the process has open, and a recording by them. */
const PROGRAMS = `
import { readdirSync, readlinkSync } from 'node:fs';
import { startRecording } from '${import.meta.resolve('tidemark')}';
const kindOf = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
const programs = () => readdirSync('/proc/self/fd').filter((fd) => kindOf(fd) === 'anon_inode:bpf-prog').length;
const start = (more) => startRecording({
  target: { pids: [Number(process.env.TARGET)] }, engine: 'bpf', hz: 'auto', file: process.env.FILE, sampler: 'worker', ...more });
`;

/** Under CI it must be there, or its tests fail. */
const isThere = process.env.CI || bpfAvailability({ root: '/proc', host: readHostUnits() }).works;

const OPTIONS = { hz: 50, sizeBytes: 2 * MIB, rollup: 'off' } as const;

async function record(file: string, options: RecordOptions): Promise<void> {
  await (await startRecording({ ...OPTIONS, file, durationMs: 200, ...options })).finished;
}

describe.runIf(isThere)('the engine in the kernel', () => {
  it.each([
    ['bpf', 'native'],
    ['native', 'bpf'],
    ['bpf', 'ts'],
  ] as const)('a recording by %s is gone on with by %s', async (first: EngineName, second: EngineName) => {
    using folder = scratch();
    const child = startSleep();
    const target = { pids: [child.pid!] };
    const file = folder.file('a.tide');
    await record(file, { target, engine: first });
    await record(file, { target, engine: second, resume: true });
    await record(file, { target, engine: first, resume: true });
    const { rss, startTicks } = readKernel(child.pid!);
    await endChild(child);
    using recording = openRecording(file);
    const summary = recording.summary();
    expect(summary.damage).toEqual([]);
    expect(summary.resumed).toHaveLength(2);
    expect(summary.ticks.recorded + summary.ticks.missed).toBe(30);
    expect(recording.metadata.engine.name).toBe(first);
    const who = { pid: child.pid!, startTicks };
    expect(recording.series(who, 'rss').value.at(-1)).toBe(rss);
    if (first !== 'bpf') return;
    // What the other one does not read is absent, not what it was before.
    const values = [...recording.series(who, 'rssFile').value];
    const gaps = values.map((value, index) => (Number.isNaN(value) ? index : -1)).filter((index) => index >= 0);
    expect(gaps.length).toBeGreaterThan(0);
    expect(Number.isNaN(values[0]!) || Number.isNaN(values.at(-1)!)).toBe(false);
  });

  it('is tried by one thread and used by another, and nothing of it is left behind', async () => {
    using folder = scratch();
    // Each in a process of its own, since it is tried once in each.
    const programsIn = (text: string) => {
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', `${PROGRAMS}${text}`], {
        ...{ encoding: 'utf8', env: { ...process.env, FILE: folder.file('a.tide'), TARGET: String(process.pid) } },
      });
      return JSON.parse(stdout);
    };
    const [tried, stopped, again] = programsIn(`
      const one = await start();
      const tried = programs();
      await one.stop();
      const stopped = programs();
      await start({ file: undefined });
      console.log(JSON.stringify([tried, stopped, programs()]));
      process.exit();`);
    expect(tried).toBeGreaterThan(0);
    // The second recording tries nothing: what it has open is what one sampler has.
    expect([tried, stopped]).toEqual([again, 0]);
    const refused = programsIn(`
      const codes = [];
      for (const more of [{ target: { pids: [2 ** 22 - 1] }, file: undefined }, {}])
        await start(more).catch(({ code }) => codes.push(code));
      console.log(JSON.stringify([...codes, programs()]));`);
    expect(refused).toEqual(['target-not-found', 'exists', 0]);
  });

  it('keeps the last, least and most of its own columns in steps', async () => {
    using folder = scratch();
    await using workload = await Workload.start();
    const file = folder.file('kept.tide');
    const recorder = await startRecording({
      ...{ target: { pids: [workload.pid] }, file, hz: 100, rollup: 'off', sizeBytes: 8 * MIB },
      ...{ engine: 'bpf', keep: 'full:1h,1s:3h' },
    });
    const start = performance.now();
    for (let round = 1; performance.now() - start < 2500; round++) {
      await workload.tell(`map ${MIB * ((round % 10) + 1)}`);
      await workload.tell('unmap');
    }
    const { startTicks } = readKernel(workload.pid);
    await recorder.stop();
    using recording = openRecording(file);
    expect(recording.summary()).toMatchObject({ damage: [] });
    const storage = FileStorage.open(file);
    const walk = new FrameWalk(RingReader.open(storage), {}, 1_000_000_000n);
    const ticks = recording.series({ pid: workload.pid, startTicks }, 'rssAnon');
    const [anon, shared, mark] = (['rssAnon', 'rssFile', 'hwm'] as const).map((name) => columnOf(name).place);
    let steps = 0;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      const slot = walk.slotOf(`${workload.pid}:${startTicks}`);
      if (step !== 'frame' || slot < 0) continue;
      steps++;
      const [last, least, most] = [Kind.last, Kind.least, Kind.most].map((kind) => walk.counter(anon!, slot, kind));
      expect(least).toBeLessThanOrEqual(last!);
      expect(most).toBeGreaterThanOrEqual(last!);
      expect(ticks.value).toContain(least);
      expect(ticks.value).toContain(most);
      expect(walk.counter(shared!, slot)).toBeGreaterThan(MIB);
      expect(walk.counter(mark!, slot, Kind.most)).toBeGreaterThanOrEqual(most!);
    }
    storage.close();
    expect(steps).toBeGreaterThanOrEqual(2);
  });

  it('tells the fork, exec and exit of a process with a hostile name in bytes that do no harm', async () => {
    using folder = scratch();
    const file = folder.file('hostile.tide');
    const recorder = await startRecording({ ...OPTIONS, target: { tree: process.pid }, file, engine: 'bpf' });
    const name = '\\x1b]0;)\\n(\\xff\\xfe "=x';
    const script = `import ctypes, os\nctypes.CDLL(None).prctl(15, b'${name}')\nif (pid := os.fork()) == 0: os._exit(5)\nos.wait()`;
    const { pid } = spawnSync('python3', ['-c', script]);
    await recorder.stop();
    using recording = openRecording(file);
    const told = recording.events().flatMap(({ event }) => ('pid' in event ? [event] : []));
    const exit = told.find((event) => event.type === 'exit' && event.exitStatus === 5 << 8)!;
    expect(exit).toMatchObject({ commHex: Buffer.from('\x1b]0;)\n(\xff\xfe "=x', 'latin1').toString('hex') });
    expect(told.some((event) => event.type === 'fork' && event.pid === exit.pid && event.parentPid === pid)).toBe(true);
    const { stdout } = spawnSync(process.execPath, ['dist/cli/main.js', 'info', file], { encoding: 'utf8' });
    expect(stdout).not.toContain('\x1b');
    expect(recording.summary().lives).toMatchObject({ isHeard: true, lost: 0 });
    expect(recording.summary().lives!.byEvent).toBeGreaterThan(0);
  });
});
