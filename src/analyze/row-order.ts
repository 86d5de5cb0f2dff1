/**
 * The order of rows that are drawn again and again.
 *
 * The trap: values that differ by a page swap places at every frame, and a list that never stands still cannot be read.
 * So sizes and changes are compared by the digits that are shown, and those that show the same keep the places that they had.
 */
export interface Placed {
  readonly key: string;
}

export type SortValue<T> = (row: T) => number | string;

/** A change below this is none for the order. */
const LEAST_CHANGE = 16 * 1024;
const DIGITS = 3;

/** A size for the order of rows. */
export function coarseSize(bytes: number): number {
  return Number(bytes.toPrecision(DIGITS));
}

/** A change for the order of rows. */
export function coarseChange(bytes: number): number {
  return Math.abs(bytes) < LEAST_CHANGE ? 0 : coarseSize(bytes);
}

/**
 * The rows in order: larger numbers first and texts from A to Z, or the other way round with `reversed`; NaN always last.
 * `before` are the keys in their last order; rows that are not there come behind those of the same value, by `tie`.
 */
export function orderRows<T extends Placed>(
  rows: readonly T[],
  value: SortValue<T>,
  reversed: boolean,
  before: readonly string[],
  tie: (row: T) => number,
): T[] {
  const places = new Map(before.map((key, place) => [key, place]));
  const keyed = rows.map((row) => {
    return { row, own: value(row), place: places.get(row.key) ?? Number.POSITIVE_INFINITY };
  });
  const sign = reversed ? -1 : 1;
  return keyed
    .sort((a, b) => {
      const byValue = compare(a.own, b.own, sign);
      if (byValue !== 0) return byValue;
      return a.place === b.place ? (tie(b.row) || 0) - (tie(a.row) || 0) : a.place - b.place;
    })
    .map(({ row }) => row);
}

function compare(a: number | string, b: number | string, sign: number): number {
  if (typeof a === 'string' || typeof b === 'string') {
    // What has no name comes last.
    if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1;
    return a === b ? 0 : (a < b ? -1 : 1) * sign;
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.isNaN(a) ? 1 : -1;
  return a === b ? 0 : (b > a ? 1 : -1) * sign;
}
