/**
 * The `stat` of every process of a sweep over texts, as numbers: by the addon in one call, else as each row is looked at.
 *
 * The trap: thousands of texts are tokenized once and never again, before the JavaScript engine has compiled anything; what
 * takes the addon a millisecond takes cold code fifteen.
 */
import { STAT_FIELDS, StatField } from '../procfs/stat.js';
import { type StatFieldName, StatSpan } from '../procfs/stat-span.js';
import type { EngineName } from './engine.js';
import { nativeBinding } from './native-binding.js';
import type { TextSweep } from './text-sweep.js';

const FIELDS = STAT_FIELDS.length;
const WORDS = 4;

export class StatRows {
  readonly #sweep: TextSweep;
  readonly #file: number;
  readonly #files: number;
  readonly #isNative: boolean;
  readonly #span = new StatSpan();
  #numbers = new Float64Array(0);
  #words = new Uint32Array(0);
  #row = 0;

  /** `file` of `files` of the sweep is `stat`. */
  constructor(engine: EngineName, sweep: TextSweep, file: number, files: number) {
    this.#sweep = sweep;
    this.#file = file;
    this.#files = files;
    this.#isNative = engine === 'native' && nativeBinding().state === 'loaded';
  }

  /** To be called when the sweep has read `rows` processes. */
  swept(rows: number): void {
    const binding = this.#isNative ? nativeBinding() : undefined;
    if (binding?.state !== 'loaded') return;
    if (this.#words.length < rows * WORDS) {
      this.#numbers = new Float64Array(rows * FIELDS);
      this.#words = new Uint32Array(rows * WORDS);
    }
    const { bytes, starts, lengths } = this.#sweep;
    const { addon } = binding;
    addon.tokenizeStatRows(bytes, starts, lengths, this.#file, this.#files, rows, this.#numbers, this.#words);
  }

  /** Moves to a row; false when it has no text, or one in no known form. */
  load(row: number): boolean {
    this.#row = row;
    if (this.#isNative) return this.#words[row * WORDS] > 0;
    const { bytes, starts, lengths } = this.#sweep;
    const at = row * this.#files + this.#file;
    return lengths[at] > 0 && this.#span.read(bytes, starts[at], starts[at] + lengths[at]);
  }

  /** Fields in the text, as far as they are known here. */
  get count(): number {
    return this.#isNative ? this.#words[this.#row * WORDS] : this.#span.count;
  }

  /** The letter of the state. */
  get state(): number {
    return this.#isNative ? this.#words[this.#row * WORDS + 1] : this.#span.state;
  }

  /** Where the name lies in the bytes of the sweep. */
  get commStart(): number {
    return this.#isNative ? this.#words[this.#row * WORDS + 2] : this.#span.commStart;
  }

  get commEnd(): number {
    return this.#isNative ? this.#words[this.#row * WORDS + 3] : this.#span.commEnd;
  }

  /** A number of up to 64 bits, as the double that is nearest; 0 for a field that this kernel does not have. */
  number(field: StatFieldName): number {
    return this.#isNative ? this.#numbers[this.#row * FIELDS + StatField[field]] : this.#span.number(field);
  }

  /** The digits of a field; empty for one that this kernel does not have. */
  digits(field: StatFieldName): string {
    if (this.#isNative) {
      const { bytes, starts, lengths } = this.#sweep;
      const at = this.#row * this.#files + this.#file;
      this.#span.read(bytes, starts[at], starts[at] + lengths[at]);
    }
    return this.#span.digits(field);
  }
}
