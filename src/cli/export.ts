/** `tidemark export`: a recording in a format that other tools open. */
import type { Command } from 'commander';
import { ExportError } from '../export/export-error.js';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportRequest,
  TABLE_FORMATS,
  TABLE_NAMES,
  type TableName,
} from '../export/export-request.js';
import { exportPartitions, exportRecording } from '../export/formats.js';
import { PARTITION_KEYS, type PartitionKey } from '../export/partition-keys.js';
import { EXTRA_COLUMNS, type ExportOptions, type ExtraColumn } from '../export/rows.js';
import type { Recording } from '../recording/recording.js';
import { CGROUP_COLUMNS, COUNTER_COLUMNS, findMetric, HOST_COLUMNS, ROLLUP_COLUMNS } from '../schema.js';
import { InputError } from '../text/input-error.js';
import { formatTime } from '../text/time.js';
import { CommandError, UsageError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { oneOf, parsePids, parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { warn, writeBytes } from './output.js';
import { isSameFile, writeNewFile } from './output-file.js';
import { writeFolder } from './output-folder.js';
import { startProgress } from './progress.js';
import { openInput } from './recording-input.js';
import { addRangeOptions, type RangeWords, rangeIn } from './recording-times.js';

interface Options extends RangeWords {
  format: ExportFormat;
  output: string;
  force?: true;
  metric?: string[];
  pid?: number[];
  every?: bigint;
  agg?: 'last' | 'min' | 'max';
  with?: ExtraColumn[];
  table?: TableName;
  partition?: PartitionKey[];
  diff?: true;
}

export function configure(command: Command): void {
  const described = command
    .argument('<file>', 'a recording, or - for standard input')
    .requiredOption('--format <format>', EXPORT_FORMATS.join(', '))
    .option('-o, --output <file>', 'new file to write, or - for standard output', '-')
    .option('--force', 'replace the output file if it exists');
  addRangeOptions(described)
    .addOption(valueOption('--metric <names>', 'only these metrics, with commas between them', parseMetrics))
    .addOption(valueOption('-p, --pid <pids>', 'only these processes, with commas between them', parsePids))
    .addOption(valueOption('--every <time>', 'only the first tick in each interval', parsePositiveDuration))
    .addOption(
      valueOption(
        '--agg <which>',
        'of stretches kept as steps: last, min or max',
        oneOf('a value', ['last', 'min', 'max']),
      ),
    )
    .addOption(listOption('--with <columns>', 'more columns', 'a column', EXTRA_COLUMNS))
    .addOption(
      valueOption(
        '--table <table>',
        'samples; parquet, arrow: mappings; these, csv, jsonl: host, cgroup',
        oneOf('a table', TABLE_NAMES),
      ),
    )
    .addOption(listOption('--partition <keys>', 'parquet: folders below -o by', 'a key', PARTITION_KEYS))
    .option('--diff', 'pprof: what is there at --to, less what was there at --from')
    .action(run);
  const format = command.options.find(({ long }) => long === '--format')!;
  format.argParser(valueOption('--format <format>', '', oneOf('a format', EXPORT_FORMATS)).parseArg!);
}

async function run(file: string, options: Options): Promise<void> {
  checkTogether(options);
  using recording = openInput(file);
  const progress = startProgress();
  const chosen: ExportOptions = {
    // A file without rows is what a script wants of a night without ticks.
    ...rangeIn(recording, 'export', options, { mayBeEmpty: true }),
    ...(options.metric ? { metrics: options.metric } : {}),
    ...(options.pid ? { pids: options.pid } : {}),
    ...(options.every === undefined ? {} : { every: options.every }),
    ...(options.agg ? { agg: options.agg } : {}),
    ...(options.with ? { extra: options.with } : {}),
    onProgress: (timeNs) => progress.show(() => `exported up to ${formatTime(timeNs)}`),
  };
  if (isSameFile(file, options.output)) throw new UsageError('-o: the output is the recording itself');
  if (options.pid) checkRecorded(recording, options.pid);
  try {
    await write(recording, chosen, options);
  } catch (error) {
    throw error instanceof ExportError ? new CommandError(error.message) : error;
  } finally {
    progress.clear();
  }
}

/** A pid that was mistyped must not look like a process without memory. Ends the walk when all were seen. */
function checkRecorded(recording: Recording, pids: readonly number[]): void {
  const missing = new Set(pids);
  for (const walk of recording.walks()) {
    for (let step = walk.next(); step !== null && missing.size > 0; step = walk.next()) {
      const { slots, count } = walk.rows;
      for (const slot of slots.subarray(0, count)) missing.delete(walk.identity(slot)?.pid ?? -1);
    }
  }
  if (missing.size === 0) return;
  const sentence = `-p: no process ${[...missing].join(', ')} is in the recording`;
  if (missing.size === new Set(pids).size) throw new CommandError(sentence, ExitCode.notFound);
  warn('export', sentence);
}

async function write(recording: Recording, chosen: ExportOptions, options: Options): Promise<void> {
  const { format, output, partition, table, diff, force = false } = options;
  const tables: readonly TableName[] = table ? [table] : tablesOf(recording, options);
  if (partition) {
    for (const name of tables) {
      await writeFolder(output, exportPartitions(recording, { ...chosen, table: name, partition }), force);
    }
    return;
  }
  for (const name of tables) {
    const request: ExportRequest = { ...chosen, format, table: name, ...(diff ? { diff } : {}) };
    const pieces = exportRecording(recording, request);
    if (output === '-') await writeBytes(pieces);
    else await writeNewFile(name === 'samples' || table ? output : besides(output, name), pieces, force);
  }
}

/** Parquet in files is the samples, and the mappings beside them where there are any. */
function tablesOf({ metadata }: Recording, { format, output }: Options): readonly TableName[] {
  const hasBoth = format === 'parquet' && output !== '-' && metadata.mappings !== 'off';
  return hasBoth ? ['samples', 'mappings'] : ['samples'];
}

/** `night.parquet`: `night.mappings.parquet`. */
function besides(file: string, name: string): string {
  const dot = file.lastIndexOf('.');
  return dot > file.lastIndexOf('/') + 1 ? `${file.slice(0, dot)}.${name}${file.slice(dot)}` : `${file}.${name}`;
}

/** What one format only can do. */
function checkTogether(options: Options): void {
  const { format, output, table, partition, diff, every, from, last, pid, metric } = options;
  const isTier = table === 'host' || table === 'cgroup';
  const formats = isTier ? [...TABLE_FORMATS, 'csv', 'jsonl'] : TABLE_FORMATS;
  if (table && !formats.includes(format)) throw new UsageError(`--table ${table}: only for ${formats.join(', ')}`);
  if (isTier && pid) throw new UsageError(`--pid: with --table ${table} there are no processes`);
  checkMetrics(metric, isTier ? table : 'processes');
  if (partition && format !== 'parquet') throw new UsageError('--partition: only for parquet');
  if (partition && output === '-') throw new UsageError('--partition: needs -o and a folder');
  if (diff && format !== 'pprof') throw new UsageError('--diff: only for pprof');
  if (diff && from === undefined && last === undefined) {
    throw new UsageError('--diff: needs --from, the instant to compare with');
  }
  if (every !== undefined && format === 'pprof') throw new UsageError('--every: a pprof profile is of one instant');
}

function listOption<const Word extends string>(flags: string, text: string, what: string, words: readonly Word[]) {
  const parse = (list: string) => list.split(',').map(oneOf(what, words));
  return valueOption(flags, `${text}: ${words.join(', ')}`, Object.assign(parse, { words }));
}

/** By what is exported: its metrics. */
const METRICS_OF = {
  processes: [...COUNTER_COLUMNS, ...ROLLUP_COLUMNS],
  host: HOST_COLUMNS as readonly string[],
  cgroup: CGROUP_COLUMNS as readonly string[],
};

function parseMetrics(text: string): string[] {
  const names = text.split(',');
  for (const name of names) {
    if (Object.values(METRICS_OF).some((known) => known.includes(name))) continue;
    throw new InputError(name, 'a metric', METRICS_OF.processes.join(', '));
  }
  return names;
}

/** Whether the metrics are those of what is exported. */
function checkMetrics(names: readonly string[] | undefined, what: keyof typeof METRICS_OF): void {
  const unfit = names?.find((name) => !METRICS_OF[what].includes(name));
  if (unfit === undefined) return;
  const tier = findMetric(unfit)!.tier;
  const way = tier === 'host' || tier === 'cgroup' ? `; give --table ${tier}` : '';
  throw new UsageError(`--metric: ${unfit} is no metric of ${what === 'cgroup' ? 'control groups' : what}${way}`);
}
