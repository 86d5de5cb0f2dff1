/** What the memory of a process is made of, of planted smaps and maps: sums of mappings, to the byte. */
import { describe, expect, it } from 'vitest';
import { mapping, tableOf } from '../../test/recorder/synthetic-mappings.js';
import { breakDown } from './why-memory.js';

const K = 1024;
const n = Number.NaN;

const HEAP = mapping('1000-5000', 'rw-p 00000000 00:00 0 [heap]', {
  ...{ Rss: 12, Pss: 10, Shared_Dirty: 1, Private_Dirty: 6, Swap: 4 },
});
const STACK = mapping('8000-a000', 'rw-p 00000000 00:00 0 [stack]', { Rss: 8, Pss: 8, Private_Dirty: 8, Swap: 0 });
const FILE = mapping('10000-20000', 'r--p 00000000 08:01 7 /data', { Rss: 64, Pss: 32 });
const MORE = mapping('20000-30000', 'r--p 00010000 08:01 7 /data', { Rss: 0, Pss: 0 });
const NAMED_BY_OWNER = 'its owner has named it (prctl PR_SET_VMA_ANON_NAME)';

/** Of glibc, which names its memory on some hosts. */
const malloc = (range: string, sizes: Record<string, number>) =>
  mapping(range, 'rw-p 00000000 00:00 0 [anon: glibc: malloc]', sizes);

describe('the classes', () => {
  it('are sums over all parts of a read, the most resident and swapped first', () => {
    const { classes, total } = breakDown([tableOf(HEAP), tableOf(STACK + FILE + MORE)]);
    expect(classes).toEqual([
      {
        ...{ class: 'file', notes: 'files mapped as data', count: 2, size: 128 * K },
        ...{ rss: 64 * K, pss: 32 * K, dirty: n, swap: n },
      },
      {
        ...{ class: 'heap', notes: 'the heap: malloc below its mmap threshold', count: 1, size: 16 * K },
        ...{ rss: 12 * K, pss: 10 * K, dirty: 7 * K, swap: 4 * K },
      },
      {
        ...{ class: 'stack', notes: 'stack of the main thread', count: 1, size: 8 * K },
        ...{ rss: 8 * K, pss: 8 * K, dirty: 8 * K, swap: 0 },
      },
    ]);
    expect(total).toEqual({ count: 4, size: 152 * K, rss: 84 * K, pss: 50 * K, dirty: 15 * K, swap: 4 * K });
  });

  it('come by what is resident and swapped together, and else by size', () => {
    const order = (...texts: string[]) => breakDown([tableOf(texts.join(''))]).classes.map((part) => part.class);
    const swapped = mapping('1000-5000', 'rw-p 00000000 00:00 0 [heap]', { Rss: 4, Swap: 8 });
    expect(order(mapping('8000-a000', 'rw-p 00000000 00:00 0 [stack]', { Rss: 8 }), swapped)).toEqual([
      'heap',
      'stack',
    ]);
    const none = { Rss: 0, Swap: 0 };
    const [small, large] = ['1000-2000', '1000-9000'].map((range) => mapping(range, 'rw-p 0 0:0 0 [heap]', none));
    const stack = mapping('a000-c000', 'rw-p 0 0:0 0 [stack]', none);
    expect([order(small!, stack), order(large!, stack)]).toEqual([
      ['stack', 'heap'],
      ['heap', 'stack'],
    ]);
  });

  it('without sizes come by the ranges', () => {
    const text = '1000-2000 rw-p 0 0:0 0 [heap]\n3000-9000 rw-p 0 0:0 0 [stack]\n';
    // The tokenizer of smaps reads maps too: what it does not find was not measured.
    const { classes, total } = breakDown([tableOf(text)]);
    expect(classes.map((part) => [part.class, part.size, part.rss])).toEqual([
      ['stack', 24 * K, n],
      ['heap', 4 * K, n],
    ]);
    expect(total).toEqual({ count: 2, size: 28 * K, rss: n, pss: n, dirty: n, swap: n });
  });

  it('are those of the program that it runs', () => {
    const text = (range: string, name: string) => mapping(range, `r-xp 00000000 08:01 5 ${name}`, { Rss: 4 });
    const both = tableOf(text('400000-410000', '/opt/low') + text('500000-520000', '/opt/high'));
    const sizes = (exe?: string) => breakDown([both], exe).classes.map((part) => [part.class, part.size / K]);
    expect(sizes()).toContainEqual(['text', 64]);
    expect(sizes('/opt/high')).toContainEqual(['text', 128]);
  });

  it('are none of nothing', () => {
    const nothing = { count: 0, size: n, rss: n, pss: n, dirty: n, swap: n };
    expect(breakDown([])).toEqual({ classes: [], owners: [], total: nothing });
  });
});

describe('the owners', () => {
  it('are sums over all parts of a read, with the rule that knows them', () => {
    const parts = [
      tableOf(FILE + malloc('60000-70000', { Rss: 4, Swap: 60, Private_Dirty: 4 })),
      tableOf(malloc('80000-90000', { Rss: 8, Pss: 8 })),
    ];
    expect(breakDown(parts).owners).toEqual([
      {
        ...{ owner: 'glibc arena', rule: 'named', confidence: 'certain', why: NAMED_BY_OWNER },
        // What one part does not tell is in none of the sums.
        ...{ count: 2, size: 128 * K, rss: 12 * K, pss: 8 * K, dirty: 4 * K, swap: 60 * K },
      },
    ]);
  });

  it('are told apart, the most resident first, and not known where no rule knows them', () => {
    const v8 = mapping('60000-70000', 'rw-p 00000000 00:00 0 [anon:v8]', { Rss: 16 });
    const { owners } = breakDown([tableOf(HEAP), tableOf(v8 + malloc('80000-90000', { Rss: 40 }))]);
    expect(owners.map(({ owner, rss, rule }) => [owner, rss / K, rule])).toEqual([
      ['glibc arena', 40, 'named'],
      ['v8 heap', 16, 'named'],
      ['unknown', 12, undefined],
    ]);
    for (const name of ['rule', 'confidence', 'why']) expect(owners[2]).not.toHaveProperty(name);
  });

  it('of one owner are told apart by their rules', () => {
    const library = mapping('7f0000000000-7f0000010000', 'r-xp 00000000 08:01 9 /lib/libc.so.6', { Rss: 0 });
    const { owners } = breakDown([tableOf(HEAP + malloc('60000-70000', { Rss: 4 }) + library)]);
    expect(owners.map(({ owner, rule, confidence }) => [owner, rule, confidence])).toEqual([
      ['glibc arena', 'glibc-break', 'likely'],
      ['glibc arena', 'named', 'certain'],
    ]);
  });
});
