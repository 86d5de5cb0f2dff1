/** Sums of processes that share memory: reads of one tick are of different instants, and their sum need never have been so. */
import { expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';
import { TreeMeter } from './tree-meter.js';

const MIB = 2 ** 20;
const OWN = 10 * MIB;
const SHARED = 50 * MIB;

/** Two relatives, each with memory of its own, of which the second has so much of the shared memory as well, tick by tick. */
function peakOf(touched: readonly number[], reads: Readonly<Record<number, readonly [first: number, second: number]>>) {
  const author = new Author();
  author.arrive(0, someone(10, 'worker'));
  author.arrive(1, someone(11, 'worker'));
  touched.forEach((bytes, tick) => {
    author.set(0, { rss: OWN + SHARED, rssAnon: OWN, minorFaults: 0 });
    author.set(1, { rss: OWN + bytes, rssAnon: OWN, minorFaults: 0 });
    author.sweep();
    reads[tick]?.forEach((pss, slot) => {
      author.deep([slot], { pss, uss: OWN, swap: 0 });
    });
  });
  author.close();
  const meter = new TreeMeter(4096);
  for (const walk of author.open().walks()) meter.follow(walk);
  const { tree, atPeak } = meter.result();
  return { peak: tree.pss.peak, mean: tree.pss.mean, processes: atPeak.length };
}

const HALVES = [OWN + SHARED / 2, OWN + SHARED / 2] as const;

it('is no sum of a read before the other came to share and one behind it', () => {
  // At the first tick one is read as if it had all to itself, and the other as if they shared already.
  const torn = [OWN + SHARED, OWN + SHARED / 2] as const;
  const { peak, processes } = peakOf([2 * MIB, SHARED, SHARED, SHARED], { 0: torn, 2: HALVES });
  expect(peak).toMatchObject({ state: 'measured', value: 2 * OWN + SHARED });
  expect(processes).toBe(2);
});

it('is what was read where nothing moved', () => {
  const { peak } = peakOf([SHARED, SHARED, SHARED], { 0: HALVES });
  expect(peak).toMatchObject({ state: 'measured', value: 2 * OWN + SHARED });
});

it('is what was read where little moved', () => {
  const { peak } = peakOf([SHARED, SHARED - MIB / 2, SHARED - MIB], { 0: HALVES });
  expect(peak).toMatchObject({ state: 'measured', value: 2 * OWN + SHARED });
});

/** Means of the three intervals between four ticks, of which the last has a sum of its own. */
const meanOf = (last: number) => (2 * (2 * OWN + SHARED) + last) / 3;

it('counts the half of a read of who was read before a relative came to share more', () => {
  const more = SHARED + 80 * MIB;
  const { mean } = peakOf([SHARED, SHARED, more, more], { 0: HALVES });
  // The first has half of what it had, the second what it had and half of what it gained.
  const expected = meanOf((OWN + SHARED / 2) / 2 + OWN + SHARED / 2 + 40 * MIB);
  expect(mean.state).toBe('estimated');
  expect(Math.abs((mean as { value: number }).value - expected)).toBeLessThan(MIB / 4);
});

it('counts all of a read where a relative gained little', () => {
  const more = SHARED + 2 * MIB;
  const { mean } = peakOf([SHARED, SHARED, more, more], { 0: HALVES });
  const expected = meanOf(2 * OWN + SHARED + MIB);
  expect(Math.abs((mean as { value: number }).value - expected)).toBeLessThan(MIB / 4);
});
