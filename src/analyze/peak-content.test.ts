/** What was in a peak, of reads of mappings that are planted around it. */
import { describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { MAPPED, mapping, storeMappings } from '../../test/recorder/synthetic-mappings.js';
import { many } from '../../test/recorder/synthetic-why.js';
import { peakContent } from './peak-content.js';
import type { ProcessAtPeak } from './tree-meter.js';

const K = 1024;
const MS = 1_000_000n;
const PEAK = MONOTONIC + SECOND;
const ONE = someone(10, 'one');
const TWO = someone(11, 'two');

const atPeak = (pid: number, program: string, kib: number): ProcessAtPeak => {
  return { pid, startTicks: 100 + pid, program, rss: kib * K, pss: 0 };
};

/** Reads by their milliseconds from the peak. */
function content(
  reads: readonly (readonly [ms: number, who: typeof ONE, smaps: string])[],
  processes: readonly ProcessAtPeak[] = [atPeak(10, 'one', 500)],
  prepare: (author: Author) => void = () => {},
) {
  const author = new Author({ metadata: { ...MAPPED, cmdline: 'full' } });
  prepare(author);
  for (const [ms, who, smaps] of reads) storeMappings(author, who, 0, smaps, PEAK + BigInt(ms) * MS);
  author.close();
  using recording = author.open();
  return peakContent(recording, PEAK, processes);
}

const heap = (kib: number, more = {}) =>
  mapping('10000000-12000000', 'rw-p 00000000 00:00 0 [heap]', { Rss: kib, Pss: kib, Swap: 0, ...more });
const part = (rss: number, pss: number, swap: number, count: number) => {
  return { rss: rss * K, pss: pss * K, swap: swap * K, count };
};

describe('the read that is taken', () => {
  const rssOf = (...milliseconds: readonly number[]) =>
    content(milliseconds.map((ms) => [ms, ONE, heap(1000 + ms)] as const))!.readRss / K - 1000;

  it('is the last one before the peak, or of its own tick', () => {
    expect(rssOf(-900, -300, 100)).toBe(-300);
    expect(rssOf(-300, 0, 500)).toBe(0);
    expect(rssOf(-300, 30, 500)).toBe(30);
    expect(rssOf(-300, 31, 500)).toBe(-300);
  });

  it('is the first one behind it where there is none before', () => {
    expect(rssOf(100, 200)).toBe(100);
  });

  it('is none that gave nothing, and none of somebody else', () => {
    const told = content([
      [-300, ONE, heap(7)],
      [-200, ONE, ''],
      [-100, TWO, heap(9)],
    ]);
    expect(told).toMatchObject({ readRss: 7 * K, processes: 1, fromNs: PEAK - 300n * MS, toNs: PEAK - 300n * MS });
  });

  it('has all of its parts, and none of a later one', () => {
    const told = content([
      [-200, ONE, many(heap(10))],
      [100, ONE, many(heap(20))],
    ]);
    expect(told!.readRss).toBe((4100 * 4 + 10) * K);
    expect(told!.mappings.map(({ name, count }) => [name, count])).toEqual([
      ['[anon]', 4100],
      ['[heap]', 1],
    ]);
  });
});

describe('the content', () => {
  const file = (range: string, inode: number, name: string, rss: number, pss: number) =>
    mapping(range, `r--p 00000000 08:01 ${inode} ${name}`, { Rss: rss, Pss: pss, Swap: 0 });

  it('is added up by program, name and class, and by class', () => {
    const told = content(
      [
        [-900, ONE, heap(1)],
        [-300, TWO, heap(30, { Swap: 5 }) + file('20000000-20100000', 7, '/data', 90, 10)],
        [
          -100,
          ONE,
          file('08000000-08100000', 7, '/data', 64, 40) + heap(20) + file('40000000-40100000', 7, '/data', 6, 5),
        ],
        [-50, someone(12), heap(15)],
        [-40, someone(13), heap(99)],
      ],
      [atPeak(10, 'shop', 100), atPeak(11, 'bank', 200), atPeak(12, 'shop', 50), atPeak(14, 'unread', 25)],
    )!;
    const { classes, mappings, ...rest } = told;
    expect(rest).toEqual({
      ...{ fromNs: PEAK - 300n * MS, toNs: PEAK - 50n * MS, processes: 3 },
      ...{ readRss: (30 + 90 + 20 + 64 + 6 + 15) * K, peakRss: 375 * K },
    });
    expect(mappings).toEqual([
      { program: 'shop', name: '/data', mappingClass: 'file', ...part(70, 45, 0, 2) },
      { program: 'shop', name: '[heap]', mappingClass: 'heap', ...part(35, 35, 0, 2) },
      { program: 'bank', name: '[heap]', mappingClass: 'heap', ...part(30, 30, 5, 1) },
      { program: 'bank', name: '/data', mappingClass: 'file', ...part(90, 10, 0, 1) },
    ]);
    // In the order of all classes, and not of their sizes.
    expect(classes).toEqual([
      { mappingClass: 'heap', ...part(65, 65, 5, 3) },
      { mappingClass: 'file', ...part(160, 55, 0, 3) },
    ]);
  });

  it('keeps one name of two classes apart, and names as bytes', () => {
    const name = '/data\xff';
    const bytes = Buffer.from(
      mapping('20000000-20010000', `r--p 00000000 08:01 7 ${name}`, { Rss: 8, Pss: 2 }) +
        mapping('30000000-30010000', `rw-s 00000000 00:01 9 /memfd:x (deleted)`, { Rss: 4, Pss: 1 }) +
        mapping('40000000-40010000', 'rw-p 00000000 00:00 0', { Rss: 16 }) +
        mapping('50000000-50010000', '---p 00000000 00:00 0', { Rss: 0, Pss: 0 }),
      'latin1',
    );
    const author = new Author({ metadata: MAPPED });
    storeMappings(author, ONE, 0, bytes, PEAK);
    using recording = author.open();
    const { mappings, readRss } = peakContent(recording, PEAK, [atPeak(10, 'one', 1)])!;
    expect(readRss).toBe(28 * K);
    expect(mappings).toEqual([
      { program: 'one', name, mappingClass: 'file', ...part(8, 2, 0, 1) },
      { program: 'one', name: '/memfd:x (deleted)', mappingClass: 'shm', ...part(4, 1, 0, 1) },
      // What the read did not tell adds nothing.
      { program: 'one', name: '[anon]', mappingClass: 'anon', ...part(16, 0, 0, 1) },
      { program: 'one', name: '[anon]', mappingClass: 'guard', ...part(0, 0, 0, 1) },
    ]);
  });

  it('is sorted by the program that each process ran', () => {
    const text = (name: string, range: string) => mapping(range, `r-xp 00000000 08:01 5 ${name}`, { Rss: 4, Pss: 4 });
    const both = text('/opt/low', '400000-410000') + text('/opt/high', '500000-510000');
    const { mappings } = content([[0, ONE, both]], [atPeak(10, 'high', 1)], (author) => {
      author.writer.command(author.nowNs, { pid: 10, startTicks: 110, exe: '/opt/high' });
    })!;
    expect(mappings.map(({ name, mappingClass }) => [name, mappingClass])).toEqual([
      ['/opt/low', 'lib-text'],
      ['/opt/high', 'text'],
    ]);
  });

  it('is not known where nobody that was there was read', () => {
    expect(content([[0, TWO, heap(1)]])).toBeUndefined();
    expect(content([[0, ONE, '']])).toBeUndefined();
    const without = new Author();
    without.sweep();
    using recording = without.open();
    expect(peakContent(recording, PEAK, [atPeak(10, 'one', 1)])).toBeUndefined();
  });
});
