/**
 * The mappings of one process as columns of doubles: addresses and offsets in pages, where the gap to the mapping before
 * stands for the start, so that most numbers are small and stay the same when something below them moves; names and flags
 * by their numbers in a table of strings.
 *
 * The trap: addresses reach 2^64 and text may come from anywhere. What is no whole number of pages, or no exact double,
 * cannot be told in this way; `fill` says so, and the rows are stored as they are.
 */
import { MappingTable, NO_SPAN, SMAPS_KEYS } from '../procfs/mapping-table.js';

/** The columns in their order; sizes as `smaps` calls them. Stored with a recording, so that others may be added. */
export const MAPPING_COLUMNS: readonly string[] = [
  'gap',
  'pages',
  'offset',
  'inode',
  'deviceMajor',
  'deviceMinor',
  'perms',
  'name',
  'flags',
  ...SMAPS_KEYS.map(({ name }) => name),
];
const SIZES_FROM = MAPPING_COLUMNS.length - SMAPS_KEYS.length;
const KIBIBYTE = 1024;

/** The step in which each column moves. */
export const MAPPING_QUANTA: readonly number[] = [
  ...Array.from({ length: SIZES_FROM }, () => 1),
  ...SMAPS_KEYS.map((key) => ('plain' in key ? 1 : KIBIBYTE)),
];

/** The string that stands for "no flags": no text of the kernel holds it. */
export const NO_FLAGS = '\0';

export class MappingColumns {
  /** Column c of row r is at `c * rows + r`. */
  readonly values: Float64Array;
  /** First page of each row. */
  readonly starts: Float64Array;

  constructor(
    readonly rows: number,
    readonly columns: number = MAPPING_COLUMNS.length,
  ) {
    this.values = new Float64Array(rows * columns);
    this.starts = new Float64Array(rows);
  }
}

/**
 * The rows of a table from `first` on; `intern` gives the number of a string of bytes. Undefined when they cannot be told
 * exactly.
 */
export function columnsOfTable(
  table: MappingTable,
  text: Uint8Array,
  first: number,
  rows: number,
  pageSize: number,
  intern: (latin1: string) => number,
): MappingColumns | undefined {
  const out = new MappingColumns(rows);
  const { values, starts } = out;
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let previousEnd = 0;
  for (let row = 0; row < rows; row++) {
    const from = first + row;
    const start = pagesOf(table.start, from, pageSize);
    const end = pagesOf(table.end, from, pageSize);
    const offset = pagesOf(table.offset, from, pageSize);
    const inode = Number(table.inode[from]);
    if (start < 0 || end < 0 || offset < 0 || inode > Number.MAX_SAFE_INTEGER) return undefined;
    starts[row] = start;
    const flags = table.flagsStart[from]!;
    const name = table.nameStart[from]!;
    const fixed = [
      start - previousEnd,
      end - start,
      offset,
      inode,
      table.deviceMajor[from]!,
      table.deviceMinor[from]!,
      table.perms[from]!,
      intern(buffer.toString('latin1', name, name + table.nameLength[from]!)),
      intern(flags === NO_SPAN ? NO_FLAGS : buffer.toString('latin1', flags, flags + table.flagsLength[from]!)),
    ];
    for (let c = 0; c < SIZES_FROM; c++) values[c * rows + row] = fixed[c]!;
    previousEnd = end;
  }
  for (let c = SIZES_FROM; c < MAPPING_COLUMNS.length; c++) {
    values.set(table.sizes[c - SIZES_FROM]!.subarray(first, first + rows), c * rows);
  }
  return out;
}

/** The value in pages, or -1 when that is no whole number or no exact double. */
function pagesOf(column: BigUint64Array, row: number, pageSize: number): number {
  const value = column[row]!;
  const pages = Number(value) / pageSize;
  return Number.isSafeInteger(pages) && BigInt(pages) * BigInt(pageSize) === value ? pages : -1;
}

/** What `columnsOfTable` took apart: a table, and the text that its spans lie in. Undefined when a string is unknown. */
export function tableOfColumns(
  source: MappingColumns,
  names: readonly string[],
  pageSize: number,
  strings: readonly (string | undefined)[],
): { table: MappingTable; text: Uint8Array } | undefined {
  const { rows, values } = source;
  const table = new MappingTable(rows);
  const place = new Map(names.map((name, index) => [name, index]));
  const at = (name: string, row: number) => values[place.get(name)! * rows + row]!;
  for (const column of table.sizes) column.fill(Number.NaN, 0, rows);
  SMAPS_KEYS.forEach(({ name }, index) => {
    const column = place.get(name);
    if (column !== undefined) table.sizes[index]!.set(values.subarray(column * rows, (column + 1) * rows));
  });
  const text = new SpanText(strings);
  const page = BigInt(pageSize);
  let end = 0n;
  for (let row = 0; row < rows; row++) {
    const start = end + wholeOf(at('gap', row)) * page;
    end = start + wholeOf(at('pages', row)) * page;
    table.start[row] = start;
    table.end[row] = end;
    table.offset[row] = wholeOf(at('offset', row)) * page;
    table.inode[row] = wholeOf(at('inode', row));
    table.deviceMajor[row] = at('deviceMajor', row);
    table.deviceMinor[row] = at('deviceMinor', row);
    table.perms[row] = at('perms', row);
    const name = text.span(at('name', row));
    const flags = text.span(at('flags', row));
    if (name === undefined || flags === undefined) return undefined;
    [table.nameStart[row], table.nameLength[row]] = name;
    [table.flagsStart[row], table.flagsLength[row]] = strings[at('flags', row)] === NO_FLAGS ? [NO_SPAN, 0] : flags;
  }
  table.header[0] = rows;
  return { table, text: text.bytes() };
}

/** A hostile file may hold a NaN or a fraction where a whole number belongs. */
function wholeOf(value: number): bigint {
  return Number.isSafeInteger(value) ? BigInt(value) : 0n;
}

/** Every string once, one after the other. */
class SpanText {
  readonly #pieces: Buffer[] = [];
  readonly #spans = new Map<number, [start: number, length: number]>();
  #length = 0;

  constructor(private readonly strings: readonly (string | undefined)[]) {}

  span(index: number): [start: number, length: number] | undefined {
    const known = this.#spans.get(index);
    if (known) return known;
    const string = this.strings[index];
    if (string === undefined) return undefined;
    const bytes = Buffer.from(string === NO_FLAGS ? '' : string, 'latin1');
    const span: [number, number] = [this.#length, bytes.length];
    this.#spans.set(index, span);
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    return span;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}
