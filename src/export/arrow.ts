/**
 * A recording as Arrow IPC: the samples or the mappings as record batches, names as dictionaries.
 *
 * The traps: a file must have its dictionaries whole before the first batch, since few readers follow changes of them
 * there, while a stream may add to them; so a file takes one more walk over the recording. Arrow has no NaN for null: what
 * was not measured is a bit in a mask. And the library's own Node streams take in batches as fast as they are made, however
 * slow their reader is; so the writer is given a sink that is emptied after each batch.
 */
import {
  AsyncByteQueue,
  type Data,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Uint64,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { writeInt64 } from './int64.js';
import type { ColumnValues, Table, TableColumn, TextPool } from './table.js';

/** Rows of a record batch: 8 MiB at most, and an eighth of that where little was measured. */
const BATCH_ROWS = 32_768;

/** The bytes of the table as an IPC file or stream, in pieces. */
export function* arrowOf(table: Table, form: 'file' | 'stream'): Generator<Uint8Array> {
  if (form === 'file') table.collectTexts();
  const columns = table.columns.map((column, index) => new ColumnWriter(column, index));
  const schema = new Schema(
    columns.map(({ field }) => field),
    new Map(Object.entries(table.facts)),
  );
  const sink = new PieceSink();
  const writer = form === 'file' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  writer.reset(sink, schema);
  yield* sink.taken();
  for (const { rows, columns: values } of table.batches(BATCH_ROWS)) {
    const children = columns.map((column, index) => column.dataOf(values[index]!, rows));
    const type = new Struct(schema.fields);
    writer.write(new RecordBatch(schema, makeData({ type, length: rows, nullCount: 0, children })));
    yield* sink.taken();
  }
  writer.finish();
  yield* sink.taken();
}

/** Holds what was written until it is taken. */
class PieceSink extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  taken(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

/** Makes Arrow's data of one column, batch after batch. */
class ColumnWriter {
  readonly field: Field;
  readonly #type: DataType;
  readonly #dictionary: GrowingDictionary | undefined;

  constructor({ name, type, isNullable, facts, pool }: TableColumn, index: number) {
    this.#type = typeOf(type, index);
    this.#dictionary = pool && new GrowingDictionary(pool);
    this.field = new Field(name, this.#type, isNullable, new Map(Object.entries(facts)));
  }

  /** The arrays of the batch are reused, so what is made here is a copy. */
  dataOf(values: ColumnValues, rows: number): Data {
    const nulls = this.field.nullable ? nullsOf(values as Float64Array | Int32Array, rows) : NO_NULLS;
    const dictionary = this.#dictionary ? { dictionary: this.#dictionary.vector() } : {};
    const data = this.#copy(values, rows, nulls.nullCount);
    return makeData({ type: this.#type, length: rows, ...nulls, data, ...dictionary } as never);
  }

  #copy(values: ColumnValues, rows: number, nullCount: number) {
    if (!(values instanceof Float64Array)) return values.slice(0, rows);
    if (this.#type instanceof Float64) return values.slice(0, rows);
    if (this.#type instanceof Int32) return Int32Array.from(values.subarray(0, rows));
    // Nothing is read where all is null, and most of the deep columns are that.
    if (nullCount === rows) return ZEROS.subarray(0, rows);
    const out = new BigInt64Array(rows);
    writeInt64(values, rows, new Int32Array(out.buffer));
    return out;
  }
}

const ZEROS = new BigInt64Array(BATCH_ROWS);
const NO_BITS = new Uint8Array(BATCH_ROWS / 8);
const NO_NULLS = { nullCount: 0, nullBitmap: null };

function typeOf(type: TableColumn['type'], index: number): DataType {
  switch (type) {
    case 'timestamp':
      return new TimestampNanosecond('UTC');
    case 'uint64':
      return new Uint64();
    case 'int32':
      return new Int32();
    case 'int64':
      return new Int64();
    case 'double':
      return new Float64();
    case 'text':
      return new Dictionary(new Utf8(), new Int32(), index);
  }
}

/** How many rows have no value, and a bit for each that has one. */
function nullsOf(
  values: Float64Array | Int32Array,
  rows: number,
): { nullCount: number; nullBitmap: Uint8Array | null } {
  let nullCount = 0;
  const isText = values instanceof Int32Array;
  if (isText) for (let row = 0; row < rows; row++) nullCount += values[row]! < 0 ? 1 : 0;
  else for (let row = 0; row < rows; row++) nullCount += Number.isNaN(values[row]) ? 1 : 0;
  if (nullCount === 0) return NO_NULLS;
  if (nullCount === rows) return { nullCount, nullBitmap: NO_BITS.subarray(0, (rows + 7) >> 3) };
  const nullBitmap = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) {
    if (isText ? values[row]! >= 0 : !Number.isNaN(values[row])) nullBitmap[row >> 3]! |= 1 << (row & 7);
  }
  return { nullCount, nullBitmap };
}

/** The texts of a pool as a vector that grows by pieces: each new piece is sent as an addition. */
class GrowingDictionary {
  #vector: Vector<Utf8> | undefined;
  #length = 0;

  constructor(private readonly pool: TextPool) {}

  vector(): Vector<Utf8> {
    const { texts } = this.pool;
    if (this.#vector && this.#length === texts.length) return this.#vector;
    const { data } = vectorFromArray(texts.slice(this.#length), new Utf8());
    this.#vector = new Vector<Utf8>([...(this.#vector?.data ?? []), ...data]);
    this.#length = texts.length;
    return this.#vector;
  }
}
