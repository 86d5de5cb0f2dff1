/**
 * The mappings of one process at one tick as they are, as records of the mappings ring: for those that differences
 * (mapping-differences.ts) cannot tell, since they are too many or no whole pages.
 *
 * The trap: the text of smaps is a hundred times as large as what it says, most of it zeros. So the columns are laid one
 * after the other and deflated; names and flags follow as text. A process with very many mappings takes several records.
 *
 * Payload, little-endian: u32 pid, u64 start ticks, u32 tick, u8 status, u8 unused, u16 part, u16 parts, u64 hold in
 * nanoseconds, u32 rows, u32 bytes of the body (38 bytes in all); then the body as raw deflate. Body: start, end, offset, inode (u64 each,
 * column by column), the size columns of `smaps` in the order of `SMAPS_KEYS` (f64), device major and minor, length of
 * name, length of flags or 2^32-1 for none (u32), perms (u8), then the names and flags of all rows one after the other.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ProcessIdentity } from '../engine/identity.js';
import type { MappingRows } from '../engine/mapping-sweep.js';
import { MappingTable, NO_SPAN } from '../procfs/mapping-table.js';

/** Type number of the record in its ring. */
export const MAPPINGS_RECORD = 1;

/** Rows of one record: at most about 2 MiB of body before it is deflated. */
export const ROWS_PER_RECORD = 4096;

const HEAD_BYTES = 38;
const DEFLATE_LEVEL = 1;
const COLUMNS = ['start', 'end', 'offset', 'inode'] as const;
const MAX_BODY = 64 * 2 ** 20;

export interface MappingsHead {
  readonly pid: number;
  readonly startTicks: number;
  readonly tick: number;
  readonly status: number;
  readonly part: number;
  readonly parts: number;
  readonly holdNs: number;
}

/** One record as it was read: rows in a table whose spans lie in `text`. */
export interface RecordedMappings extends MappingsHead {
  readonly table: MappingTable;
  readonly text: Uint8Array;
}

/** The records of one process: `rows` rows of the sweep from `first` on. One record without rows when there are none. */
export function encodeMappings(
  identity: ProcessIdentity,
  tick: number,
  status: number,
  holdNs: bigint,
  sweep: MappingRows,
  first: number,
  rows: number,
): Uint8Array[] {
  const parts = Math.max(1, Math.ceil(rows / ROWS_PER_RECORD));
  return Array.from({ length: parts }, (_, part) => {
    const from = first + part * ROWS_PER_RECORD;
    const count = Math.min(ROWS_PER_RECORD, first + rows - from);
    const body = encodeBody(sweep, from, count);
    const deflated = deflateRawSync(body, { level: DEFLATE_LEVEL });
    const record = new Uint8Array(HEAD_BYTES + deflated.length);
    const view = new DataView(record.buffer);
    view.setUint32(0, identity.pid, true);
    view.setBigUint64(4, BigInt(identity.startTicks), true);
    view.setUint32(12, tick, true);
    view.setUint8(16, status);
    view.setUint16(18, part, true);
    view.setUint16(20, parts, true);
    view.setBigUint64(22, holdNs, true);
    view.setUint32(30, count, true);
    view.setUint32(34, body.length, true);
    record.set(deflated, HEAD_BYTES);
    return record;
  });
}

function encodeBody(sweep: MappingRows, from: number, count: number): Uint8Array {
  const { table, text } = sweep;
  const pieces: Uint8Array[] = [];
  const add = (column: BigUint64Array | Float64Array | Uint32Array | Uint8Array) => {
    pieces.push(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  };
  const to = from + count;
  for (const name of COLUMNS) add(table[name].subarray(from, to));
  for (const column of table.sizes) add(column.subarray(from, to));
  for (const name of ['deviceMajor', 'deviceMinor', 'nameLength'] as const) add(table[name].subarray(from, to));
  const flagsLength = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    flagsLength[index] = table.flagsStart[from + index] === NO_SPAN ? NO_SPAN : table.flagsLength[from + index]!;
  }
  add(flagsLength);
  add(table.perms.subarray(from, to));
  for (let row = from; row < to; row++) {
    pieces.push(text.subarray(table.nameStart[row]!, table.nameStart[row]! + table.nameLength[row]!));
    const flags = table.flagsStart[row]!;
    if (flags !== NO_SPAN) pieces.push(text.subarray(flags, flags + table.flagsLength[row]!));
  }
  return Buffer.concat(pieces);
}

/** The rows of a record, or undefined when it is damaged. Nothing is allocated beyond what its bytes can hold. */
export function decodeMappings(record: Uint8Array): RecordedMappings | undefined {
  if (record.length < HEAD_BYTES) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const rows = view.getUint32(30, true);
  const bodyBytes = view.getUint32(34, true);
  if (rows > ROWS_PER_RECORD || bodyBytes > MAX_BODY) return undefined;
  const body = inflate(record.subarray(HEAD_BYTES), bodyBytes);
  const table = new MappingTable(rows);
  const textLength = body && decodeBody(body, rows, table);
  if (body === undefined || textLength === undefined) return undefined;
  return {
    pid: view.getUint32(0, true),
    startTicks: Number(view.getBigUint64(4, true)),
    tick: view.getUint32(12, true),
    status: view.getUint8(16),
    part: view.getUint16(18, true),
    parts: view.getUint16(20, true),
    holdNs: Number(view.getBigUint64(22, true)),
    table,
    text: body.subarray(body.length - textLength),
  };
}

function inflate(bytes: Uint8Array, expected: number): Uint8Array | undefined {
  try {
    const body = inflateRawSync(bytes, { maxOutputLength: Math.max(1, expected) });
    // The pieces are read as typed arrays, which begin at multiples of eight.
    return body.length === expected ? Uint8Array.from(body) : undefined;
  } catch {
    return undefined;
  }
}

/** Fills the table; the spans count from the start of the text. Returns the bytes of text, undefined when too short. */
function decodeBody(body: Uint8Array, rows: number, table: MappingTable): number | undefined {
  const fixed = rows * (COLUMNS.length * 8 + table.sizes.length * 8 + 4 * 4 + 1);
  if (body.length < fixed) return undefined;
  let at = 0;
  const take = (column: BigUint64Array | Float64Array | Uint32Array | Uint8Array) => {
    const bytes = rows * column.BYTES_PER_ELEMENT;
    new Uint8Array(column.buffer, column.byteOffset, bytes).set(body.subarray(at, at + bytes));
    at += bytes;
  };
  for (const name of COLUMNS) take(table[name]);
  for (const column of table.sizes) take(column);
  for (const name of ['deviceMajor', 'deviceMinor', 'nameLength', 'flagsLength'] as const) take(table[name]);
  take(table.perms);
  let text = 0;
  for (let row = 0; row < rows; row++) {
    table.nameStart[row] = text;
    text += table.nameLength[row]!;
    table.flagsStart[row] = table.flagsLength[row] === NO_SPAN ? NO_SPAN : text;
    if (table.flagsLength[row] === NO_SPAN) table.flagsLength[row] = 0;
    text += table.flagsLength[row]!;
  }
  table.header[0] = rows;
  return fixed + text === body.length ? text : undefined;
}
