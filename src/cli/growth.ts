/** `tidemark growth F`: which processes grow, and which of their mappings, with the slope and its interval. */
import type { Command } from 'commander';
import { type GrowthRow, recordedGrowth } from '../analyze/recorded-growth.js';
import { formatSize } from '../text/size.js';
import { formatTable, type TableColumn } from '../text/table.js';
import { parseCount } from './option-values.js';
import { type JsonOption, jsonOption, valueOption } from './options.js';
import { writeJson, writeLines } from './output.js';
import { openInput } from './recording-input.js';
import { addRangeOptions, type RangeWords, rangeIn, TIME_WORDS } from './recording-times.js';
import { isTerminal } from './standard-streams.js';

interface Options extends JsonOption, RangeWords {
  rows: number;
}

const HOUR = 3600;
const MOST_ROWS = 100_000;
/** Columns that names keep; those of processes have 15 bytes at most. */
const [LONGEST_COMM, LEAST_NAME] = [15, 24];

export function configure(command: Command): void {
  addRangeOptions(command.argument('<file>', 'a recording, or - for standard input'), {
    from: `from then on: ${TIME_WORDS} (default: without the first fifth of each)`,
    to: 'until then: with two marks, what grew between them; with a span by its name, in it',
  })
    .addOption(valueOption('--rows <n>', 'rows of each table', (text) => parseCount(text, 1, MOST_ROWS)).default(20))
    .addOption(jsonOption())
    .action(growth);
}

async function growth(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  const rows = recordedGrowth(recording, rangeIn(recording, 'growth', options));
  if (options.json) return await writeJson({ schema: 1, rows: rows.map(jsonOf) });
  const width = isTerminal() ? { maxWidth: process.stdout.columns } : {};
  const processes = rows.filter(({ mapping }) => !mapping).slice(0, options.rows);
  const mappings = rows.filter(({ mapping }) => mapping).slice(0, options.rows);
  const right = { align: 'right' as const };
  const numbers: TableColumn[] = [
    { header: 'FIRST', ...right },
    { header: 'LAST', ...right },
    { header: 'PER HOUR', ...right },
    { header: '95 % INTERVAL', ...right },
    { header: 'VERDICT' },
  ];
  const pid: TableColumn = { header: 'PID', ...right };
  await writeLines(
    formatTable(
      [pid, { header: 'COMMAND', flexible: true, least: LONGEST_COMM }, ...numbers],
      processes.map((row) => [String(row.pid), row.comm, ...cellsOf(row)]),
      { ...width, gap: 2 },
    ),
  );
  const exiting = processes.filter(({ atExit }) => atExit !== undefined).length;
  if (exiting > 0) {
    const [who, whose] =
      exiting === 1
        ? ['1 process was exiting at its last ticks', 'its']
        : [`${exiting} processes were exiting at their last ticks`, 'their'];
    await writeLines(['', `${who}, which are left out: LAST is what was there before ${whose} memory was freed`]);
  }
  if (mappings.length === 0) return;
  await writeLines([
    '',
    ...formatTable(
      [
        pid,
        { header: 'COMMAND' },
        { header: 'MAPPING', flexible: true, least: LEAST_NAME, cut: 'middle' },
        { header: 'CLASS' },
        { header: 'OWNER' },
        ...numbers,
      ],
      mappings.map((row) => {
        const { name, mappingClass, owner = '-' } = row.mapping!;
        return [String(row.pid), row.comm, name, mappingClass, owner, ...cellsOf(row)];
      }),
      { ...width, gap: 2 },
    ),
  ]);
}

function cellsOf({ first, last, slope, verdict }: GrowthRow): string[] {
  const perHour = (bytes: number) => (Number.isNaN(bytes) ? '-' : signed(Math.round(bytes * HOUR)));
  const interval = Number.isNaN(slope.low) ? '-' : `${perHour(slope.low)} .. ${perHour(slope.high)}`;
  return [formatSize(first), formatSize(last), perHour(slope.value), interval, verdict];
}

function signed(bytes: number): string {
  return `${bytes > 0 ? '+' : ''}${formatSize(bytes)}`;
}

/** What is not known is null. */
function jsonOf({ slope, ...row }: GrowthRow): object {
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  const { value, low, high } = slope;
  return { ...row, bytesPerSecond: known(value), low: known(low), high: known(high) };
}
