/**
 * A limit of memory as the files of control groups tell it.
 *
 * The trap: no limit is a word in version 2 (`max`), and in version 1 the largest number of pages that a counter holds,
 * in bytes, which depends on the size of a page.
 */
import { decimal, scan } from './digits.js';

/** No host has as much: version 1 says so where there is no limit. */
const NO_LIMIT = 2 ** 60;
const M = 109;

/** Bytes, `Infinity` where there is no limit, NaN for any other text. */
export function parseMemoryLimit(bytes: Uint8Array, from: number, length: number): number {
  if (bytes[from] === M && bytes[from + 1] === 97 && bytes[from + 2] === 120 && from + 3 <= length) {
    return Number.POSITIVE_INFINITY;
  }
  const value = decimal(bytes, from, length);
  return scan.end === from ? Number.NaN : limitOf(value);
}

/** A number of such a file: `Infinity` where it stands for no limit. */
export function limitOf(value: number): number {
  return value >= NO_LIMIT ? Number.POSITIVE_INFINITY : value;
}
