/** The memory that a sweep writes into: rows that grow, and what nobody may see any more. */
import { describe, expect, it } from 'vitest';
import { ROLLUP_COLUMNS, Status } from '../schema.js';
import { MappingSweep } from './mapping-sweep.js';
import { fillWholeHold } from './rollup-row.js';
import { TierColumns } from './tier-columns.js';

describe('the columns of a tier', () => {
  it('keep what they have when they grow, and have nothing in what is new', () => {
    const columns = new TierColumns(['a', 'b'], 8);
    columns.columns[1]![7] = 3;
    columns.status[7] = Status.gone;
    const grown = columns.grown(50);
    expect(grown.stride).toBeGreaterThanOrEqual(50);
    expect([grown.columns[1]![7], grown.status[7]]).toEqual([3, Status.gone]);
    expect([grown.columns[1]![6], grown.columns[1]![8], grown.status[8]]).toEqual([Number.NaN, Number.NaN, 0]);
    grown.clear(7);
    expect([grown.columns[1]![7], grown.status[7]]).toEqual([Number.NaN, 0]);
  });
});

describe('a sweep over mappings', () => {
  it('has room for more slots, and keeps their statuses; for fewer it changes nothing', () => {
    const sweep = new MappingSweep(8, 4);
    sweep.status[3] = Status.denied;
    const { spans } = sweep;
    sweep.growSlots(4);
    expect(sweep.spans).toBe(spans);
    sweep.growSlots(9);
    expect([sweep.spans.length, sweep.holds.length, sweep.status.length]).toEqual([18, 9, 9]);
    expect([...sweep.status]).toEqual([0, 0, 0, Status.denied, 0, 0, 0, 0, 0]);
  });

  it('makes room for rows, for text, for both or for neither, as is needed', () => {
    for (const [rows, bytes] of [
      [0, 0],
      [1000, 0],
      [0, 100_000],
      [1000, 100_000],
    ] as const) {
      const sweep = new MappingSweep(8, 1);
      sweep.needed.set([rows, bytes]);
      expect(sweep.grow()).toBe(rows + bytes > 0);
      expect(sweep.table.capacity).toBeGreaterThanOrEqual(rows);
      expect(sweep.text.length).toBeGreaterThanOrEqual(bytes);
      expect(sweep.grow()).toBe(false);
    }
  });
});

it('of a read without what lies beside it the hold is told, and no score', () => {
  const out = new TierColumns(ROLLUP_COLUMNS, 8);
  out.values.fill(5);
  fillWholeHold(out, 2, 77);
  const told = (name: string) => out.columns[ROLLUP_COLUMNS.indexOf(name as (typeof ROLLUP_COLUMNS)[number])]![2];
  expect(['rollupHold', 'rollupPaced', 'sharedPartPpm', 'oomScore', 'oomScoreAdj'].map(told)).toEqual([
    77,
    0,
    ...Array(3).fill(Number.NaN),
  ]);
});
