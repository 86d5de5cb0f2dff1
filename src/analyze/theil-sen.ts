/**
 * The slope of a series: the median of the slopes between all pairs of its points (Theil and Sen), with the interval that
 * Kendall's test of a trend gives it. One outlier in four does not move it.
 */
import { median } from 'simple-statistics';

export interface Slope {
  readonly value: number;
  /** NaN with too few points: 95 % need five or six. */
  readonly low: number;
  readonly high: number;
}

/** Of the normal distribution, both sides. */
export const Z_95 = 1.959964;
export const Z_99 = 2.575829;

/** Of y over x; x must grow. `z`: how sure the interval is to be. */
export function theilSen(x: readonly number[], y: readonly number[], z = Z_95): Slope {
  const slopes: number[] = [];
  for (let a = 0; a < x.length; a++)
    for (let b = a + 1; b < x.length; b++) slopes.push((y[b]! - y[a]!) / (x[b]! - x[a]!));
  if (slopes.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  slopes.sort((a, b) => a - b);
  const count = x.length;
  const spread = z * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const lower = Math.floor((slopes.length - spread) / 2);
  const upper = Math.ceil((slopes.length + spread) / 2);
  const isEnough = count >= 4 && lower >= 0 && upper < slopes.length;
  return {
    value: median(slopes),
    low: isEnough ? slopes[lower]! : Number.NaN,
    high: isEnough ? slopes[upper]! : Number.NaN,
  };
}
