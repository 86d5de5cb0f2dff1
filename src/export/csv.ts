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
  type ExtraColumn,
  estimateValues,
  exportedMetrics,
  exportRows,
  extraColumns,
  extraNames,
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
  const extra = extraColumns(recording, options);
  yield `${[...LEADING_COLUMNS, ...exportedMetrics(recording, options), ...TRAILING_COLUMNS, ...extraNames(extra)].join(',')}\n`;
  for (const row of exportRows(recording, options)) yield lineOf(row, extra);
}

function lineOf(row: ExportRow, extra: readonly ExtraColumn[]): string {
  let line = `${row.timeNs},${row.pid},${row.startTicks},${escapeCsv(row.comm)}`;
  for (let index = 0; index < row.values.length; index++) {
    const value = row.values[index]!;
    line += Number.isNaN(value) ? ',' : `,${numberText(value)}`;
  }
  line += `,${row.countersStatus},${row.rollupStatus},${row.rollupAgeNs ?? ''}`;
  for (const name of extra) line += `,${extraText(row, name)}`;
  return `${line}\n`;
}

/** Arguments as one text, with a space between them; the JSON lines have them one by one. */
function extraText(row: ExportRow, name: ExtraColumn): string {
  const { stepNs, host, program } = row;
  switch (name) {
    case 'estimates':
      return estimateValues(row).join(',');
    case 'step_ns':
      return String(stepNs);
    case 'host':
      return escapeCsv(new TextEncoder().encode(host));
    case 'exe':
      return program.exe === undefined ? '' : escapeCsv(bytesOfText(program.exe, program.exeHex));
    case 'args':
      return program.args === undefined ? '' : escapeCsv(new TextEncoder().encode(program.args.join(' ')));
  }
}

function bytesOfText(text: string, hex: string | undefined): Uint8Array {
  return hex === undefined ? new TextEncoder().encode(text) : Buffer.from(hex, 'hex');
}
