/** What of a process was in use, of planted smaps: sums of mappings, to the byte. */
import { describe, expect, it } from 'vitest';
import { mapping, tableOf } from '../../test/recorder/synthetic-mappings.js';
import { workingSetOf } from './working-set.js';

const K = 1024;
const n = Number.NaN;

function usedOf(smaps: string, exe?: string) {
  const { table, text } = tableOf(smaps);
  return workingSetOf(table, text, exe);
}

const heap = (range: string, sizes: Record<string, number>) => mapping(range, 'rw-p 00000000 00:00 0 [heap]', sizes);
const file = (range: string, sizes: Record<string, number>) => mapping(range, 'r--p 00000000 08:01 7 /data', sizes);
const STACK = mapping('8000-a000', 'rw-p 00000000 00:00 0 [stack]', { Rss: 8, Referenced: 8 });

describe('the working set', () => {
  it('is what was referenced of each class, the most first', () => {
    const HEAP = heap('1000-5000', { Rss: 12, Referenced: 8 });
    const FILES = file('10000-20000', { Rss: 64, Referenced: 0 }) + file('20000-30000', { Rss: 0, Referenced: 0 });
    const { total, parts } = usedOf(STACK + FILES + HEAP);
    expect(total).toEqual({ count: 4, rss: 84 * K, referenced: 16 * K });
    // As much is referenced of the first two: the larger one comes first.
    expect(parts).toEqual([
      { mappingClass: 'heap', owner: undefined, count: 1, rss: 12 * K, referenced: 8 * K },
      { mappingClass: 'stack', owner: undefined, count: 1, rss: 8 * K, referenced: 8 * K },
      { mappingClass: 'file', owner: undefined, count: 2, rss: 64 * K, referenced: 0 },
    ]);
    expect(usedOf(STACK + heap('1000-5000', { Rss: 12, Referenced: 12 })).parts[0]).toMatchObject({
      mappingClass: 'heap',
    });
  });

  it('is told by owner, where one is known', () => {
    const named = (range: string, name: string, used: number) =>
      mapping(range, `rw-p 00000000 00:00 0 ${name}`, { Rss: 2 * used, Referenced: used });
    const { parts } = usedOf(
      named('10000-20000', '[anon:v8]', 8) + named('20000-30000', '', 12) + named('40000-50000', '[anon:v8]', 16),
    );
    expect(parts).toEqual([
      { mappingClass: 'anon', owner: 'v8 heap', count: 2, rss: 48 * K, referenced: 24 * K },
      { mappingClass: 'anon', owner: undefined, count: 1, rss: 24 * K, referenced: 12 * K },
    ]);
  });

  it('leaves out what is not resident, and is not known of a kernel that does not tell', () => {
    const { total, parts } = usedOf(heap('1000-2000', { Rss: 4 }) + file('10000-20000', { Rss: 0, Referenced: 4 }));
    expect(parts).toEqual([{ mappingClass: 'heap', owner: undefined, count: 1, rss: 4 * K, referenced: n }]);
    expect(total).toEqual({ count: 2, rss: 4 * K, referenced: 4 * K });
    expect(usedOf('')).toEqual({ total: { count: 0, rss: n, referenced: n }, parts: [] });
  });

  it('adds what is told to what is not', () => {
    const { total } = usedOf(heap('1000-2000', { Rss: 4, Referenced: 4 }) + heap('3000-4000', { Rss: 8 }) + STACK);
    expect(total).toEqual({ count: 3, rss: 20 * K, referenced: 12 * K });
  });

  it('is sorted by the program that it runs', () => {
    const text = (range: string, name: string) =>
      mapping(range, `r-xp 00000000 08:01 5 ${name}`, { Rss: 4, Referenced: 4 });
    const both = text('400000-410000', '/opt/low') + text('500000-520000', '/opt/high');
    const classes = (exe?: string) => usedOf(both, exe).parts.map(({ mappingClass }) => mappingClass);
    expect([classes(), classes('/opt/high')]).toEqual([
      ['text', 'lib-text'],
      ['lib-text', 'text'],
    ]);
  });
});
