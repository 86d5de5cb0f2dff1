import { describe, expect, it } from 'vitest';
import { SameColumns, STRETCH } from './same-columns.js';

const COUNT = 2 * STRETCH + 10;
const column = (change = -1) => Float64Array.from({ length: COUNT + 5 }, (_, slot) => (slot === change ? -1 : slot));

describe('a column', () => {
  it('that is the same need not be looked at', () => {
    const same = new SameColumns(2);
    expect(same.same(0, column(), column(), 0, COUNT)).toBe(COUNT);
    // What lies behind the slots in use does not count.
    expect(same.same(1, column(), column(COUNT), 0, COUNT)).toBe(COUNT);
    expect(same.same(1, column(), column(COUNT - 1), 0, COUNT)).toBe(STRETCH);
  });

  it('is looked at by stretches where it differs', () => {
    const [now, before] = [column(), column(STRETCH + 3)];
    const same = new SameColumns(1);
    expect(same.same(0, now, before, 0, COUNT)).toBe(STRETCH);
    expect(same.same(0, now, before, STRETCH, COUNT)).toBe(0);
    expect(same.same(0, now, before, 2 * STRETCH, COUNT)).toBe(10);
    expect(same.same(0, now, column(0), 0, COUNT)).toBe(0);
  });

  it('with many changes before is not compared by stretches', () => {
    const [now, before] = [column(), column(STRETCH + 3)];
    const same = new SameColumns(2);
    same.found(0, 4);
    expect(same.same(0, now, before, 0, COUNT)).toBe(STRETCH);
    same.found(0, 5);
    expect(same.same(0, now, before, 0, COUNT)).toBe(0);
    expect(same.same(0, now, before, 2 * STRETCH, COUNT)).toBe(0);
    // As a whole it is, and another column as ever.
    expect(same.same(0, now, column(), 0, COUNT)).toBe(COUNT);
    expect(same.same(1, now, before, 0, COUNT)).toBe(STRETCH);
  });

  it('is compared by its bits', () => {
    const same = new SameColumns(1);
    const one = (value: number) => Float64Array.of(value);
    expect(same.same(0, one(Number.NaN), one(Number.NaN), 0, 1)).toBe(1);
    expect(same.same(0, one(0), one(-0), 0, 1)).toBe(0);
  });

  it('may be a part of a larger array, and another one at each frame', () => {
    const buffer = new Float64Array([9, 1, 2, 9, 1, 2, 3]).buffer;
    const part = (at: number) => new Float64Array(buffer, at * 8, 2);
    const same = new SameColumns(1);
    expect(same.same(0, part(1), part(4), 0, 2)).toBe(2);
    expect(same.same(0, part(1), part(5), 0, 2)).toBe(0);
    expect(same.same(0, part(5), part(5), 0, 2)).toBe(2);
  });
});
