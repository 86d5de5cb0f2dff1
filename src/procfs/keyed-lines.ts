/**
 * Texts of one number per line behind a key, such as `meminfo` and `vmstat`: some of their numbers, put into columns.
 *
 * The trap: these texts are read many times a second, and a search for each key would cost more than the kernel's own
 * work. Their lines keep their order while a kernel runs, so what stood on a line is remembered and only compared; a line
 * with another key than last time is looked up anew. For many files of one kind whose lines may differ, such as those of
 * control groups; of a single file `learned-lines.ts` takes all numbers in one step, and would be taught anew by each of these.
 */
import { decimal, scan } from './digits.js';

const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SMALL_K = 107;

interface KnownLine {
  readonly key: Uint8Array;
  /** Where its number belongs; below 0: nowhere. */
  readonly column: number;
}

export class KeyedLines {
  readonly #columnOf: (key: string) => number;
  readonly #lines: KnownLine[] = [];
  #keyEnd = 0;

  /** `columnOf`: the column of a key, or below 0 for one that is not wanted. */
  constructor(columnOf: (key: string) => number) {
    this.#columnOf = columnOf;
  }

  /**
   * Adds the numbers of the wanted keys to `values`, a number followed by `kB` as bytes. A column without a line is left as it
   * is, so whoever wants NaN for it puts that there first; NaN counts as nothing in the sum. Returns how many were found.
   */
  addTo(values: Float64Array, bytes: Uint8Array, length: number): number {
    let at = 0;
    let found = 0;
    for (let line = 0; at < length; line++) {
      const column = this.#columnOn(line, bytes, at, length);
      at = this.#keyEnd;
      if (column >= 0) {
        while (at < length && isBetween(bytes[at]!)) at++;
        const value = decimal(bytes, at, length);
        if (scan.end > at) {
          at = scan.end;
          found++;
          const isKilobytes = at + 2 < length && bytes[at] === SPACE && bytes[at + 1] === SMALL_K;
          const before = values[column]!;
          values[column] = (Number.isNaN(before) ? 0 : before) + (isKilobytes ? value * 1024 : value);
        }
      }
      while (at < length && bytes[at] !== NEWLINE) at++;
      at++;
    }
    return found;
  }

  #columnOn(line: number, bytes: Uint8Array, from: number, length: number): number {
    const known = this.#lines[line];
    if (known) {
      const { key, column } = known;
      let index = 0;
      while (index < key.length && bytes[from + index] === key[index]) index++;
      this.#keyEnd = from + index;
      if (index === key.length && isEnd(bytes, from + index, length)) return column;
    }
    let end = from;
    while (!isEnd(bytes, end, length)) end++;
    this.#keyEnd = end;
    const key = bytes.slice(from, end);
    const column = this.#columnOf(Buffer.from(key).toString('latin1'));
    this.#lines[line] = { key, column };
    return column;
  }
}

function isEnd(bytes: Uint8Array, at: number, length: number): boolean {
  return at >= length || bytes[at] === NEWLINE || isBetween(bytes[at]!);
}

function isBetween(byte: number): boolean {
  return byte === COLON || byte === SPACE || byte === TAB;
}
