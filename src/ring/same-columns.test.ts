import { describe, expect, it } from 'vitest';
import { SameColumns, STRETCH } from './same-columns.js';

/** So many that a call is worth it. */
const TAIL = 60;
const COUNT = 2 * STRETCH + TAIL;
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
    expect(same.same(0, now, before, 2 * STRETCH, COUNT)).toBe(TAIL);
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

  it('of few values is looked at', () => {
    const same = new SameColumns(1);
    expect(same.same(0, column(), column(), 0, 48)).toBe(0);
    expect(same.same(0, column(), column(), 0, 49)).toBe(49);
    expect(same.same(0, column(), column(), COUNT - 48, COUNT)).toBe(0);
  });

  it('is compared by its bits', () => {
    const same = new SameColumns(1);
    const all = (value: number) => new Float64Array(TAIL).fill(value);
    expect(same.same(0, all(Number.NaN), all(Number.NaN), 0, TAIL)).toBe(TAIL);
    expect(same.same(0, all(0), all(-0), 0, TAIL)).toBe(0);
  });

  it('may be a part of a larger array, and another one at each frame', () => {
    const values = column();
    const { buffer } = Float64Array.of(9, ...values, 9, ...values, 3);
    const part = (at: number) => new Float64Array(buffer, at * 8, TAIL);
    const [first, second] = [1, 1 + values.length + 1];
    const same = new SameColumns(1);
    expect(same.same(0, part(first), part(second), 0, TAIL)).toBe(TAIL);
    expect(same.same(0, part(first), part(second + 1), 0, TAIL)).toBe(0);
    expect(same.same(0, part(second + 1), part(second + 1), 0, TAIL)).toBe(TAIL);
  });
});
