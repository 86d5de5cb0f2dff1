/** What is collected of a recording: sums, comings and goings, gaps, and memory that does not grow with what is read. */
import { describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { scratch } from '../../test/recorder/workload.js';
import { mergeRecordings } from '../recording/merge.js';
import { openRecording } from '../recording/recording.js';
import { Collector } from './collector.js';
import type { Course } from './course.js';
import { MetricNumber } from './page-format.js';

const MIB = 2 ** 20;

function collect(author: Author): Collector {
  const collector = new Collector(author.open());
  collector.advance();
  collector.settle();
  return collector;
}

function entries(course: Course): [ms: number, value: number][] {
  // Buckets of half a tick of 100 ms.
  return Array.from({ length: course.count }, (_, index) => [course.bucketAt(index) * 50, course.lastAt(index)]);
}

describe('a collector', () => {
  it('adds up what all processes have, and what counters counted while it was recorded', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    author.set(0, { rss: 3 * MIB, userTime: 5e9, systemTime: 0 });
    author.sweep();
    author.arrive(1, someone(2));
    author.set(0, { rss: 4 * MIB, userTime: 5.5e9, systemTime: 0 });
    author.set(1, { rss: 2 * MIB, userTime: 1e9, systemTime: 0.5e9 });
    author.sweep();
    author.depart(1);
    author.set(0, { rss: 4 * MIB, userTime: 6e9, systemTime: 0 });
    author.sweep();
    author.close();
    const { totals, records } = collect(author);
    expect(entries(totals[MetricNumber.rss]!)).toEqual([
      [0, 3 * MIB],
      [100, 6 * MIB],
      [200, 4 * MIB],
    ]);
    // What the first had used before is not part of it; the second was begun meanwhile.
    expect(entries(totals[MetricNumber.cpu]!)).toEqual([
      [0, 0],
      [100, 2e9],
      [200, 2.5e9],
    ]);
    expect(entries(totals[MetricNumber.processes]!)).toEqual([
      [0, 1],
      [100, 2],
      [200, 1],
    ]);
    expect(records.get('2:102')!.isGone).toBe(true);
    expect(records.get('1:101')!.isGone).toBe(false);
    expect(entries(records.get('2:102')!.courses![0]!)).toEqual([
      [100, 2 * MIB],
      [150, Number.NaN],
    ]);
  });

  it('ranks by peak, growth and churn', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    for (const mib of [10, 90, 10, 30]) {
      author.set(0, { rss: mib * MIB });
      author.sweep();
    }
    author.close();
    const record = collect(author).records.get('1:101')!;
    expect(record).toMatchObject({ firstRss: 10 * MIB, peakRss: 90 * MIB, peakBucket: 2, churn: 180 * MIB });
  });

  it('tells another process in the same slot apart, and follows a name', () => {
    const author = new Author();
    author.arrive(0, someone(1, 'old'));
    author.set(0, { rss: MIB });
    author.sweep();
    author.writer.rename(author.nowNs, 0, someone(1, 'new'));
    author.sweep();
    author.depart(0);
    author.arrive(0, someone(2));
    author.set(0, { rss: 2 * MIB });
    author.sweep();
    author.close();
    const { records } = collect(author);
    expect([...records.keys()]).toEqual(['1:101', '2:102']);
    expect(new TextDecoder().decode(records.get('1:101')!.identity.comm)).toBe('new');
    expect(records.get('1:101')!.isGone).toBe(true);
  });

  it('knows where ticks are missing', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    author.sweep();
    author.sweep({ missed: 7 });
    author.sweep();
    author.close();
    const { gaps } = collect(author);
    expect(gaps.missing).toBe(7);
    expect(gaps.list()).toEqual([{ from: 0, to: 800, ticks: 7, reason: 'missed' }]);
  });

  it('takes the sums of merged recordings together while both last, and nothing where nobody recorded', () => {
    using folder = scratch();
    const inputs = [0, 40].map((first) => {
      const author = new Author();
      author.tick = first;
      author.arrive(0, someone(first + 1));
      author.set(0, { rss: (first + 1) * MIB });
      for (let tick = 0; tick < 20; tick++) author.sweep();
      author.close();
      return author.open();
    });
    mergeRecordings(inputs, folder.file('both.tide'));
    using both = openRecording(folder.file('both.tide'));
    const collector = new Collector(both);
    collector.advance();
    collector.settle();
    expect(entries(collector.totals[MetricNumber.rss]!)).toEqual([
      [0, MIB],
      [4000, 41 * MIB],
    ]);
    expect(collector.gaps.list()).toEqual([{ from: 1900, to: 4000, ticks: 0, reason: 'unrecorded' }]);
    const first = [...collector.records.values()].find(({ identity }) => identity.pid === 1)!;
    expect(first.isGone).toBe(false);
    expect(entries(first.courses![0]!)).toEqual([
      [0, MIB],
      [1950, Number.NaN],
    ]);
  });

  it('begins with the first tick that is still there, not where the recording once began', () => {
    const author = new Author();
    author.tick = 36_000;
    author.arrive(0, someone(1));
    author.set(0, { rss: MIB });
    author.sweep();
    author.sweep();
    author.close();
    const collector = collect(author);
    expect(entries(collector.totals[MetricNumber.rss]!)).toEqual([[0, MIB]]);
    expect(collector.msOf(collector.lastBucket)).toBe(100);
    expect(collector.startNs).toBe(MONOTONIC + 3600n * SECOND);
  });

  it('goes on where it stopped, as the recording grows', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    author.set(0, { rss: MIB });
    author.sweep();
    const collector = new Collector(author.open());
    expect(collector.advance()).toBe(true);
    collector.settle();
    expect(collector.advance()).toBe(false);
    author.set(0, { rss: 2 * MIB });
    author.sweep();
    expect(collector.advance()).toBe(true);
    collector.settle();
    expect(entries(collector.totals[MetricNumber.rss]!)).toEqual([
      [0, MIB],
      [100, 2 * MIB],
    ]);
    expect(collector.records.get('1:101')).toMatchObject({ isGone: false, peakRss: 2 * MIB });
  });

  it('keeps the largest of twenty-five thousand that have ended, and counts the others', { timeout: 60_000 }, () => {
    const author = new Author({ sizeBytes: 2 ** 26 });
    const all = 25_000;
    for (let first = 0; first < all; first += 1000) {
      for (let slot = 0; slot < 1000; slot++) {
        author.arrive(slot, someone(first + slot + 1));
        author.set(slot, { rss: (first + slot + 1) * 4096 });
      }
      author.sweep();
      for (let slot = 0; slot < 1000; slot++) author.depart(slot);
    }
    author.close();
    const { records, unlisted } = collect(author);
    expect(records.size + unlisted).toBe(all);
    expect(records.size).toBeLessThanOrEqual(20_000);
    expect(unlisted).toBeGreaterThan(5000);
    expect(records.has(`${all}:${all + 100}`)).toBe(true);
    expect(records.has('1:101')).toBe(false);
  });
});
