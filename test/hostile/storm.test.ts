/** Processes that begin and end faster than any tick: each is heard of, or counted among those that were not. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { openRecording } from 'tidemark';
import { expect, it } from 'vitest';
import { startTidemark } from '../recorder/command.js';
import { scratch, until } from '../recorder/workload.js';
import { compile } from './programs.js';

// In a ring of the usual size: another test may have tens of thousands of processes meanwhile.
it.each(['auto', 'native'])('a fork storm is heard or counted (%s)', async (engine) => {
  using folder = scratch();
  const crowd = compile('crowd', folder.path, ['-static']);
  const file = folder.file('a.tide');
  const words = ['record', '--hz', '20', '--size', '256M', '--engine', engine, '-o', file];
  const { child, ended } = startTidemark(words, folder.path);
  await until(() => {
    if (!existsSync(file)) return false;
    try {
      using recording = openRecording(file);
      return recording.summary().ticks.recorded > 3;
    } catch {
      return false;
    }
  }, 'the first ticks');
  const born = Number(execFileSync(crowd, ['storm', '1000'], { encoding: 'utf8' }));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0 });
  using recording = openRecording(file);
  const { lives, ticks, damage } = recording.summary();
  expect(damage).toEqual([]);
  expect(born).toBeGreaterThan(50);
  expect(ticks.recorded + ticks.missed).toBe(ticks.expected);
  if (lives!.isHeard) expect(lives!.told + lives!.lost).toBeGreaterThanOrEqual(born);
  else expect(lives!.mayBeMissed + recording.processes().length).toBeGreaterThanOrEqual(born);
});
