/**
 * What is said about repeated measurements: median and quartiles.
 *
 * The trap: means and best values of a busy machine. A mean moves with every interruption, and the best of many hides what
 * a user gets; the median and the quartiles around it do neither.
 */

export interface Spread {
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
  /** How many values there were. */
  readonly count: number;
}

/** Throws a RangeError when there is no value. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('Expected at least one measurement');
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    p25: quantile(sorted, 0.25),
    p75: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** Between the two nearest of sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}
