import { describe, expect, it } from 'vitest';
import { MemoryHistory } from './memory-history.js';

const S = 1e9;

/** One value a second for slot 3, from second `from` on. */
function filled(values: readonly number[], from = 0): { history: MemoryHistory; now: number } {
  const history = new MemoryHistory();
  history.advance(0);
  values.forEach((value, index) => {
    history.advance((from + index) * S);
    history.put(3, value, (from + index) * S);
  });
  return { history, now: (from + values.length - 1) * S };
}

const counted = (length: number) => Array.from({ length }, (_, index) => index);

describe('a change', () => {
  it('is that since the begin while there is not more, and says over how long', () => {
    const { history, now } = filled([10, 12, 15]);
    expect(history.change(3, 15, 10 * S, now)).toEqual({ value: 5, overNs: 2 * S });
  });

  it('is that over the window once there is more', () => {
    const { history, now } = filled(counted(30));
    expect(history.change(3, 29, 10 * S, now)).toEqual({ value: 10, overNs: 10 * S });
  });

  it('reaches back ten minutes, to within ten seconds', () => {
    const { history, now } = filled(counted(2000));
    const { value, overNs } = history.change(3, 1999, 600 * S, now);
    expect(Math.abs(value - 600)).toBeLessThanOrEqual(10);
    expect(overNs).toBe(600 * S);
  });

  it('takes the nearest second where a tick was missed', () => {
    const { history } = filled(counted(20));
    history.advance(21 * S);
    history.put(3, 100, 21 * S);
    history.advance(30 * S);
    expect(history.change(3, 100, 10 * S, 30 * S).value).toBe(100 - 19);
  });

  it('is none of a slot that was never written, or forgotten', () => {
    const { history, now } = filled([1, 2, 3]);
    expect(history.change(5, 1, S, now).value).toBeNaN();
    expect(history.change(500, 1, S, now).value).toBeNaN();
    history.forget(3);
    expect(history.change(3, 3, S, now).value).toBeNaN();
    history.put(3, 40, now);
    expect(history.change(3, 41, 600 * S, now + S)).toEqual({ value: 1, overNs: S });
  });

  it('keeps slots apart when they become many', () => {
    const { history, now } = filled([7, 8]);
    history.put(1000, 1, now);
    expect(history.change(3, 8, 10 * S, now).value).toBe(1);
    expect(history.change(1000, 3, 10 * S, now).value).toBe(2);
  });
});

describe('a shape', () => {
  it('has a second for each point at first, now at the right', () => {
    const { history } = filled([5, 6, 7]);
    const { values, secondsPerPoint } = history.shape(3, 5);
    expect([values, secondsPerPoint]).toEqual([[Number.NaN, Number.NaN, 5, 6, 7], 1]);
  });

  it('takes the largest of longer stretches as time goes on', () => {
    const { history } = filled(counted(12));
    expect(history.shape(3, 10)).toEqual({
      values: [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1, 3, 5, 7, 9, 11],
      secondsPerPoint: 2,
    });
    const long = filled(counted(1000)).history.shape(3, 10);
    expect(long.secondsPerPoint).toBe(60);
    expect(long.values.at(-1)).toBe(999);
    expect(long.values.at(-2)).toBe(959);
  });

  it('keeps a spike of one second', () => {
    const values = counted(400).map((second) => (second === 200 ? 1 : 0));
    expect(
      filled(values)
        .history.shape(3, 10)
        .values.filter((value) => value === 1),
    ).toHaveLength(1);
  });

  it('has gaps where nothing was measured', () => {
    const { history } = filled([1, 2]);
    history.advance(4 * S);
    history.put(3, 5, 4 * S);
    expect(history.shape(3, 5).values).toEqual([1, 2, Number.NaN, Number.NaN, 5]);
    expect(history.shape(99, 2).values).toEqual([Number.NaN, Number.NaN]);
  });
});
