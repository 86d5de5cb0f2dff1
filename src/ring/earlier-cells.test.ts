/** Cells as versions 1 and 2 told them, and what is read of sweeps behind damage, byte by byte. */
import { describe, expect, it } from 'vitest';
import { LIST, Side, SPEC, step } from './decoder.fixture.js';
import type { RingSpec } from './ring-table.js';

const n = Number.NaN;
const HEAD = [0, 0, step(1)];

function decoderOf(spec: RingSpec, major: number, wanted?: boolean[], isPartial = false): Side {
  const side = new Side(spec, major, wanted);
  side.decoder.reset(isPartial);
  return side;
}

const THREE = [0, 1, 97, 1, 1, 98, 2, 1, 99];

describe('version 1', () => {
  // Column 0: the cells 0 and 2; column 1: the cell 1.
  const CELLS = [1, 1, step(1), 2, step(2), 0, 1, 2, step(3), 0, 0];

  it.each([
    ['all rows', SPEC, [0]],
    ['listed rows', LIST, [1, 7, 1, 8, 1, 9, 0]],
  ] as const)('tells each cell with its gap, of %s', (_name, spec, rows) => {
    const payload = [...HEAD, ...rows, ...CELLS];
    for (const wanted of [undefined, [true, false], [false, true], [false, false]]) {
      const side = decoderOf(spec, 1, wanted);
      expect(side.labels([...THREE])).toBe(true);
      expect(side.columns(payload)).toBe('taken');
      expect(side.values(3)).toEqual([
        wanted?.[0] === false ? [n, n, n] : [1, n, 2],
        wanted?.[1] === false ? [n, n, n] : [n, 30, n],
      ]);
      expect(side.decoder.told).toBe(3);
    }
    for (let length = 0; length <= payload.length + 1; length++) {
      if (length === payload.length) continue;
      const side = decoderOf(spec, 1);
      side.labels([...THREE]);
      expect([length, side.columns([...payload, 0].slice(0, length))]).toEqual([length, 'bad']);
    }
  });

  it('maps the cells of listed rows to their slots', () => {
    const side = decoderOf(LIST, 1);
    side.labels([...THREE]);
    expect(side.columns([...HEAD, 1, 0, 2, 0, 0, 1, 2, step(6), 0, 0])).toBe('taken');
    expect(side.values(3)[0]).toEqual([n, n, 6]);
    expect(side.columns([...HEAD, 1, 0, 2, 0, 0, 1, 3, step(6), 0, 0])).toBe('bad');
  });

  it.each([
    ['a column that is not there', [3, 1, step(1), 0, 0]],
    ['a cell that is not there', [1, 4, step(1), 0, 0]],
    ['a second cell that is not there', [1, 3, step(1), 1, step(1), 0, 0]],
  ])('with %s is refused', (_what, cells) => {
    for (const wanted of [undefined, [false, false]]) {
      const side = decoderOf(SPEC, 1, wanted);
      side.labels([...THREE]);
      expect(side.columns([...HEAD, 0, ...cells])).toBe('bad');
    }
  });
});

describe('version 2', () => {
  it.each([
    ['all, by none', [0, 1, 0, step(1), step(2), step(3), 0], [1, 2, 3]],
    ['some by gaps', [2, 1, 0, 1, 0, step(1), step(2), 0], [n, 1, 2]],
    ['some of some', [2, 1, 0, 1, 1, 0b10, step(2), 0], [n, n, 2]],
  ])('names %s', (_what, cells, values) => {
    const side = decoderOf(SPEC, 2);
    side.labels([...THREE]);
    expect(side.columns([...HEAD, 0, ...cells])).toBe('taken');
    expect(side.values(3)[0]).toEqual(values);
  });

  it.each([
    ['a name that is not there', [4, 0, 1, 0, step(1), 0]],
    ['names without an end', [1]],
  ])('with %s is refused', (_what, cells) => {
    const side = decoderOf(SPEC, 2);
    side.labels([...THREE]);
    expect(side.columns([...HEAD, 0, ...cells])).toBe('bad');
  });

  it('and 3 know no keys against the row above', () => {
    for (const major of [2, 3]) {
      const side = decoderOf(SPEC, major);
      side.labels([...THREE]);
      expect(side.columns([...HEAD, 0, 4, 1, 0, step(1), step(2), step(3), 0])).toBe('bad');
    }
  });
});

describe('behind damage', () => {
  it('counts only who was freed since, and named again', () => {
    const side = decoderOf(SPEC, 4, undefined, true);
    // Slot 1 is renamed, slot 2 taken anew, slot 0 freed.
    expect(side.labels([1, 1, 98, 2, 0, 2, 1, 99, 0, 0])).toBe(true);
    expect(side.decoder.labels.map((label) => label?.[0])).toEqual([undefined, undefined, 99]);
    expect([...side.decoder.changed.slots.subarray(0, side.decoder.changed.count)]).toEqual([2, 2, 0]);
    // The head says how many cells there are.
    expect(side.columns([...HEAD, 1, 5, 1, 6, 1, 7, 0, 0, 1, 0, step(1), step(2), step(3), 0], true, 3)).toBe('taken');
    expect(side.values(3)).toEqual([
      [n, n, 3],
      [n, n, n],
    ]);
    expect([...side.state.status.subarray(0, 3), side.state.scalars[0]]).toEqual([255, 255, 7, 1]);
    expect([side.updated, side.decoder.isPartial]).toEqual([[2], true]);
  });

  it('is lost what says not how many cells it tells, and what is told against unknown rows', () => {
    const side = decoderOf(SPEC, 4, undefined, true);
    expect(side.columns([...HEAD, 0, 0, 0], true, 0)).toBe('lost');
    expect(side.columns([...HEAD, 0, 4, 1, 0, step(1), 0], true, 1)).toBe('lost');
    expect(side.columns([...HEAD, 0, 0, 0], true, 1)).toBe('taken');
    expect(side.columns([...HEAD, 0, 0], true, 1)).toBe('bad');
  });

  it('scalars are not known before they stand alone', () => {
    const side = decoderOf(SPEC, 4, undefined, true);
    expect(side.columns([...HEAD, 0, 0, 0], false, 1)).toBe('lost');
    expect(side.state.scalars[0]).toBeNaN();
    expect(side.columns([...HEAD, 0, 0, 0], true, 1)).toBe('taken');
    expect(side.state.scalars[0]).toBe(1);
    expect(side.columns([...HEAD, 0, 0, 0], false, 1)).toBe('taken');
    expect(side.state.scalars[0]).toBe(2);
    // Where there are none, none are missing.
    const bare = decoderOf({ ...SPEC, scalars: [] }, 4, undefined, true);
    expect(bare.columns([0, 0, 0, 0, 0], false, 1)).toBe('taken');
  });

  it('listed rows are left out whose slots are not known', () => {
    const side = decoderOf(LIST, 4, undefined, true);
    side.labels([2, 0, 2, 1, 99]);
    expect(side.columns([...HEAD, 1, 5, 2, 6, 0, 0, 1, 0, step(1), step(2), 0])).toBe('taken');
    expect(side.updated).toEqual([2]);
    expect(side.values(3)[0]).toEqual([n, n, 2]);
    expect([...side.state.status.subarray(0, 3)]).toEqual([255, 255, 6]);
    // Any slot may be named, up to the last that there can be.
    expect(side.columns([...HEAD, 128 | 44, 2, 5, 0, 0, 0])).toBe('taken');
    expect(side.columns([...HEAD, 128 | 45, 2, 5, 0, 0, 0])).toBe('bad');
  });

  it('a snapshot makes all whole, and the begin of a block too', () => {
    const side = decoderOf(SPEC, 4, undefined, true);
    expect(side.snapshot([3, 0, 1, 97, step(4), 8, step(1), step(2)])).toBe(true);
    expect([side.decoder.isPartial, side.values(1)]).toEqual([false, [[1], [20]]]);
    expect(side.columns([...HEAD, 0, 0, 1, 0, step(1), 0], false, 0)).toBe('taken');
    expect([side.values(1)[0], side.state.scalars[0]]).toEqual([[2], 5]);
    side.decoder.reset();
    expect([side.decoder.highWater, side.values(1), side.state.scalars[0]]).toEqual([0, [[n], [n]], n]);
  });

  it('what was known is forgotten behind the next damage', () => {
    const side = decoderOf(SPEC, 4, undefined, true);
    side.labels([2, 0, 2, 1, 99]);
    side.decoder.reset(true);
    expect(side.labels([2, 1, 100])).toBe(true);
    expect([side.decoder.labels.length, side.decoder.changed.count]).toEqual([0, 0]);
  });
});
