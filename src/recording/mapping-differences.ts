/**
 * Records of the mappings ring that hold differences: a process's mappings whole on their first use in a block, then only
 * what changed since; every name and every set of flags once per block.
 *
 * The traps: a reader may have lost any record of the block, so each says which record it builds on and how many strings
 * came before it, and one that builds on something lost is lost too, never guessed; and what is read is hostile, so every
 * count is bounded before anything is allocated for it.
 *
 * Payload, numbers as varints where nothing else is said: the record's number in its block, from 1; the number of the
 * record of the same process that it builds on, or 0; pid; start ticks; tick; u8 status; hold in ns; number of strings
 * before it in the block; number of new strings, each a length and bytes; number of rows; if it builds on another record,
 * triples (rows kept, rows dropped, rows inserted) until all rows of both are used; then a gap list over columns as in a
 * COLUMNS frame: u8 how, places, tokens. What a value is told against is that of the row kept, or of the row before, 0 in
 * the first.
 */
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
import type { MappingRows } from '../engine/mapping-sweep.js';
import { CELLS_ALL, CELLS_BITS, CELLS_GAPS } from '../ring/layout.js';
import { howToTell } from '../ring/place-forms.js';
import { readToken, TOKEN_BYTES_MAX, writeToken } from '../ring/value-token.js';
import { ByteCursor, VARINT_BYTES_MAX, writeVarint } from '../ring/varint.js';
import { columnsOfTable, MAPPING_COLUMNS, MAPPING_QUANTA, MappingColumns, tableOfColumns } from './mapping-columns.js';
import type { RecordedMappings } from './mapping-record.js';

/** Type number of the record in its ring. */
export const DIFFERENCES_RECORD = 2;

/** More rows than this are stored as they are, in parts. */
export const ROWS_MAX = 2 ** 17;

const INVERSES = MAPPING_QUANTA.map((quantum) => 1 / quantum);

interface Held {
  readonly number: number;
  readonly columns: MappingColumns;
}

/** What happened to a record of differences that cannot be used. */
export type Unusable = 'damaged' | 'lost';

export class MappingEncoder {
  readonly #pageSize: number;
  readonly #strings = new Map<string, number>();
  readonly #held = new Map<string, Held>();
  #fresh: string[] = [];
  #records = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** A block begins: nothing is known. Also after a record that was encoded and not stored. */
  reset(): void {
    this.#strings.clear();
    this.#held.clear();
    this.#records = 0;
  }

  /**
   * Writes the record of `rows` rows of the sweep from `first` on into `out`. Returns its length, or -1 when it does not
   * fit or cannot be told exactly: then call `reset` and begin a block before the next one.
   */
  encode(
    out: Uint8Array,
    identity: ProcessIdentity,
    tick: number,
    status: number,
    holdNs: bigint,
    sweep: MappingRows,
    first: number,
    rows: number,
  ): number {
    if (rows > ROWS_MAX) return -1;
    const before = this.#strings.size;
    this.#fresh = [];
    const now = columnsOfTable(sweep.table, sweep.text, first, rows, this.#pageSize, (string) => this.#intern(string));
    if (now === undefined) return -1;
    const key = identityKey(identity);
    const held = this.#held.get(key);
    const fits = 12 * VARINT_BYTES_MAX + this.#fresh.reduce((sum, { length }) => sum + length + VARINT_BYTES_MAX, 0);
    if (fits > out.length) return -1;
    const number = ++this.#records;
    const edits = held && alignRows(held.columns, now);
    let next = writeVarint(out, 0, number);
    for (const word of [edits ? held.number : 0, identity.pid, identity.startTicks, tick]) {
      next = writeVarint(out, next, word);
    }
    out[next++] = status;
    for (const word of [Math.min(Number(holdNs), Number.MAX_SAFE_INTEGER), before, this.#fresh.length]) {
      next = writeVarint(out, next, word);
    }
    for (const string of this.#fresh) {
      next = writeVarint(out, next, string.length);
      next += Buffer.from(out.buffer, out.byteOffset).write(string, next, 'latin1');
    }
    next = writeVarint(out, next, rows);
    for (const run of edits?.runs ?? []) {
      if (next + VARINT_BYTES_MAX > out.length) return -1;
      next = writeVarint(out, next, run);
    }
    next = writeColumns(out, next, now, basesOf(now, held?.columns, edits?.from));
    if (next !== -1) this.#held.set(key, { number, columns: now });
    return next;
  }

  #intern(string: string): number {
    const known = this.#strings.get(string);
    if (known !== undefined) return known;
    const index = this.#strings.size;
    this.#strings.set(string, index);
    this.#fresh.push(string);
    return index;
  }
}

export class MappingDecoder {
  readonly #strings: (string | undefined)[] = [];
  readonly #held = new Map<string, Held>();
  readonly #names: readonly string[];
  readonly #quanta: readonly number[];
  readonly #pageSize: number;

  /** `columns`: the names of the columns as the recording has them. */
  constructor(pageSize: number, columns: readonly string[] = MAPPING_COLUMNS) {
    this.#pageSize = pageSize;
    this.#names = columns;
    // A column of a later version has its values in full or as whole steps of one.
    this.#quanta = columns.map((name) => MAPPING_QUANTA[MAPPING_COLUMNS.indexOf(name)] ?? 1);
  }

  /** A block begins. */
  reset(): void {
    this.#strings.length = 0;
    this.#held.clear();
  }

  /** Takes a record in; with `only`, of the other processes no more than what later records need. */
  decode(payload: Uint8Array, only?: string): RecordedMappings | Unusable | undefined {
    const source = new ByteCursor();
    source.reset(payload, new DataView(payload.buffer, payload.byteOffset, payload.byteLength), 0, payload.length);
    const [number, base, pid, startTicks, tick] = [
      source.varint(),
      source.varint(),
      source.varint(),
      source.varint(),
      source.varint(),
    ];
    const status = source.byte();
    const holdNs = source.varint();
    if (!this.#readStrings(source, payload)) return 'damaged';
    const key = identityKey({ pid, startTicks });
    if (only !== undefined && key !== only) return undefined;
    const held = this.#held.get(key);
    this.#held.delete(key);
    if (base !== 0 && held?.number !== base) return 'lost';
    const rows = source.varint();
    if (source.failed || rows > ROWS_MAX) return 'damaged';
    const from = base === 0 ? undefined : readRuns(source, held!.columns.rows, rows);
    if (source.failed) return 'damaged';
    const columns = readColumns(source, rows, this.#quanta, held?.columns, from);
    if (columns === undefined) return 'damaged';
    this.#held.set(key, { number, columns });
    const decoded = tableOfColumns(columns, this.#names, this.#pageSize, this.#strings);
    return decoded ? { pid, startTicks, tick, status, part: 0, parts: 1, holdNs, ...decoded } : 'lost';
  }

  #readStrings(source: ByteCursor, payload: Uint8Array): boolean {
    const before = source.varint();
    const count = source.varint();
    if (source.failed || before < this.#strings.length || before > 2 ** 26 || count > payload.length) return false;
    // Those of records that were lost stay unknown.
    this.#strings.length = before;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let index = 0; index < count; index++) {
      const length = source.varint();
      const at = source.skip(length);
      if (source.failed) return false;
      this.#strings.push(bytes.toString('latin1', at, at + length));
    }
    return true;
  }
}

/** Which old row each new one continues, -1 for none, and the same as runs. */
function alignRows(old: MappingColumns, now: MappingColumns): { from: Int32Array; runs: number[] } {
  const from = new Int32Array(now.rows).fill(-1);
  const runs: number[] = [];
  let [i, j] = [0, 0];
  while (i < now.rows || j < old.rows) {
    const keptFrom = i;
    while (i < now.rows && j < old.rows && now.starts[i] === old.starts[j]) from[i++] = j++;
    runs.push(i - keptFrom);
    const droppedFrom = j;
    while (j < old.rows && (i === now.rows || old.starts[j]! < now.starts[i]!)) j++;
    runs.push(j - droppedFrom);
    const insertedFrom = i;
    while (i < now.rows && (j === old.rows || now.starts[i]! < old.starts[j]!)) i++;
    runs.push(i - insertedFrom);
  }
  return { from, runs };
}

/** The same `from`, as the runs tell it. Fails the source when they do not use all rows of both. */
function readRuns(source: ByteCursor, oldRows: number, rows: number): Int32Array {
  const from = new Int32Array(rows).fill(-1);
  let [i, j] = [0, 0];
  while ((i < rows || j < oldRows) && !source.failed) {
    const [kept, dropped, inserted] = [source.varint(), source.varint(), source.varint()];
    const isSound = kept + dropped + inserted > 0 && i + kept + inserted <= rows && j + kept + dropped <= oldRows;
    if (!isSound) {
      source.skip(Number.POSITIVE_INFINITY);
      break;
    }
    for (let row = 0; row < kept; row++) from[i++] = j++;
    j += dropped;
    i += inserted;
  }
  return from;
}

/** What each value is told against: in the row that it continues, or in the row before. */
function basesOf(now: MappingColumns, old: MappingColumns | undefined, from: Int32Array | undefined): Float64Array {
  const { rows, values, columns } = now;
  const bases = new Float64Array(rows * columns);
  for (let c = 0; c < columns; c++) {
    for (let row = 0; row < rows; row++) {
      const kept = from === undefined ? -1 : from[row]!;
      bases[c * rows + row] =
        kept >= 0 ? old!.values[c * old!.rows + kept]! : row > 0 ? values[c * rows + row - 1]! : 0;
    }
  }
  return bases;
}

function writeColumns(out: Uint8Array, at: number, { rows, values }: MappingColumns, bases: Float64Array): number {
  const limit = out.length;
  const bytes = (rows + 7) >>> 3;
  const last = limit - TOKEN_BYTES_MAX - VARINT_BYTES_MAX;
  let next = at;
  let previous = -1;
  for (let c = 0; c < MAPPING_COLUMNS.length; c++) {
    const offset = c * rows;
    let changes = 0;
    for (let i = offset; i < offset + rows; i++) if (!Object.is(values[i], bases[i])) changes++;
    if (changes === 0) continue;
    if (next + VARINT_BYTES_MAX + 1 + bytes > limit) return -1;
    next = writeVarint(out, next, c - previous);
    previous = c;
    const how = howToTell(changes, rows);
    out[next++] = how;
    const bits = next;
    if (how === CELLS_BITS) {
      out.fill(0, bits, bits + bytes);
      next += bytes;
    }
    let told = -1;
    for (let row = 0; row < rows; row++) {
      const i = offset + row;
      if (Object.is(values[i], bases[i])) continue;
      if (next > last) return -1;
      if (how === CELLS_BITS) out[bits + (row >>> 3)]! |= 1 << (row & 7);
      else if (how === CELLS_GAPS) next = writeVarint(out, next, row - told);
      told = row;
      next = writeToken(out, next, bases[i]!, values[i]!, MAPPING_QUANTA[c]!, INVERSES[c]!);
    }
    if (how === CELLS_GAPS) out[next++] = 0;
  }
  if (next >= limit) return -1;
  out[next] = 0;
  return next + 1;
}

function readColumns(
  source: ByteCursor,
  rows: number,
  quanta: readonly number[],
  old: MappingColumns | undefined,
  from: Int32Array | undefined,
): MappingColumns | undefined {
  const out = new MappingColumns(rows, quanta.length);
  const places = new Uint8Array(rows);
  let c = 0;
  for (let told = -1; ; told = c++) {
    const gap = source.varint();
    const until = gap === 0 ? quanta.length : told + gap;
    if (source.failed || until > quanta.length || (gap !== 0 && until === quanta.length)) return undefined;
    // Columns that are not listed have no token.
    places.fill(0);
    for (; c < until; c++) fillColumn(source, out, c, quanta[c]!, old, from, places, CELLS_BITS);
    if (gap === 0) break;
    const how = source.byte();
    if (how === CELLS_BITS) {
      const bits = source.skip((rows + 7) >>> 3);
      if (source.failed) return undefined;
      for (let row = 0; row < rows; row++) places[row] = (source.byteAt(bits + (row >>> 3)) >>> (row & 7)) & 1;
    } else if (how > CELLS_GAPS) {
      return undefined;
    }
    fillColumn(source, out, c, quanta[c]!, old, from, places, how);
    if (source.failed) return undefined;
  }
  if (source.at !== source.end) return undefined;
  out.starts.fill(Number.NaN);
  return out;
}

/** One column, row by row, since a value may be told against the row before it. */
function fillColumn(
  source: ByteCursor,
  { rows, values }: MappingColumns,
  c: number,
  quantum: number,
  old: MappingColumns | undefined,
  from: Int32Array | undefined,
  places: Uint8Array,
  how: number,
): void {
  let nextTold = how === CELLS_GAPS ? source.varint() - 1 : -1;
  for (let row = 0; row < rows; row++) {
    const kept = from === undefined ? -1 : from[row]!;
    const base = kept >= 0 ? old!.values[c * old!.rows + kept]! : row > 0 ? values[c * rows + row - 1]! : 0;
    let isTold = how === CELLS_ALL || (how === CELLS_BITS && places[row] === 1);
    if (how === CELLS_GAPS && row === nextTold) isTold = true;
    values[c * rows + row] = isTold ? readToken(source, base, quantum) : base;
    if (how === CELLS_GAPS && isTold) {
      const gap = source.varint();
      nextTold = gap === 0 ? -1 : row + gap;
    }
  }
  // Gaps that point behind the last row.
  if (how === CELLS_GAPS && nextTold !== -1) source.skip(Number.POSITIVE_INFINITY);
}
