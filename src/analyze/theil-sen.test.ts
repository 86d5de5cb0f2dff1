import { describe, expect, it } from 'vitest';
import { theilSen, Z_99 } from './theil-sen.js';

const n = Number.NaN;
const range = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('the slope', () => {
  it('is the median of those of all pairs', () => {
    expect(theilSen([0, 1, 3], [0, 2, 3]).value).toBe(1);
    expect(theilSen([0, 2, 4, 6], [1, 2, 3, 4]).value).toBe(0.5);
    expect(theilSen([0, 1], [5, 3]).value).toBe(-2);
    // Every fourth value is wild.
    const values = range(12).map((at) => (at % 4 === 0 ? 1e6 : 3 * at));
    expect(theilSen(range(12), values).value).toBe(3);
  });

  it('of fewer than two points is not known', () => {
    for (const count of [0, 1]) {
      expect(theilSen(range(count), range(count))).toEqual({ value: n, low: n, high: n });
    }
  });

  it('has an interval from six points on at 95 %, and from seven on at 99 %', () => {
    const has = (count: number, z?: number) => !Number.isNaN(theilSen(range(count), range(count), z).low);
    expect([2, 3, 4, 5, 6, 7].map((count) => has(count))).toEqual([false, false, false, false, true, true]);
    expect([4, 5, 6, 7].map((count) => has(count, Z_99))).toEqual([false, false, false, true]);
  });

  it('has the interval that Kendall gives it', () => {
    // 28 pairs of eight points: 28 - 1.96 * 8.083 = 12.16 halved is place 6, and 28 + 15.84 halved is place 22.
    const y = [0, 1, 4, 9, 16, 25, 36, 49];
    const slopes = range(8).flatMap((a) => range(8).flatMap((b) => (b > a ? [(y[b]! - y[a]!) / (b - a)] : [])));
    slopes.sort((a, b) => a - b);
    expect(theilSen(range(8), y)).toEqual({ value: 7, low: slopes[6], high: slopes[22] });
  });
});
