/**
 * A table as CSV or as JSON lines: for tables of few rows, such as the host's.
 *
 * The traps: integers beyond 2^53 do not survive a JSON parser as numbers and are decimal strings, as are times; and JSON has
 * no infinity, so a limit that is none is `"max"` there, as the kernel writes it, and `inf` in CSV, as readers of CSV do.
 */
import { escapeCsv } from '../text/escape.js';
import { numberText } from './rows.js';
import type { Batch, Table, TableColumn } from './table.js';
import { inChunks } from './text-chunks.js';

const BATCH_ROWS = 1024;

export function tableCsv(table: Table): Generator<string> {
  return inChunks(csvLines(table));
}

export function tableJsonl(table: Table): Generator<string> {
  return inChunks(jsonLines(table));
}

function* csvLines(table: Table): Generator<string> {
  const columns = shown(table);
  const hexOf = new Map(
    columns.map(([{ name }]) => [name, table.columns.findIndex((one) => one.name === `${name}Hex`)]),
  );
  yield `${columns.map(([{ name }]) => (name === 'time' ? 'time_unix_ns' : name)).join(',')}\n`;
  for (const batch of table.batches(BATCH_ROWS)) {
    for (let row = 0; row < batch.rows; row++) {
      const cells = columns.map(([column, place]) => {
        const value = cellOf(column, batch, place, row);
        if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : value > 0 ? 'inf' : '';
        if (typeof value !== 'string') return value === null ? '' : String(value);
        const hexPlace = hexOf.get(column.name) ?? -1;
        const hex = hexPlace < 0 ? null : cellOf(table.columns[hexPlace]!, batch, hexPlace, row);
        return escapeCsv(typeof hex === 'string' ? Buffer.from(hex, 'hex') : value);
      });
      yield `${cells.join(',')}\n`;
    }
  }
}

function* jsonLines(table: Table): Generator<string> {
  const columns = table.columns.map((column, place) => [column, place] as const);
  for (const batch of table.batches(BATCH_ROWS)) {
    for (let row = 0; row < batch.rows; row++) {
      const fields = columns.flatMap(([column, place]) => {
        const value = cellOf(column, batch, place, row);
        if (value === null && column.name.endsWith('Hex')) return [];
        const name = column.name === 'time' ? 'time_unix_ns' : column.name;
        return [`${JSON.stringify(name)}:${jsonText(value)}`];
      });
      yield `{${fields.join(',')}}\n`;
    }
  }
}

/** The bytes of a name stand in its own column. */
function shown({ columns }: Table): (readonly [column: TableColumn, place: number])[] {
  return columns.flatMap((column, place) => (column.name.endsWith('Hex') ? [] : [[column, place] as const]));
}

function cellOf({ pool }: TableColumn, batch: Batch, place: number, row: number): bigint | number | string | null {
  const value = batch.columns[place]![row]!;
  if (pool) return pool.texts[value as number] ?? null;
  return Number.isNaN(value) ? null : value;
}

function jsonText(value: bigint | number | string | null): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (value === Number.POSITIVE_INFINITY) return '"max"';
  if (!Number.isFinite(value)) return 'null';
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : `"${numberText(value)}"`;
}
