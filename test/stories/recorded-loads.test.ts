/**
 * What happened to the memory of this host, from a recording alone: loads of known kind and size are put there while it is
 * recorded, and afterwards `host --in` says which part took the memory, and when.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { Plant, type PlantKind, Zram } from './plants.js';

const MiB = 2 ** 20;
const SIZE = 200;

/** Kind of load, the part that takes the memory, and how much of its size at least. */
const STORIES: readonly (readonly [kind: PlantKind, part: string, least: number])[] = [
  ['cache', 'pageCache', 0.6],
  ['shmem', 'shmem', 0.95],
  ['slab', 'slabReclaimable', 0.6],
  // What a process costs that has nothing of its own: the tables of the pages that it shares.
  ['forks', 'pageTables', 0.1],
  // Compressed to an eighth or so.
  ['swapped', 'compressedSwap', 0.05],
];

const folder = scratch();
const file = folder.file('loads.tide');
let forkPid = 0;

beforeAll(async () => {
  using _ = new Zram(2 * SIZE * MiB);
  const recorder = await startRecording({ file, target: 'host', hz: 10, hostTier: 10, sizeBytes: 64 * MiB });
  try {
    for (const [kind] of STORIES) {
      recorder.mark(`before ${kind}`);
      await pause(500);
      const plant = await Plant.grow(kind, SIZE);
      if (kind === 'forks') forkPid = plant.pid;
      await pause(1500);
      recorder.mark(`${kind} is there`);
      await plant[Symbol.asyncDispose]();
      await pause(300);
    }
  } finally {
    await recorder.stop();
    await recorder[Symbol.asyncDispose]();
  }
}, 120_000);
afterAll(() => folder[Symbol.dispose]());

async function between(kind: string) {
  const words = ['host', '--in', file, '--since', `before ${kind}`, '--at', `${kind} is there`, '--json'];
  const { code, stdout, stderr } = await runTidemark(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as {
    total: number;
    parts: { name: string; bytes: number; change: number }[];
    course: Record<string, (number | null)[]>;
    values: Record<string, number | null>;
  };
}

describe('from a recording alone', () => {
  it.each(STORIES)('%s is seen in the part that took the memory: %s', async (kind, part, least) => {
    const { parts, course } = await between(kind);
    expect(parts.find(({ name }) => name === part)!.change).toBeGreaterThan(SIZE * MiB * least);
    expect(course[part]!.length).toBeGreaterThan(4);
    expect(Math.max(...course[part]!.map(Number)) - course[part]![0]!).toBeGreaterThan(SIZE * MiB * least);
  });

  it('the balance adds up within 1 % at each of these instants', async () => {
    for (const [kind] of STORIES) {
      const { parts, total } = await between(kind);
      const rest = parts.find(({ name }) => name === 'unaccounted')!;
      expect(Math.abs(rest.bytes), kind).toBeLessThan(total / 100);
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(total, -1);
    }
  });

  it('a fork storm is named by its processes', async () => {
    const { stdout } = await runTidemark([
      'ps',
      '--in',
      file,
      '--at',
      'forks is there',
      '--ppid',
      String(forkPid),
      '-o',
      'pid=',
    ]);
    const children = stdout.trim().split('\n').length;
    expect(children).toBeGreaterThan((SIZE * 1024) / 640 - 5);
  });

  it('what was swapped out is told beside', async () => {
    const { values } = await between('swapped');
    expect(values.hostSwapTotal! - values.hostSwapFree!).toBeGreaterThan(SIZE * MiB * 0.9);
    expect(values.hostZramStored).toBeGreaterThan(SIZE * MiB * 0.9);
  });
});
