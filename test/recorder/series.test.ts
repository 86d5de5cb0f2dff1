/** Every way of recording against what the kernel said of the same process at the same time. */
import { type Recorder, type Recording, type RecordOptions, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { MIB, readKernel, readKernelRollup, scratch, until, Workload } from './workload.js';

const WAYS = (['worker', 'process'] as const).flatMap((sampler) =>
  (['native', 'ts'] as const).flatMap((engine) =>
    (['file', 'memory'] as const).map((storage) => [sampler, engine, storage] as const),
  ),
);

/** The last deep read and counters that were stored after this moment. */
async function nextReading(recorder: Recorder, pid: number) {
  const after = BigInt(Date.now()) * 1_000_000n;
  return until(() => {
    const snapshot = recorder.now();
    const reading = snapshot?.processes.find((process) => process.pid === pid);
    if (!snapshot || !reading || reading.rollupAgeNs === null || reading.values.threads === null) return undefined;
    // The wall clock of JavaScript is up to a millisecond behind.
    return snapshot.timeNs - reading.rollupAgeNs > after + 2_000_000n ? reading : undefined;
  }, 'a frame');
}

describe.each(WAYS)('sampler %s, engine %s, in %s', (sampler, engine, storage) => {
  const options = (file: string): RecordOptions => ({
    sampler,
    engine,
    hz: 50,
    rollup: 50,
    // Reads in pieces are of no single instant.
    maxHoldMs: 1000,
    sizeBytes: 4 * MIB,
    ...(storage === 'file' ? { file } : {}),
  });

  it('records what a process allocates and frees, as the kernel tells it', async () => {
    using folder = scratch();
    await using workload = await Workload.start();
    const { pid } = workload;
    await using recorder = await startRecording({ ...options(folder.file('a.tide')), target: { pids: [pid] } });
    expect(recorder).toMatchObject({ sampler, engine, hz: 50 });
    expect(recorder.file === undefined).toBe(storage === 'memory');
    // Resolved after the first committed frame: there is something to ask at once.
    expect(recorder.now()?.processes.map((process) => process.pid)).toEqual([pid]);

    const stages: { rss: number; uss: number }[] = [];
    for (const command of ['', `map ${24 * MIB}`, `map ${8 * MIB}`, 'unmap', 'unmap']) {
      if (command) await workload.tell(command);
      recorder.mark(`after ${command}`);
      let reading = await nextReading(recorder, pid);
      let rollup = readKernelRollup(pid);
      // Another python that came or went in between has halved or doubled what both map.
      for (let more = 0; more < 5 && Math.abs(reading.values.pss! - rollup.pss) > 2 * MIB; more++) {
        reading = await nextReading(recorder, pid);
        rollup = readKernelRollup(pid);
      }
      const kernel = readKernel(pid);
      expect(reading).toMatchObject({
        pid,
        startTicks: kernel.startTicks,
        comm: 'python3',
        countersStatus: 'ok',
        values: { rss: kernel.rss, vsize: kernel.vsize, threads: kernel.threads, parentPid: process.pid },
      });
      // Other programs map the same libraries meanwhile, so shared pages move; the anonymous ones do not.
      expect(Math.abs(reading.values.uss! - rollup.uss)).toBeLessThan(2 * MIB);
      expect(Math.abs(reading.values.pss! - rollup.pss)).toBeLessThan(2 * MIB);
      stages.push({ rss: reading.values.rss!, uss: reading.values.uss! });
    }
    const steps = [24 * MIB, 8 * MIB, -8 * MIB, -24 * MIB];
    steps.forEach((step, index) => {
      expect(Math.abs(stages[index + 1]!.rss - stages[index]!.rss - step)).toBeLessThan(256 * 1024);
      expect(Math.abs(stages[index + 1]!.uss - stages[index]!.uss - step)).toBeLessThan(2 * MIB);
    });

    // What was asked live is what is read back.
    const [process_] = recorder.recording().processes();
    const { value, status } = recorder.recording().series(process_!, 'rss');
    expect(new Set(status)).toEqual(new Set([0]));
    expect(Math.max(...value)).toBe(Math.max(...stages.map(({ rss }) => rss)));
    expect(await recorder.stop()).toMatchObject({ reason: 'stopped' });
    expectMarks(recorder.recording());
  });
});

/** Marks stand in the order in which they were made, each between two frames with the step that it marks. */
function expectMarks(recording: Recording): void {
  const marks = recording.marks();
  expect(marks.map(({ name }) => name)).toEqual(
    ['', `map ${24 * MIB}`, `map ${8 * MIB}`, 'unmap', 'unmap'].map((command) => `after ${command}`),
  );
  const [process_] = recording.processes();
  const before = recording.series(process_!, 'rss', { to: marks[1]!.timeNs });
  const after = recording.series(process_!, 'rss', { from: marks[1]!.timeNs, to: marks[2]!.timeNs });
  expect(before.value[0]).toBeLessThan(after.value[0]! - 23 * MIB);
}
