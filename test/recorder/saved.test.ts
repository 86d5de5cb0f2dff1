/** What was told before `save` is in the file, however far behind the sampler is. */
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, type Recorder, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { childrenOf, endChild, MIB, scratch, startSleep, until } from './workload.js';

const SAMPLERS = ['worker', 'process'] as const;
const small = { hz: 50, sizeBytes: 2 * MIB, rollup: 'off' } as const;

/** The names of the marks in a copy, those of spans with whether they have ended. */
function savedMarks(recorder: Recorder, file: string): string[] {
  recorder.save(file);
  using copy = openRecording(file);
  expect(copy.summary().damage).toEqual([]);
  return copy.marks().map(({ name, kind, endNs }) => (kind === 'mark' ? name : `${name} ${endNs !== undefined}`));
}

describe.each(SAMPLERS)('sampler %s', (sampler) => {
  it('has the end of a span and a mark that were told just before', async () => {
    using folder = scratch();
    const child = startSleep();
    await using recorder = await startRecording({ ...small, sampler, target: { pids: [child.pid!] } });
    const names: string[] = [];
    for (let round = 0; round < 20; round++) {
      const span = recorder.begin(`load${round}`);
      span.end();
      recorder.mark(`mark${round}`);
      names.push(`load${round} true`, `mark${round}`);
      expect(savedMarks(recorder, folder.file(`${round}.tide`))).toEqual(names);
    }
    await recorder.span('awaited', () => {});
    names.push('awaited true');
    expect(savedMarks(recorder, folder.file('awaited.tide'))).toEqual(names);
    await recorder.stop();
    expect(savedMarks(recorder, folder.file('whole.tide'))).toEqual(names);
    await endChild(child);
  });
});

it('has what a sampler cannot take: one that is stopped, and one that died', async () => {
  using folder = scratch();
  const child = startSleep();
  const before = new Set(childrenOf(process.pid, /sampler\/helper\.js/));
  await using recorder = await startRecording({ ...small, sampler: 'process', target: { pids: [child.pid!] } });
  const [helper] = childrenOf(process.pid, /sampler\/helper\.js/).filter((pid) => !before.has(pid));
  recorder.mark('taken');
  await until(() => recorder.recording().marks().length === 1);
  process.kill(helper!, 'SIGSTOP');
  recorder.begin('late').end();
  expect(savedMarks(recorder, folder.file('stopped.tide'))).toEqual(['taken', 'late true']);
  expect(recorder.recording().marks().length).toBe(1);
  process.kill(helper!, 'SIGKILL');
  await recorder.finished.catch(() => {});
  expect(savedMarks(recorder, folder.file('died.tide'))).toEqual(['taken', 'late true']);
  await endChild(child);
});

describe.each(SAMPLERS)('what V8 told, with a sampler as a %s', (sampler) => {
  it('is in the file up to the moment, each once, though it is sent once a second', async () => {
    using folder = scratch();
    await using recorder = await startRecording({ ...small, sampler, v8: true, target: 'self' });
    const heapsOf = (file: string) => {
      using copy = openRecording(file);
      expect(copy.summary().damage).toEqual([]);
      const times = copy.v8().map(({ timeNs, event }) => `${timeNs} ${event.type}`);
      expect(new Set(times).size).toBe(times.length);
      return copy.v8().filter(({ event }) => event.type === 'v8Heap');
    };
    const heaps: number[] = [];
    for (let round = 0; round < 8; round++) {
      await pause(300);
      const before = process.hrtime.bigint();
      recorder.save(folder.file(`${round}.tide`));
      const found = heapsOf(folder.file(`${round}.tide`));
      expect(found.at(-1)!.timeNs).toBeGreaterThanOrEqual(before);
      heaps.push(found.length);
      // Ten a second, and one at each copy.
      expect(found.length).toBeGreaterThan(round * 2);
    }
    await recorder.stop();
    recorder.save(folder.file('whole.tide'));
    expect(heapsOf(folder.file('whole.tide')).length).toBeGreaterThanOrEqual(heaps.at(-1)!);
  });
});
