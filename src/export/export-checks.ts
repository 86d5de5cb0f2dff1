/**
 * Checks of what an export may be asked for, before anything of it is written.
 *
 * The trap: what a format has no use for would be left out in silence, and a file of all processes looks like one of some.
 */
import {
  booleanOption,
  checkNames,
  functionOption,
  timeOption,
  typedOption,
  wordOption,
  wordsOption,
} from '../text/option-checks.js';
import {
  EXPORT_FORMATS,
  type ExportRequest,
  type PartitionRequest,
  TABLE_FORMATS,
  TABLE_NAMES,
  type TableName,
} from './export-request.js';
import { PARTITION_KEYS } from './partition-keys.js';
import { AGGREGATE_KINDS, EXTRA_COLUMNS, type ExportOptions } from './rows.js';
import { TIER_TABLES, type TierName } from './tier-names.js';

const OPTION_NAMES: readonly (keyof ExportOptions)[] = [
  ...(['from', 'to', 'metrics', 'pids', 'every', 'agg', 'extra', 'onProgress'] as const),
];
const REQUEST_NAMES: readonly (keyof ExportRequest)[] = ['format', ...OPTION_NAMES, 'table', 'diff'];
const PARTITION_NAMES: readonly (keyof PartitionRequest)[] = ['partition', ...OPTION_NAMES, 'table'];

/** Of `exportCsv` and `exportJsonl`. */
export function checkOptions(options: ExportOptions): void {
  checkNames(options, OPTION_NAMES);
  checkValues(options);
}

/** Of `exportRecording`. */
export function checkRequest(request: ExportRequest): void {
  checkNames(request, REQUEST_NAMES);
  const { format, table, diff } = request;
  wordOption('format', format ?? null, EXPORT_FORMATS);
  checkValues(request);
  checkTable(table);
  const formats = formatsOf(table);
  if (!formats.includes(format)) {
    throw new TypeError(
      `The "table" option may be ${table} only for ${formats.join(', ')}, and the format is ${format}`,
    );
  }
  booleanOption('diff', diff);
  if (diff && format !== 'pprof')
    throw new TypeError(`The "diff" option is for pprof only, and the format is ${format}`);
}

/** Of `exportPartitions`. */
export function checkPartitions(request: PartitionRequest): void {
  checkNames(request, PARTITION_NAMES);
  checkValues(request);
  checkTable(request.table);
  wordsOption('partition', request.partition ?? null, PARTITION_KEYS);
}

export function isTier(table: TableName | undefined): table is TierName {
  return TIER_TABLES.some((name) => name === table);
}

/** The formats that can hold a table. */
function formatsOf(table: TableName | undefined): readonly string[] {
  if (table === undefined || table === 'samples') return EXPORT_FORMATS;
  return isTier(table) ? [...TABLE_FORMATS, 'csv', 'jsonl'] : TABLE_FORMATS;
}

function checkTable(table: unknown): void {
  wordOption('table', table, TABLE_NAMES);
}

function checkValues({ from, to, metrics, pids, every, agg, extra, onProgress }: ExportOptions): void {
  timeOption('from', from);
  timeOption('to', to);
  const areTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string');
  typedOption('metrics', metrics, 'an array of names of metrics', areTexts);
  const arePids = (value: unknown) =>
    Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one > 0);
  typedOption('pids', pids, 'an array of pids', arePids);
  const isInterval = (value: unknown) => typeof value === 'bigint' && value > 0n;
  typedOption('every', every, 'a positive bigint of nanoseconds', isInterval);
  wordOption('agg', agg, Object.keys(AGGREGATE_KINDS));
  wordsOption('extra', extra, EXTRA_COLUMNS);
  functionOption('onProgress', onProgress);
}
