/** A file that others take away under its recorder: the recording ends and says so, where anything is lost. */
import { copyFileSync, existsSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, startRecording } from 'tidemark';
import { expect, it } from 'vitest';
import { MIB, scratch } from './workload.js';

const options = { hz: 20, sizeBytes: 2 * MIB, rollup: 'off', target: 'self' } as const;

it.each([
  ['was removed', (file: string) => rmSync(file)],
  [
    'was removed',
    (file: string) => {
      writeFileSync(`${file}.other`, 'something else');
      renameSync(`${file}.other`, file);
    },
  ],
  ['was cut', (file: string) => truncateSync(file, 100_000)],
  ['was cut', (file: string) => truncateSync(file, 0)],
])('a recording whose file %s ends with a sentence that says so', async (words, harm) => {
  using folder = scratch();
  const file = folder.file('lost.tide');
  const recorder = await startRecording({ ...options, sampler: 'worker', file });
  harm(file);
  await expect(recorder.finished).rejects.toMatchObject({
    code: 'file-lost',
    message: `The recording ended: ${file} ${words} while it was written`,
  });
});

it('a file that only gets another name is written on', async () => {
  using folder = scratch();
  const [file, other] = [folder.file('a.tide'), folder.file('b.tide')];
  const recorder = await startRecording({ ...options, sampler: 'worker', file });
  renameSync(file, other);
  await pause(1500);
  await recorder.stop();
  expect(existsSync(file)).toBe(false);
  using recording = openRecording(other);
  const { ticks, damage } = recording.summary();
  expect(damage).toEqual([]);
  expect(ticks.recorded).toBeGreaterThan(5);
});

it('a recording that is read while its file is cut gives what is left, and says where it ends', async () => {
  using folder = scratch();
  const file = folder.file('whole.tide');
  const recorder = await startRecording({ ...options, sampler: 'worker', file, durationMs: 500 });
  await recorder.finished;
  copyFileSync(file, folder.file('cut.tide'));
  using recording = openRecording(folder.file('cut.tide'));
  const { recorded } = recording.summary().ticks;
  truncateSync(folder.file('cut.tide'), 16384 + 2000);
  const { ticks, damage } = recording.summary();
  expect(ticks.recorded).toBeLessThanOrEqual(recorded);
  expect(damage).toContainEqual(expect.objectContaining({ offset: 16384 + 2000, reason: 'truncated' }));
});
