/**
 * A recording as tables of typed columns: what the formats for other programs' columns are made of, batch by batch.
 *
 * The trap: a value that was not measured. In a column of numbers it is NaN, in a column of texts the code -1, and each
 * format has its own way to say null; none of them may write 0.
 */
import type { Metric } from '../schema.js';

/** `text`: codes into the column's pool. `int32` and `int64` are doubles here, whole numbers all; `double` may be any. */
export type ColumnType = 'timestamp' | 'int32' | 'int64' | 'uint64' | 'double' | 'text';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether a value may be missing. */
  readonly isNullable: boolean;
  /** What the column means, for the metadata of a file: `unit`, `source`, `help` and others. */
  readonly facts: Readonly<Record<string, string>>;
  /** The texts that codes stand for; of text columns. */
  readonly pool?: TextPool;
}

/** By type: Unix nanoseconds, numbers, addresses, codes. */
export type ColumnValues = BigInt64Array | Float64Array | BigUint64Array | Int32Array;

/** Rows of a table. The arrays are reused by the next batch, and may be longer than `rows`. */
export interface Batch {
  rows: number;
  readonly columns: readonly ColumnValues[];
  /** By row: a small number that is the same for rows that resemble each other: the slot of the process. */
  readonly groups: Uint32Array;
}

export interface Table {
  readonly name: 'samples' | 'mappings' | 'host' | 'cgroup';
  readonly columns: readonly TableColumn[];
  /** Facts about the recording, as text by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** Puts every text that will occur into the pools: for formats that must know them before the first row. */
  collectTexts(): void;
  /** All rows, at most so many at a time. */
  batches(rows: number): Generator<Batch>;
}

/** Texts by number, each once. */
export class TextPool {
  readonly texts: string[] = [];
  readonly #codes = new Map<string, number>();

  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.codeOf(text);
  }

  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.texts.push(text) - 1;
    this.#codes.set(text, code);
    return code;
  }
}

/** The arrays of a batch. */
export function newBatch(columns: readonly TableColumn[], capacity: number): Batch {
  return {
    rows: 0,
    groups: new Uint32Array(capacity),
    columns: columns.map(({ type }) => {
      if (type === 'timestamp') return new BigInt64Array(capacity);
      if (type === 'uint64') return new BigUint64Array(capacity);
      return type === 'text' ? new Int32Array(capacity) : new Float64Array(capacity);
    }),
  };
}

/** What the schema says about a metric. */
export function metricFacts({ unit, kind, source, exactness, help }: Metric): Record<string, string> {
  return { unit, kind, source, exactness, help };
}
