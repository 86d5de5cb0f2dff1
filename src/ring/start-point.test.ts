import { describe, expect, it } from 'vitest';
import type { BlockEntry } from './block-index.js';
import { COUNTERS, EVENTS, SPECS } from './rings.fixture.js';
import { firstBlock, wantedColumns } from './start-point.js';

const blocks = (...times: bigint[]) => times.map((baseTimeNs, at) => ({ baseTimeNs, sequence: 11 + at }) as BlockEntry);

describe('the block to begin with', () => {
  it.each([
    [[10n, 20n, 30n], 5n, 11],
    [[10n, 20n, 30n], 10n, 11],
    [[10n, 20n, 30n], 19n, 11],
    [[10n, 20n, 30n], 20n, 12],
    [[10n, 20n, 30n], 99n, 13],
    // Behind a clock that was set back the block before may hold what is later.
    [[10n, 30n, 20n, 40n], 25n, 11],
    [[10n, 30n, 20n, 40n], 35n, 12],
    [[10n, 10n, 20n], 10n, 12],
  ])('number %# is found', (times, from, sequence) => {
    expect(firstBlock(blocks(...times), from, false)).toBe(sequence);
    // A late record may lie in the one before.
    expect(firstBlock(blocks(...times), from, true)).toBe(Math.max(11, sequence - 1));
  });

  it('is the first that there ever was where no time is asked for, or no block is there', () => {
    expect([firstBlock(blocks(10n), undefined, false), firstBlock([], 10n, true)]).toEqual([1, 1]);
  });
});

it('columns are wanted by their names, and all of them where none are named', () => {
  expect(wantedColumns(SPECS[COUNTERS]!, {})).toBeUndefined();
  expect(wantedColumns(SPECS[COUNTERS]!, { columns: ['userTime', 'rss', 'other'] })).toEqual([true, false, true]);
  expect(wantedColumns(SPECS[COUNTERS]!, { columns: [] })).toEqual([false, false, false]);
  expect(wantedColumns(SPECS[EVENTS]!, { columns: ['rss'] })).toEqual([]);
});
