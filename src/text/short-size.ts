/**
 * A size in at most five columns, for tables of many: `4.0K`, `12.3M`, `1023M`, `1.23G`.
 *
 * The trap: what is rounded to nothing must not look like nothing, and what was not measured is no size. A change too
 * small for a digit keeps its sign, and NaN is the empty text.
 */
const UNITS = 'KMGTPE';

/** Columns of the widest size, and of the widest change. */
export const SHORT_SIZE_WIDTH = 5;
export const SHORT_CHANGE_WIDTH = 6;

/** Bytes for a table; `0` for none, '' for NaN and the infinities. Negative sizes have a `-` in front. */
export function formatShortSize(bytes: number): string {
  if (!Number.isFinite(bytes)) return '';
  if (bytes < 0) return `-${formatShortSize(-bytes)}`;
  if (bytes < 1000) return String(Math.round(bytes));
  let value = bytes / 1024;
  let unit = 0;
  // By what will be printed: 1023.9M prints as 1024M, and is 1.00G.
  while (Math.round(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return digits(value, unit) + UNITS[unit];
}

/** The same for a change, with its sign; `0` for none. */
export function formatShortChange(bytes: number): string {
  return bytes > 0 ? `+${formatShortSize(bytes)}` : formatShortSize(bytes);
}

function digits(value: number, unit: number): string {
  // Of KiB no more than one decimal: the kernel counts in pages.
  if (unit > 0 && value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value));
}
