/**
 * Whole numbers that are doubles as 64-bit integers.
 *
 * The traps: a BigInt for each value costs more than all the rest, so the two halves are written by themselves; and a
 * kernel that reports 2^64 pages gives a number beyond 2^63 - 1, which is stored as that.
 */

const HALF = 2 ** 32;
/** The largest double below 2^63. */
const MOST = 2 ** 63 - 1024;
export const MOST_INT64 = 2n ** 63n - 1n;

/** Writes the first `rows` values as low and high words; 0 for NaN, which the caller marks as null. */
export function writeInt64(values: Float64Array, rows: number, halves: Int32Array): void {
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (value > MOST) {
      halves[2 * row] = -1;
      halves[2 * row + 1] = 0x7fffffff;
    } else if (value >= 0) {
      const high = Math.floor(value / HALF);
      halves[2 * row] = (value - high * HALF) | 0;
      halves[2 * row + 1] = high | 0;
    } else {
      // Below zero, which no metric is and a damaged recording may hold, or not measured.
      const exact = Number.isNaN(value) ? 0n : BigInt.asIntN(64, BigInt(Math.trunc(Math.max(value, -MOST))));
      halves[2 * row] = Number(BigInt.asIntN(32, exact));
      halves[2 * row + 1] = Number(exact >> 32n);
    }
  }
}

/** A whole number as a 64-bit integer. */
export function int64Of(value: number): bigint {
  if (value > MOST) return MOST_INT64;
  return BigInt(Math.trunc(Math.max(value, -MOST)));
}
