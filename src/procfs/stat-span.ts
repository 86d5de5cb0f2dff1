/**
 * `/proc/PID/stat` as a span of a larger buffer, of which only the fields that are asked for become numbers: a list of
 * thousands of processes shows ten of the fifty, and `tokenizeStat` makes numbers of all.
 *
 * The trap is that of `tokenizeStat`: the name may hold anything, so fields are found from the end of the text backwards,
 * up to the last `)`.
 */
import { decimal } from './digits.js';
import { STAT_FIELDS, StatField } from './stat.js';

export type StatFieldName = keyof typeof StatField;

/** Field 2 is the first behind the name. */
const FIRST = StatField.state;
/** Without a start time it is no process that could be told from another. */
const LEAST = StatField.starttime + 1;
const KNOWN = STAT_FIELDS.length;

/** One `stat`; reused from text to text, and good as long as its bytes stay. */
export class StatSpan {
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** Where each field begins, the last one first. */
  #starts = new Uint32Array(2 * KNOWN);
  #found = 0;
  /** Fields in the text, as far as they are known here. */
  count = 0;
  commStart = 0;
  commEnd = 0;

  /** Takes the text of `[start, end)`; false when it has no name in parentheses or ends before the start time. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let open = start;
    while (open < end && bytes[open] >= 48 && bytes[open] <= 57) open++;
    if (open === start || bytes[open] !== 32 || bytes[open + 1] !== 40) return false;
    let isWhole = false;
    let last = end;
    let at = end - 1;
    let found = 0;
    const first = open + 2;
    for (; at >= first && bytes[at] !== 41; at--) {
      if (bytes[at] === 32) {
        if (found === this.#starts.length) this.#grow();
        this.#starts[found++] = at + 1;
      } else if (bytes[at] === 10) {
        // Fields end with the first line behind the name.
        isWhole = true;
        last = at;
        found = 0;
      }
    }
    if (at < first || found === 0 || this.#starts[found - 1] !== at + 2) return false;
    this.#bytes = bytes;
    this.#end = last;
    this.#found = found;
    // At the end of a text that was cut, the last number may be cut as well.
    this.count = Math.min(KNOWN, found + FIRST - (isWhole ? 0 : 1));
    this.commStart = first;
    this.commEnd = at;
    return this.count >= LEAST;
  }

  /** A later kernel may append fields, and a captured text may hold anything. */
  #grow(): void {
    const larger = new Uint32Array(2 * this.#starts.length);
    larger.set(this.#starts);
    this.#starts = larger;
  }

  /** The letter of the state. */
  get state(): number {
    return this.#bytes[this.#starts[this.#found - 1]];
  }

  /** A number of up to 64 bits, as the double that is nearest; 0 for a field that this kernel does not have. */
  number(field: StatFieldName): number {
    const index = StatField[field];
    if (index >= this.count) return 0;
    const at = this.#starts[this.#found - 1 + FIRST - index];
    if (this.#bytes[at] === 45) return -decimal(this.#bytes, at + 1, this.#end);
    return decimal(this.#bytes, at, this.#end);
  }

  /** The digits of a field; empty for one that this kernel does not have. */
  digits(field: StatFieldName): string {
    const index = StatField[field];
    if (index >= this.count) return '';
    const place = this.#found - 1 + FIRST - index;
    const end = place > 0 ? this.#starts[place - 1] - 1 : this.#end;
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset).toString('latin1', this.#starts[place], end);
  }
}
