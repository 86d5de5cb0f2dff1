/**
 * A recording as CSV (quoted as in RFC 4180, lines ended as on Unix): one line per process and tick, bytes and nanoseconds, empty where not measured.
 *
 * The traps: names are hostile, and pass the one escape function for CSV, which also takes the life out of formulas. And a
 * string for every value costs more than its digits, so lines are written as bytes, and what a line says of its process is
 * made once for each.
 */
import type { Recording } from '../recording/recording.js';
import { ByteWriter } from '../text/byte-writer.js';
import { escapeCsv } from '../text/escape.js';
import { checkOptions } from './export-checks.js';
import {
  type ExportOptions,
  exportedMetrics,
  extraColumns,
  extraNames,
  LEADING_COLUMNS,
  numberText,
  TRAILING_COLUMNS,
} from './rows.js';
import { SampleTable } from './sample-table.js';
import type { Batch } from './table.js';

const BATCH_ROWS = 8192;
const CHUNK_BYTES = 64 * 1024;
const COMMA = 0x2c;

/** The text of the file in pieces, header first. */
export function* exportCsv(recording: Recording, options: ExportOptions = {}): Generator<string> {
  checkOptions(options);
  for (const piece of csvOf(recording, options))
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString();
}

/** The same as bytes, whole lines in each piece. */
export function* csvOf(recording: Recording, options: ExportOptions = {}): Generator<Uint8Array> {
  const extra = extraColumns(recording, options);
  const metrics = exportedMetrics(recording, options);
  const out = new ByteWriter();
  out.ascii(`${[...LEADING_COLUMNS, ...metrics, ...TRAILING_COLUMNS, ...extraNames(extra)].join(',')}\n`);
  const table = new SampleTable(recording, options);
  const lines = new Lines(table, metrics, extraNames(extra));
  for (const batch of table.batches(BATCH_ROWS)) {
    lines.begin(batch);
    for (let row = 0; row < batch.rows; row++) {
      lines.write(out, row);
      if (out.length < CHUNK_BYTES) continue;
      yield out.written().slice();
      out.clear();
    }
  }
  if (out.length > 0) yield out.written().slice();
}

/** Writes the rows of a table, batch by batch. */
class Lines {
  readonly #place: ReadonlyMap<string, number>;
  /** What follows the time, up to the metrics, by slot: of the process whose pid, start and names these are. */
  readonly #heads: { pid: number; start: number; comm: number; commHex: number; bytes: Uint8Array }[] = [];
  #batch!: Batch;
  #metrics: readonly Float64Array[] = [];
  #timeNs = -1n;
  #time: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly table: SampleTable,
    private readonly metricNames: readonly string[],
    private readonly extra: readonly string[],
  ) {
    this.#place = new Map(table.columns.map(({ name }, place) => [name, place]));
  }

  begin(batch: Batch): void {
    this.#batch = batch;
    this.#metrics = this.metricNames.map((name) => this.#numbers(name));
  }

  write(out: ByteWriter, row: number): void {
    const time = (this.#batch.columns[0] as BigInt64Array)[row]!;
    if (time !== this.#timeNs) {
      this.#timeNs = time;
      this.#time = Buffer.from(String(time));
    }
    out.span(this.#time, 0, this.#time.length);
    const head = this.#headOf(row);
    out.span(head, 0, head.length);
    for (const values of this.#metrics) {
      out.repeat(COMMA, 1);
      writeNumber(out, values[row]!);
    }
    out.ascii(`,${this.#text('counters_status', row)},${this.#text('rollup_status', row)},`);
    writeNumber(out, this.#numbers('rollup_age_ns')[row]!);
    for (const name of this.extra) {
      out.repeat(COMMA, 1);
      this.#writeExtra(out, name, row);
    }
    out.newline();
  }

  #numbers(name: string): Float64Array {
    return this.#batch.columns[this.#place.get(name)!] as Float64Array;
  }

  #text(name: string, row: number): string | undefined {
    const place = this.#place.get(name)!;
    return this.table.columns[place]!.pool!.texts[this.#batch.columns[place]![row] as number];
  }

  /** `,pid,start_ticks,comm` */
  #headOf(row: number): Uint8Array {
    const slot = this.#batch.groups[row]!;
    const at = (name: string) => this.#batch.columns[this.#place.get(name)!]![row] as number;
    const known = this.#heads[slot];
    const [pid, start, comm, commHex] = [at('pid'), at('start_ticks'), at('comm'), at('commHex')];
    if (known?.pid === pid && known.start === start && known.comm === comm && known.commHex === commHex) {
      return known.bytes;
    }
    const name = escapeCsv(bytesOf(this.#text('comm', row) ?? '', this.#text('commHex', row)));
    const bytes = Buffer.from(`,${pid},${start},${name}`);
    this.#heads[slot] = { pid, start, comm, commHex, bytes };
    return bytes;
  }

  /** Arguments as one text, with a space between them; the JSON lines have them one by one. */
  #writeExtra(out: ByteWriter, name: string, row: number): void {
    if (this.table.columns[this.#place.get(name)!]!.type !== 'text') {
      writeNumber(out, this.#numbers(name)[row]!);
      return;
    }
    const text = this.#text(name, row);
    if (text === undefined) return;
    const field = Buffer.from(escapeCsv(bytesOf(text, name === 'exe' ? this.#text('exeHex', row) : undefined)));
    out.span(field, 0, field.length);
  }
}

function writeNumber(out: ByteWriter, value: number): void {
  if (value >= 0 && value === Math.floor(value) && value !== Number.POSITIVE_INFINITY) out.whole(value);
  else if (Number.isFinite(value)) out.ascii(numberText(value));
}

function bytesOf(text: string, hex: string | undefined): Uint8Array {
  return hex === undefined ? Buffer.from(text) : Buffer.from(hex, 'hex');
}
