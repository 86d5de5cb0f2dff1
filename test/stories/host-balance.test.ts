/**
 * The balance of this host under loads of known kind and size: what was put there is found in its part and in no other, and
 * the parts add up to the total.
 *
 * These run when all other tests are done, which would move more memory than is put there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runTidemark } from '../tidemark-process.js';
import { Plant, type PlantKind, Zram } from './plants.js';

const MiB = 2 ** 20;
const SIZE = 256;
/** What else may move meanwhile. */
const ELSEWHERE = 48;
const ATTEMPTS = 4;
/** Of the total. */
const UNACCOUNTED = 0.01;

type Sizes = Record<string, number>;

/** Parts in bytes, `total` among them. */
async function balance(): Promise<Sizes> {
  const { code, stdout, stderr } = await runTidemark(['host', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { total, parts } = JSON.parse(stdout) as { total: number; parts: { name: string; bytes: number }[] };
  expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
  return { total, ...Object.fromEntries(parts.map(({ name, bytes }) => [name, bytes])) };
}

/** MiB by part that moved by more than what moves by itself. */
function moved(before: Sizes, after: Sizes): Sizes {
  const changes = Object.entries(after).map(([name, bytes]) => [name, (bytes - before[name]!) / MiB] as const);
  return Object.fromEntries(changes.filter(([name, change]) => name !== 'free' && Math.abs(change) > ELSEWHERE));
}

/** Somebody else on the host may move as much: then it is looked at again. */
async function grown(kind: PlantKind, expected: Sizes): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await grownOnce(kind, expected);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** What a load changed: its own part within 10 % of what is expected, and no other. */
async function grownOnce(kind: PlantKind, expected: Sizes): Promise<void> {
  const before = await balance();
  await using _ = await Plant.grow(kind, SIZE);
  // Counters of single CPUs are summed up once a second.
  await pause(1500);
  const after = await balance();
  const changes = moved(before, after);
  expect(Object.keys(changes).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, size] of Object.entries(expected)) {
    expect(changes[name], name).toBeGreaterThan(size * 0.9);
    expect(changes[name], name).toBeLessThan(size * 1.1 + ELSEWHERE);
  }
  if (expected.unaccounted === undefined) expect(Math.abs(after.unaccounted!)).toBeLessThan(UNACCOUNTED * after.total!);
}

describe('the balance of this host', () => {
  it('adds up within 1 %', async () => {
    const { unaccounted, total } = await balance();
    expect(Math.abs(unaccounted!)).toBeLessThan(UNACCOUNTED * total!);
  });

  it.each<[PlantKind, Sizes]>([
    ['anon', { processAnon: SIZE }],
    ['cache', { pageCache: SIZE }],
    ['mapped', { processFile: SIZE }],
    ['shmem', { shmem: SIZE }],
    // A page of memory for each page of table.
    ['tables', { pageTables: SIZE, processAnon: SIZE }],
    // Names that are not there lie in reclaimable slabs.
    ['slab', { slabReclaimable: SIZE }],
    // What no counter tells is in the rest, and shown.
    ['pipes', { unaccounted: SIZE }],
  ])('finds %s in its part and nowhere else, and adds up within 1 %', grown);

  it('finds what was swapped to compressed RAM', async () => {
    using _ = new Zram(2 * SIZE * MiB);
    // A quarter KiB of noise in each page: it is compressed to that, and some for bookkeeping.
    const before = await balance();
    await using __ = await Plant.grow('swapped', SIZE);
    await pause(1500);
    const after = await balance();
    const stored = (after.compressedSwap! - before.compressedSwap!) / MiB;
    expect(stored).toBeGreaterThan(SIZE / 16);
    expect(stored).toBeLessThan(SIZE / 4);
    expect(Math.abs(after.unaccounted!)).toBeLessThan(UNACCOUNTED * after.total!);
    const { stdout } = await runTidemark(['host']);
    expect(stdout).toMatch(/swap \d+M of 512M; in zram \d+M, which takes \d+(\.\d+)?M/);
  });
});
