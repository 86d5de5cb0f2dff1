/**
 * The columns of top: their names and widths, what stands in them, and what rows can be sorted by.
 *
 * The trap: a process may use more CPU between two reads than its threads could (ticks are coarse, and so is the clock
 * they are divided by), so a share is cut at what the threads and the CPUs allow, as procps does.
 */
import type { ProcpsLocale } from '../text/procps-escape.js';
import { scaledMemory, scaledPercent, scaledTime } from './top-numbers.js';
import type { TopTask } from './top-sample.js';
import { cleanName, fitColumn } from './top-text.js';

/** What the columns need besides the process. */
export interface FieldContext {
  /** Digits of the largest pid. */
  readonly pidDigits: number;
  readonly clockTicksPerSecond: number;
  /** Percent of one CPU that a clock tick since the last sample is, a `float`; undefined where nothing tells. */
  readonly percentPerTick?: number;
  /** The largest share that is shown. */
  readonly mostPercent: number;
  /** Bytes of memory of the host, or undefined where nothing tells. */
  readonly totalMemory?: number;
  /** Least unit of sizes: 0 for KiB, 1 for MiB, and so on. */
  readonly memoryScale: number;
  /** Whether the command line is shown, not the name. */
  readonly cmdline: boolean;
  /** Whether times include those of children that have ended. */
  readonly cumulative: boolean;
  readonly locale: ProcpsLocale;
  /** In latin1, a character for each byte. */
  readonly userName: (uid: number) => string;
}

interface Column {
  readonly name: string;
  readonly width: (context: FieldContext) => number;
  readonly align: 'left' | 'right';
  readonly cell: (task: TopTask, context: FieldContext, width: number) => string;
}

/** Not measured. */
const UNKNOWN = '?';
const KIB = 1024;

const sizeColumn = (
  name: string,
  width: number,
  bytesOf: (memory: NonNullable<TopTask['memory']>) => number,
): Column => ({
  name,
  width: () => width,
  align: 'right',
  cell: ({ memory }, { memoryScale }) => (memory ? scaledMemory(bytesOf(memory) / KIB, width, memoryScale) : UNKNOWN),
});

/** The columns that top shows, in order; the last takes what is left of the line. */
export const COLUMNS: readonly Column[] = [
  { name: 'PID', width: ({ pidDigits }) => Math.max(5, pidDigits), align: 'right', cell: ({ pid }) => String(pid) },
  { name: 'USER', width: () => 8, align: 'left', cell: userNameOf },
  { name: 'PR', width: () => 3, align: 'right', cell: ({ priority }) => priorityText(priority) },
  { name: 'NI', width: () => 3, align: 'right', cell: ({ nice }) => (Number.isNaN(nice) ? UNKNOWN : String(nice)) },
  sizeColumn('VIRT', 7, ({ size }) => size),
  sizeColumn('RES', 6, ({ resident }) => resident),
  sizeColumn('SHR', 6, ({ shared }) => shared),
  { name: 'S', width: () => 1, align: 'left', cell: ({ state }) => (/[A-Za-z]/.test(state) ? state : UNKNOWN) },
  {
    name: '%CPU',
    width: () => 5,
    align: 'right',
    cell: (task, context, width) => percentText(cpuPercent(task, context), width),
  },
  {
    name: '%MEM',
    width: () => 5,
    align: 'right',
    cell: (task, context, width) => percentText(memoryPercent(task, context), width),
  },
  { name: 'TIME+', width: () => 9, align: 'right', cell: timeText },
  { name: 'COMMAND', width: () => 7, align: 'left', cell: commandOf },
];

/** Percent of one CPU since the last sample, at most what its threads allow; undefined where nothing tells the time. */
export function cpuPercent(task: TopTask, { percentPerTick, mostPercent }: FieldContext): number | undefined {
  if (percentPerTick === undefined) return undefined;
  const percent = Math.fround(Math.fround(task.deltaTicks) * percentPerTick);
  return Math.min(percent, Math.fround(100 * task.threads), mostPercent);
}

/** Percent of the host's memory that is resident; undefined where one of the two is not known. */
export function memoryPercent({ memory }: TopTask, { totalMemory }: FieldContext): number | undefined {
  if (!memory || !totalMemory) return undefined;
  return Math.fround(Math.fround(Math.fround(memory.resident / KIB) * 100) / Math.fround(totalMemory / KIB));
}

export function userNameOf({ uids }: TopTask, { userName, locale }: FieldContext): string {
  return uids ? cleanName(Buffer.from(userName(uids[1]), 'latin1'), locale) : UNKNOWN;
}

/** The name, or the command line with blanks between the words; `[name]` when a process has none. */
export function commandOf(task: TopTask, { cmdline, locale }: FieldContext): string {
  if (!cmdline) return cleanName(task.comm, locale);
  const words = task.cmdline ?? new Uint8Array(0);
  if (words.length === 0) return `[${cleanName(task.comm, locale)}]${task.state === 'Z' ? ' <defunct>' : ''}`;
  return cleanName(joinWords(words), locale) || UNKNOWN;
}

/** NULs and newlines become blanks, but for the NULs at the end, which end the text. */
function joinWords(words: Uint8Array): Uint8Array {
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  const joined = words.slice(0, end);
  for (let at = 0; at < end; at++) if (joined[at] === 0 || joined[at] === 10) joined[at] = 32;
  return end === words.length && joined[end - 1] === 32 ? joined.subarray(0, end - 1) : joined;
}

function priorityText(priority: number): string {
  if (Number.isNaN(priority)) return UNKNOWN;
  return priority < -99 || priority > 999 ? 'rt' : String(priority);
}

function percentText(percent: number | undefined, width: number): string {
  return percent === undefined ? UNKNOWN : scaledPercent(percent, width);
}

function timeText(task: TopTask, context: FieldContext, width: number): string {
  if (Number.isNaN(task.ticks)) return UNKNOWN;
  return scaledTime(Math.floor((ticksOf(task, context) * 100) / context.clockTicksPerSecond), width);
}

function ticksOf({ ticks, childTicks }: TopTask, { cumulative }: FieldContext): number {
  return cumulative ? ticks + childTicks : ticks;
}

type SortValue = (task: TopTask, context: FieldContext) => number | string;

const memoryOf =
  (field: keyof NonNullable<TopTask['memory']>): SortValue =>
  ({ memory }) =>
    memory?.[field] ?? 0;
const uidOf =
  (which: number): SortValue =>
  ({ uids }) =>
    uids?.[which] ?? 0;

/** What rows can be sorted by, under the names that procps has for the fields. */
export const SORT_FIELDS: Readonly<Record<string, SortValue>> = {
  PID: ({ pid }) => pid,
  PPID: ({ ppid }) => ppid,
  UID: uidOf(1),
  USER: userNameOf,
  RUID: uidOf(0),
  SUID: uidOf(2),
  PGRP: ({ pgrp }) => pgrp,
  SID: ({ session }) => session,
  PR: ({ priority }) => priority,
  NI: ({ nice }) => nice,
  nTH: ({ threads }) => threads,
  P: ({ processor }) => processor,
  '%CPU': ({ deltaTicks }) => deltaTicks,
  TIME: ticksOf,
  'TIME+': ticksOf,
  '%MEM': memoryOf('resident'),
  VIRT: memoryOf('size'),
  RES: memoryOf('resident'),
  CODE: memoryOf('text'),
  DATA: memoryOf('data'),
  SHR: memoryOf('shared'),
  nMaj: ({ majorFaults }) => majorFaults,
  nMin: ({ minorFaults }) => minorFaults,
  S: ({ state }) => state,
  COMMAND: commandOf,
};

/** The tasks by that field; those with equal values stay in the order of the pids, or in that in which they were asked for. */
export function sortTasks(
  tasks: readonly TopTask[],
  field: SortValue,
  descending: boolean,
  context: FieldContext,
): readonly TopTask[] {
  const sign = descending ? -1 : 1;
  return tasks
    .map((task) => ({ task, value: field(task, context) }))
    .sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : 0))
    .map(({ task }) => task);
}

/** The line of column names and the rows, each cut to the width of the screen as procps cuts it. */
export function layOut(tasks: readonly TopTask[], context: FieldContext, screenColumns: number): string[] {
  const fitting: { column: Column; width: number }[] = [];
  let used = 0;
  for (const column of COLUMNS) {
    const width = column.width(context);
    if (used + width + 1 > screenColumns) break;
    used += width + 1;
    fitting.push({ column, width });
  }
  if (fitting.length === COLUMNS.length) fitting[fitting.length - 1]!.width += screenColumns - used;
  const line = (textOf: (column: Column, width: number) => string) =>
    fitting
      .map(({ column, width }) => fitColumn(textOf(column, width), width, column.align))
      .join(' ')
      .trimEnd();
  return [line(({ name }) => name), ...tasks.map((task) => line((column, width) => column.cell(task, context, width)))];
}
