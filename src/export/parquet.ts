/**
 * A recording as Parquet: the samples or the mappings, delta-encoded, with units and the host in the metadata.
 *
 * The traps: neighbours in time are different processes, whose differences say nothing; so the rows of a row group are
 * brought together by process, in the order of time. And the library's arithmetic of 64 bits is several times as slow as
 * that of 32; so a column whose values take more has them told by a dictionary.
 */
import { gzipSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { int64Of } from './int64.js';
import { noValues, smallNumbers } from './parquet-values.js';
import type { Batch, ColumnValues, Table, TableColumn } from './table.js';

/** Rows of a row group: what is in memory at once is some 300 bytes for each. */
export const ROW_GROUP_ROWS = 65_536;

/** Fast, and what it leaves over is not worth the time. */
const DEFLATE_LEVEL = 1;

/** The bytes of the table as a Parquet file, in pieces: one for each row group, and the end. */
export function* parquetOf(table: Table): Generator<Uint8Array> {
  const file = new ParquetFile(table, table.columns);
  for (const batch of table.batches(ROW_GROUP_ROWS)) {
    file.add(batch, rowsByGroup(batch));
    yield file.taken();
  }
  yield file.finish();
}

/** A Parquet file that grows by row groups. */
export class ParquetFile {
  readonly #bytes = new DrainedBytes();
  readonly #writer: ParquetWriter;
  readonly #columns: readonly { readonly column: TableColumn; readonly place: number }[];

  /** `columns`: those of the table that the file has. */
  constructor(table: Table, columns: readonly TableColumn[]) {
    this.#columns = columns.map((column) => ({ column, place: table.columns.indexOf(column) }));
    const schema: SchemaElement[] = [{ name: 'root', num_children: columns.length }, ...columns.map(elementOf)];
    const facts = { ...table.facts, 'tidemark.columns': JSON.stringify(factsByName(columns)) };
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema,
      codec: 'GZIP',
      compressors: { GZIP: (page) => gzipSync(page, { level: DEFLATE_LEVEL }) },
      createdBy: `tidemark ${table.facts['tidemark.version']}`,
      kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
    });
  }

  /** Adds rows of a batch, in the order of `order`, as one row group. */
  add({ columns }: Batch, order: Uint32Array): void {
    const columnData = this.#columns.map(({ column, place }) => new Source(column, columns[place]!, order));
    // One page for each column: the library would measure every value to find out where to part them.
    this.#writer.write({ columnData, rowGroupSize: order.length, pageSize: 0 });
  }

  /** What has been written since the last call. */
  taken(): Uint8Array {
    return this.#bytes.taken();
  }

  /** The last bytes; nothing can be added afterwards. */
  finish(): Uint8Array {
    this.#writer.finish();
    return this.#bytes.taken();
  }
}

/** The rows of a batch brought together by group, each group in the order of the batch. */
export function rowsByGroup({ rows, groups }: Batch): Uint32Array {
  let most = 0;
  for (let row = 0; row < rows; row++) if (groups[row]! > most) most = groups[row]!;
  const next = new Uint32Array(most + 2);
  for (let row = 0; row < rows; row++) next[groups[row]! + 1]!++;
  for (let group = 1; group < next.length; group++) next[group]! += next[group - 1]!;
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[next[groups[row]!]!++] = row;
  return order;
}

function factsByName(columns: readonly TableColumn[]): Record<string, TableColumn['facts']> {
  return Object.fromEntries(columns.map(({ name, facts }) => [name, facts]));
}

function elementOf({ name, type, isNullable }: TableColumn): SchemaElement {
  const repetition_type = isNullable ? 'OPTIONAL' : 'REQUIRED';
  switch (type) {
    case 'timestamp': {
      // Said to be UTC in the column's facts. Declared so, DuckDB would read microseconds and ask for a time zone.
      const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } as const;
      return { name, repetition_type, type: 'INT64', logical_type };
    }
    case 'text':
      return { name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'uint64':
      return { name, repetition_type, type: 'INT64', converted_type: 'UINT_64' };
    case 'int32':
      return { name, repetition_type, type: 'INT32' };
    case 'int64':
      return { name, repetition_type, type: 'INT64' };
    case 'double':
      return { name, repetition_type, type: 'DOUBLE' };
  }
}

/** Which columns have their least and most value told for each row group, so that a query can pass it by. */
const WITH_STATISTICS = new Set(['time', 'pid', 'host']);

/** A column as the library asks for it: made when its turn comes, so that there is one at a time. */
class Source implements ColumnSource {
  readonly name: string;
  readonly statistics: boolean;
  #encoded: Encoded | undefined;

  constructor(
    private readonly column: TableColumn,
    private readonly values: ColumnValues,
    private readonly order: Uint32Array,
  ) {
    this.name = column.name;
    this.statistics = WITH_STATISTICS.has(column.name);
  }

  get data(): ColumnSource['data'] {
    this.#encoded ??= encodedOf(this.column, this.values, this.order);
    return this.#encoded.data as ColumnSource['data'];
  }

  /** Asked for after the data, once. */
  get encoding(): 'RLE_DICTIONARY' | 'DELTA_BINARY_PACKED' {
    const { encoding } = this.#encoded ?? encodedOf(this.column, this.values, this.order);
    this.#encoded = undefined;
    // The same few times come again for every process.
    return this.column.type === 'timestamp' ? 'RLE_DICTIONARY' : encoding;
  }
}

interface Encoded {
  readonly data: ArrayLike<unknown>;
  readonly encoding: 'RLE_DICTIONARY' | 'DELTA_BINARY_PACKED';
}

// Plain loops: a callback for each of some fifty columns of each row is what the time would go into.
function encodedOf(column: TableColumn, values: ColumnValues, order: Uint32Array): Encoded {
  const count = order.length;
  if (values instanceof Float64Array) return numbersOf(column, values, order);
  if (values instanceof Int32Array) {
    return { data: textsOf(column.pool!.texts, values, order), encoding: 'RLE_DICTIONARY' };
  }
  const data = values instanceof BigUint64Array ? new BigUint64Array(count) : new BigInt64Array(count);
  for (let at = 0; at < count; at++) data[at] = values[order[at]!]!;
  return { data, encoding: 'DELTA_BINARY_PACKED' };
}

function textsOf(texts: readonly string[], values: Int32Array, order: Uint32Array): readonly (string | null)[] {
  let nulls = 0;
  const data: (string | null)[] = new Array(order.length);
  for (let at = 0; at < order.length; at++) {
    const text = texts[values[order[at]!]!] ?? null;
    if (text === null) nulls++;
    data[at] = text;
  }
  return nulls === order.length ? noValues(nulls) : data;
}

/** Numbers, or null; as 32 bits where all of them fit. */
function numbersOf({ name, type }: TableColumn, values: Float64Array, order: Uint32Array): Encoded {
  if (type === 'double') return { data: doublesOf(values, order), encoding: 'RLE_DICTIONARY' };
  const count = order.length;
  let [nulls, wide] = [0, 0];
  for (let at = 0; at < count; at++) {
    const value = values[at]!;
    if (value === (value | 0)) continue;
    if (Number.isNaN(value)) nulls++;
    else wide++;
  }
  const encoding = 'DELTA_BINARY_PACKED';
  if (nulls === count) return { data: noValues(count), encoding };
  if (wide === 0 && nulls === 0) {
    const data = smallNumbers(count);
    for (let at = 0; at < count; at++) data[at] = values[order[at]!]!;
    return { data, encoding };
  }
  // An age is another one in every row, so that a dictionary would only be longer.
  if (type === 'int64' && wide > 0 && !name.endsWith('_age_ns')) {
    return { data: bigintsOf(values, order), encoding: 'RLE_DICTIONARY' };
  }
  const data: (number | bigint | null)[] = new Array(count);
  for (let at = 0; at < count; at++) {
    const value = values[order[at]!]!;
    data[at] = Number.isSafeInteger(value) ? value : Number.isNaN(value) ? null : int64Of(value);
  }
  return { data, encoding };
}

/** Few and often the same: percents and limits. */
function doublesOf(values: Float64Array, order: Uint32Array): (number | null)[] {
  return Array.from(order, (row) => (Number.isNaN(values[row]) ? null : values[row]!));
}

function bigintsOf(values: Float64Array, order: Uint32Array): (bigint | null)[] {
  const out: (bigint | null)[] = new Array(order.length);
  let last = Number.NaN;
  let exact: bigint | null = null;
  for (let at = 0; at < order.length; at++) {
    const value = values[order[at]!]!;
    // Neighbours are of one process, and most of its values stay what they were.
    if (value !== last) [last, exact] = [value, Number.isNaN(value) ? null : int64Of(value)];
    out[at] = exact;
  }
  return out;
}

/** Bytes that are handed over from time to time, while their offsets go on. As many files as days may be open at once. */
class DrainedBytes extends ByteWriter {
  taken(): Uint8Array {
    const piece = this.getBytes();
    this.buffer = new ArrayBuffer(FIRST_BYTES);
    this.view = new DataView(this.buffer);
    this.index = 0;
    return piece;
  }
}

const FIRST_BYTES = 4096;
