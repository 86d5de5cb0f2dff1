/**
 * A recording as Parquet: the samples or the mappings, delta-encoded, with units and the host in the metadata.
 *
 * The traps: neighbours in time are different processes, whose differences say nothing; so the rows of a row group are
 * brought together by process, in the order of time. And the library's 64-bit arithmetic is several times as slow as that of
 * 32 bits; it chooses by page, so pages are small, and where wide values prevail they are told by a dictionary.
 */
import { gzipSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import { int64Of } from './int64.js';
import type { Batch, ColumnValues, Table, TableColumn } from './table.js';

/** Rows of a row group: what is in memory at once is some 300 bytes for each. */
export const ROW_GROUP_ROWS = 65_536;

/** Bytes of values as they are counted before they are encoded: 4096 of 64 bits. */
const PAGE_BYTES = 32 * 1024;
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
    const schema: SchemaElement[] = [
      { name: 'root', num_children: columns.length },
      ...columns.map(elementOf),
    ];
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
    const columnData = this.#columns.map(({ column, place }) => sourceOf(column, columns[place]!, order));
    this.#writer.write({ columnData, rowGroupSize: order.length, pageSize: PAGE_BYTES });
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
      const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } as const;
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
  }
}

/** Which columns have their least and most value told for each row group, so that a query can pass it by. */
const WITH_STATISTICS = new Set(['time', 'pid', 'host']);

function sourceOf(column: TableColumn, values: ColumnValues, order: Uint32Array): ColumnSource {
  const { name, type, pool } = column;
  const common = { name, statistics: WITH_STATISTICS.has(name) };
  const count = order.length;
  if (pool) {
    const { texts } = pool;
    const data = Array.from(order, (row) => texts[values[row] as number] ?? null);
    return { ...common, data: data as never, encoding: 'RLE_DICTIONARY' };
  }
  if (!(values instanceof Float64Array)) {
    const data = type === 'uint64' ? new BigUint64Array(count) : new BigInt64Array(count);
    for (let at = 0; at < count; at++) data[at] = values[order[at]!] as bigint;
    // The same few times come again for every process.
    return { ...common, data: data as never, encoding: type === 'timestamp' ? 'RLE_DICTIONARY' : 'DELTA_BINARY_PACKED' };
  }
  return { ...common, ...numbersOf(column, values, order) };
}

/** Numbers, or null; as 32 bits where all of them fit. */
function numbersOf(
  { name, type }: TableColumn,
  values: Float64Array,
  order: Uint32Array,
): Pick<ColumnSource, 'data' | 'encoding'> {
  const count = order.length;
  let nulls = 0;
  let wide = 0;
  for (let at = 0; at < count; at++) {
    const value = values[order[at]!]!;
    if (Number.isNaN(value)) nulls++;
    else if (value !== (value | 0)) wide++;
  }
  const encoding = 'DELTA_BINARY_PACKED';
  if (nulls === count) return { data: new Array(count).fill(null), encoding };
  if (wide === 0 && nulls === 0) return { data: Int32Array.from(order, (row) => values[row]!), encoding };
  const isWide = type === 'int64' && wide > (count - nulls) / WIDE_SHARE;
  if (!isWide && nulls === 0) return { data: Float64Array.from(order, (row) => exact(values[row]!)) as never, encoding };
  // An age is another one in every row, so that a dictionary would only be longer.
  if (isWide && !name.endsWith('_age_ns')) return { data: bigintsOf(values, order), encoding: 'RLE_DICTIONARY' };
  return { data: Array.from(order, (row) => (Number.isNaN(values[row]) ? null : exact(values[row]!))), encoding };
}

/** One in so many values beyond 32 bits, and a dictionary is faster. */
const WIDE_SHARE = 8;

/** What the library takes as a number; beyond what a double tells exactly, as a 64-bit integer. */
function exact(value: number): number {
  return Number.isSafeInteger(value) ? value : (int64Of(value) as never);
}

function bigintsOf(values: Float64Array, order: Uint32Array): never {
  let [last, text]: [number, bigint | null] = [Number.NaN, null];
  return Array.from(order, (row) => {
    const value = values[row]!;
    if (Number.isNaN(value)) return null;
    if (value !== last) [last, text] = [value, int64Of(value)];
    return text;
  }) as never;
}

/** Bytes that are handed over from time to time, while their offsets go on. */
class DrainedBytes extends ByteWriter {
  taken(): Uint8Array {
    const { buffer, index } = this;
    const piece = new Uint8Array(buffer.slice(0, index));
    this.index = 0;
    return piece;
  }
}
