/**
 * Very many processes: a recording with nothing asked for begins at once, has all of them, and says so when its ring is larger
 * than usual for them.
 */
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTidemark } from '../recorder/command.js';
import { endChild, scratch, until } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { compile, IS_LONG, startReady } from './programs.js';

const COUNT = IS_LONG ? 30_000 : 5000;

let folder: ReturnType<typeof scratch>;
let keeper: Awaited<ReturnType<typeof startReady>>;
beforeAll(async () => {
  folder = scratch();
  keeper = await startReady(compile('crowd', folder.path, ['-static']), [String(COUNT)]);
}, 60_000);
afterAll(async () => {
  await endChild(keeper);
  folder[Symbol.dispose]();
});

describe.each(IS_LONG ? ['auto', 'native', 'ts'] : ['auto', 'native'])(
  `${COUNT} processes, the engine %s`,
  (engine) => {
    it('a recording with its defaults begins, and has all of them', async () => {
      const file = folder.file(`${engine}.tide`);
      const { child, stderr, ended } = startTidemark(['record', '--engine', engine, '-o', file], folder.path);
      // Said when the first frame is stored.
      await until(() => stderr().includes('recording every process'), 'the first frame', 20_000);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 0 });
      using recording = openRecording(file);
      const { damage, processes, coverage } = recording.summary();
      expect(damage).toEqual([]);
      expect(processes.max).toBeGreaterThan(COUNT);
      expect(coverage.dropped).not.toHaveProperty('no-slot');
      const { processes: last } = recording.at(recording.endNs)!;
      expect(last.filter(({ countersStatus }) => countersStatus === 'ok').length).toBeGreaterThan(COUNT);
    });
  },
);

it('a ladder of steps takes a larger ring for so many by itself, and one line says so', async () => {
  const file = folder.file('ladder.tide');
  const keep = 'full:10s,1s:20s,2s:40s,4s:80s,8s:2m,16s:5m,32s:10m';
  const { code, stderr } = await startTidemark(['record', '--keep', keep, '--for', '1s', '-o', file], folder.path)
    .ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const [line] = stderr.split('\n');
  expect(line).toMatch(
    /^recording every process .*ladder\.tide of \d+\.\d .iB, since so many processes need more than 256M/,
  );
  using recording = openRecording(file);
  expect(recording.summary().damage).toEqual([]);
  expect(recording.processes().length).toBeGreaterThan(COUNT);
});

it('ps and top list all of them', async () => {
  const { stdout } = await runTidemark(['ps', '-e', '--no-headers']);
  expect(stdout.split('\n').length).toBeGreaterThan(COUNT);
  const top = await runTidemark(['top', '-b', '-n', '1']);
  expect(top.stdout.split('\n').length).toBeGreaterThan(COUNT);
});
