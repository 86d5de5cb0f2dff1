/**
 * A recording as JSON lines: one object per process and tick with the columns of the CSV, `null` where not measured.
 *
 * The trap: times and other integers beyond 2^53 do not survive a JSON parser as numbers; they are decimal strings.
 */
import { nameParts } from '../recording/events.js';
import type { Recording } from '../recording/recording.js';
import { checkOptions } from './export-checks.js';
import {
  ESTIMATE_COLUMNS,
  type ExportOptions,
  type ExportRow,
  type ExtraColumn,
  estimateValues,
  exportedMetrics,
  exportRows,
  extraColumns,
  numberText,
} from './rows.js';
import { inChunks } from './text-chunks.js';

/** The text of the file in pieces. */
export function exportJsonl(recording: Recording, options: ExportOptions = {}): Generator<string> {
  checkOptions(options);
  return jsonlOf(recording, options);
}

/** The same for options that were checked. */
export function jsonlOf(recording: Recording, options: ExportOptions): Generator<string> {
  return inChunks(lines(recording, options));
}

function* lines(recording: Recording, options: ExportOptions): Generator<string> {
  const keys = exportedMetrics(recording, options).map((name) => JSON.stringify(name));
  const extra = extraColumns(recording, options);
  for (const row of exportRows(recording, options)) yield lineOf(row, keys, extra);
}

function lineOf(row: ExportRow, keys: readonly string[], extra: readonly ExtraColumn[]): string {
  const { comm, commHex } = nameParts(row.comm);
  let line = `{"time_unix_ns":"${row.timeNs}","pid":${row.pid},"start_ticks":${row.startTicks},"comm":${JSON.stringify(comm)}`;
  if (commHex !== undefined) line += `,"commHex":"${commHex}"`;
  for (let index = 0; index < keys.length; index++) line += `,${keys[index]}:${valueText(row.values[index]!)}`;
  line += `,"counters_status":"${row.countersStatus}","rollup_status":"${row.rollupStatus}"`;
  line += `,"rollup_age_ns":${row.rollupAgeNs === undefined ? 'null' : integerText(row.rollupAgeNs)}`;
  for (const name of extra) line += name === 'estimates' ? estimateText(row) : `,"${name}":${extraText(row, name)}`;
  return `${line}}\n`;
}

function valueText(value: number): string {
  // What a damaged recording may hold is no number of JSON.
  if (!Number.isFinite(value)) return 'null';
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? numberText(value) : `"${numberText(value)}"`;
}

function integerText(value: bigint): string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : `"${value}"`;
}

function estimateText(row: ExportRow): string {
  return estimateValues(row)
    .map((value, index) => `,"${ESTIMATE_COLUMNS[index]}":${value ?? 'null'}`)
    .join('');
}

function extraText({ stepNs, host, program }: ExportRow, name: Exclude<ExtraColumn, 'estimates'>): string {
  switch (name) {
    case 'step_ns':
      return integerText(stepNs);
    case 'host':
      return JSON.stringify(host);
    case 'exe':
      return JSON.stringify(program.exe ?? null);
    case 'args':
      return JSON.stringify(program.args ?? null);
  }
}
