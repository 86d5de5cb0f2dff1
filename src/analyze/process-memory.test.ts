/** The memory of one process by class, by owner and by what of it is used: sums of mappings, to the byte. */
import { describe, expect, it } from 'vitest';
import { mapping, tableOf } from '../../test/recorder/synthetic-mappings.js';
import { tokenizeMaps } from '../procfs/maps.js';
import { sizeOf, sumByClass } from './class-sums.js';
import { ClassNumber } from './mapping-classes.js';
import { mappingGroups } from './mapping-groups.js';
import { memoryOwners } from './memory-owners.js';

const K = 1024;
const n = Number.NaN;

const HEAP = mapping('1000-5000', 'rw-p 00000000 00:00 0 [heap]', {
  ...{ Rss: 12, Pss: 10, Shared_Dirty: 1, Private_Dirty: 6, Swap: 4, Referenced: 8 },
});
const STACK = mapping('8000-a000', 'rw-p 00000000 00:00 0 [stack]', {
  ...{ Rss: 8, Pss: 8, Private_Dirty: 8, Swap: 0, Referenced: 8 },
});
const FILE = mapping('10000-20000', 'r--p 00000000 08:01 7 /data', { Rss: 64, Pss: 32, Referenced: 0 });
const MORE = mapping('20000-30000', 'r--p 00010000 08:01 7 /data', { Rss: 0, Pss: 0, Referenced: 0 });
const WHOLE = HEAP + STACK + FILE + MORE;

describe('sums by class', () => {
  it('add up what is told, to the byte', () => {
    const { table } = tableOf(HEAP + STACK + FILE + HEAP.replace('1000-5000', '40000-41000'));
    const [heap, stack, file] = [ClassNumber.heap, ClassNumber.stack, ClassNumber.file];
    const { classes, total } = sumByClass(table, Uint8Array.of(heap, stack, file, heap));
    expect(classes[heap]).toEqual({ count: 2, size: 20 * K, rss: 24 * K, pss: 20 * K, dirty: 14 * K, swap: 8 * K });
    expect(classes[stack]).toEqual({ count: 1, size: 8 * K, rss: 8 * K, pss: 8 * K, dirty: 8 * K, swap: 0 });
    // Not told is not 0.
    expect(classes[file]).toEqual({ count: 1, size: 64 * K, rss: 64 * K, pss: 32 * K, dirty: n, swap: n });
    expect(classes[ClassNumber.anon]).toEqual({ count: 0, size: n, rss: n, pss: n, dirty: n, swap: n });
    expect(total).toEqual({ count: 4, size: 92 * K, rss: 96 * K, pss: 60 * K, dirty: 22 * K, swap: 8 * K });
  });

  it('of a range that runs backwards or is empty have no size', () => {
    const { table } = tableOf('3000-2000 r--p 0 0:0 0\n3000-3000 r--p 0 0:0 0\n3000-4000 r--p 0 0:0 0\n', tokenizeMaps);
    expect([0, 1, 2].map((row) => sizeOf(table, 'size', row))).toEqual([0, 0, 4096]);
  });
});

it('groups of mappings are those of one name and class, resident and swapped', () => {
  const anon = mapping('60000-70000', 'rw-p 00000000 00:00 0 ', { Rss: 8, Swap: 4 });
  const { table, text } = tableOf(WHOLE + anon + anon.replace('60000-70000', '90000-a0000'));
  const groups = [...mappingGroups(table, text).values()];
  expect(groups).toEqual([
    { mapping: { name: '[heap]', mappingClass: 'heap' }, bytes: 16 * K },
    { mapping: { name: '[stack]', mappingClass: 'stack' }, bytes: 8 * K },
    { mapping: { name: '/data', mappingClass: 'file' }, bytes: 64 * K },
    { mapping: { name: '[anon]', mappingClass: 'anon' }, bytes: 24 * K },
  ]);
  expect(mappingGroups(table, text).keys().next().value).toBe('[heap]\0heap\0undefined');
});

describe('owners', () => {
  it('are found in a text of smaps, and none where nobody is known', () => {
    expect(memoryOwners(Buffer.from(HEAP + STACK))).toEqual([
      {
        ...{ owner: 'unknown', rule: undefined, confidence: undefined, why: undefined },
        ...{ count: 1, size: 16 * K, rss: 12 * K, pss: 10 * K, dirty: 7 * K, swap: 4 * K },
      },
    ]);
    expect(memoryOwners(new Uint8Array())).toEqual([]);
  });

  it('are not asked of what is no text', () => {
    expect(() => memoryOwners('text' as never)).toThrow(
      new TypeError('Expected the bytes of smaps or maps, got string'),
    );
  });
});
