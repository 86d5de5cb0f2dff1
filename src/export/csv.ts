/**
 * A recording as CSV (quoted as in RFC 4180, lines ended as on Unix): one line per process and tick, bytes and nanoseconds, empty where not measured.
 *
 * The trap: names are hostile. They pass the one escape function for CSV, which also takes the life out of formulas.
 */
import type { Recording } from '../recording/recording.js';
import { escapeCsv } from '../text/escape.js';
import {
  type ExportOptions,
  type ExportRow,
  exportedMetrics,
  exportRows,
  LEADING_COLUMNS,
  numberText,
  TRAILING_COLUMNS,
} from './rows.js';
import { inChunks } from './text-chunks.js';

/** The text of the file in pieces, header first. */
export function exportCsv(recording: Recording, options: ExportOptions = {}): Generator<string> {
  return inChunks(lines(recording, options));
}

function* lines(recording: Recording, options: ExportOptions): Generator<string> {
  yield `${[...LEADING_COLUMNS, ...exportedMetrics(options), ...TRAILING_COLUMNS].join(',')}\n`;
  for (const row of exportRows(recording, options)) yield lineOf(row);
}

function lineOf(row: ExportRow): string {
  let line = `${row.timeNs},${row.pid},${row.startTicks},${escapeCsv(row.comm)}`;
  for (let index = 0; index < row.values.length; index++) {
    const value = row.values[index]!;
    line += Number.isNaN(value) ? ',' : `,${numberText(value)}`;
  }
  return `${line},${row.countersStatus},${row.rollupStatus},${row.rollupAgeNs ?? ''}\n`;
}
