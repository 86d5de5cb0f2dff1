/** `tidemark export`: a recording in a format that other tools open. */
import type { Command } from 'commander';
import { EXTRA_COLUMNS, type ExportOptions, type ExtraColumn } from '../export/rows.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../schema.js';
import { InputError } from '../text/input-error.js';
import { formatTime } from '../text/time.js';
import { UsageError } from './command-error.js';
import { oneOf, parsePids, parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { writePieces } from './output.js';
import { isSameFile, writeNewFile } from './output-file.js';
import { startProgress } from './progress.js';
import { instantIn, openInput } from './recording-input.js';

const FORMATS = ['csv', 'jsonl'] as const;
type Format = (typeof FORMATS)[number];

interface Options {
  format: Format;
  output: string;
  force?: true;
  from?: string;
  to?: string;
  metric?: string[];
  pid?: number[];
  every?: bigint;
  agg?: 'last' | 'min' | 'max';
  with?: ExtraColumn[];
}

export function configure(command: Command): void {
  command
    .argument('<file>', 'a recording, or - for standard input')
    .requiredOption('--format <format>', FORMATS.join(' or '))
    .option('-o, --output <file>', 'new file to write, or - for standard output', '-')
    .option('--force', 'replace the output file if it exists')
    .option('--from <time>', 'leave out what is earlier: 03:02, -15m, RFC 3339, or the name of a mark')
    .option('--to <time>', 'leave out what is later')
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
    .addOption(
      valueOption('--with <columns>', `more columns: ${EXTRA_COLUMNS.join(', ')}`, (text) =>
        text.split(',').map((name) => oneOf('a column', EXTRA_COLUMNS)(name)),
      ),
    )
    .action(run);
  const format = command.options.find(({ long }) => long === '--format')!;
  format.argParser(valueOption('--format <format>', '', oneOf('a format', FORMATS)).parseArg!);
}

async function run(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  const progress = startProgress();
  const pieces = await piecesOf(recording, options.format, {
    ...(options.from === undefined ? {} : { from: instantIn(recording, '--from', options.from) }),
    ...(options.to === undefined ? {} : { to: instantIn(recording, '--to', options.to) }),
    ...(options.metric ? { metrics: options.metric } : {}),
    ...(options.pid ? { pids: options.pid } : {}),
    ...(options.every === undefined ? {} : { every: options.every }),
    ...(options.agg ? { agg: options.agg } : {}),
    ...(options.with ? { extra: options.with } : {}),
    onProgress: (timeNs) => progress.show(() => `exported up to ${formatTime(timeNs)}`),
  });
  if (isSameFile(file, options.output)) throw new UsageError('-o: the output is the recording itself');
  if (options.output === '-') await writePieces(pieces);
  else writeNewFile(options.output, pieces, options.force ?? false);
  progress.clear();
}

/** Loads one format only: others may bring libraries along. */
async function piecesOf(recording: Recording, format: Format, options: ExportOptions): Promise<Iterable<string>> {
  if (format === 'csv') return (await import('../export/csv.js')).exportCsv(recording, options);
  return (await import('../export/jsonl.js')).exportJsonl(recording, options);
}

function parseMetrics(text: string): string[] {
  const known = [...COUNTER_COLUMNS, ...ROLLUP_COLUMNS];
  const names = text.split(',');
  for (const name of names) if (!known.includes(name)) throw new InputError(name, 'a metric', known.join(', '));
  return names;
}
