/**
 * One frame of top as text: the summary, an empty line, the column names and the processes.
 *
 * The trap: which share of a CPU a clock tick is follows from the time between two samples, and that clock has steps of
 * 10 ms; two samples without time between them, as of a captured tree, must not divide by nothing.
 */
import type { ProcpsLocale } from '../text/procps-escape.js';
import { type FieldContext, layOut, SORT_FIELDS, sortTasks } from './top-fields.js';
import type { TopSample, TopTask } from './top-sample.js';
import { summarizeMemory, summaryLines } from './top-summary.js';

/** What was asked for, beside what is read. */
export interface TopView {
  readonly sortBy: string;
  readonly descending: boolean;
  /** Command lines instead of names. */
  readonly cmdline: boolean;
  /** Only processes that used CPU time since the last sample. */
  readonly busyOnly: boolean;
  /** Times with those of ended children. */
  readonly cumulative: boolean;
  readonly eachCpu: boolean;
  /** Least units: 0 for KiB, 1 for MiB, and so on. */
  readonly summaryScale: number;
  readonly taskScale: number;
  readonly screenColumns: number;
  /** Rows of one user only, or of all others. */
  readonly user?: { readonly uid: number; readonly anyId: boolean; readonly inverted: boolean };
}

/** What is known of the host that the tree belongs to. */
export interface TopHost {
  readonly pidDigits: number;
  readonly clockTicksPerSecond: number;
  readonly userName: (uid: number) => string;
  readonly locale: ProcpsLocale;
}

/** Seconds below which two samples count as one, and what is put in their place: procps' own numbers. */
const LEAST_SECONDS = 0.01;
const SECONDS_INSTEAD = 0.005;

/** What the columns need, computed for this sample. */
export function fieldContext(sample: TopSample, view: TopView, host: TopHost): FieldContext {
  const memory = summarizeMemory(sample.memory);
  const known = sample.cpu !== undefined && memory !== undefined;
  let seconds = Math.fround(sample.elapsedSeconds ?? 0);
  if (seconds < LEAST_SECONDS) seconds = Math.fround(SECONDS_INSTEAD);
  const percentPerTick = Math.fround(100 / Math.fround(Math.fround(host.clockTicksPerSecond) * seconds));
  return {
    pidDigits: host.pidDigits,
    clockTicksPerSecond: host.clockTicksPerSecond,
    ...(known && sample.elapsedSeconds !== undefined ? { percentPerTick } : {}),
    mostPercent: mostPercent(sample.cpu?.now.cpus.length ?? 1),
    ...(known ? { totalMemory: memory.total } : {}),
    memoryScale: view.taskScale,
    cmdline: view.cmdline,
    cumulative: view.cumulative,
    locale: host.locale,
    userName: host.userName,
  };
}

/** The largest share of CPU that is shown, which keeps the column narrow. */
function mostPercent(cpus: number): number {
  if (cpus <= 1) return Math.fround(99.9);
  return Math.fround(Math.min(100 * cpus, cpus > 1000 ? 9_999_999 : cpus > 10 ? 99_999 : 999.9));
}

/** The processes that are shown, in order. */
export function shownTasks(sample: TopSample, view: TopView, context: FieldContext): readonly TopTask[] {
  const { user } = view;
  const chosen = sample.tasks.filter(
    (task) => (!view.busyOnly || task.deltaTicks > 0) && (!user || isOf(task, user) !== user.inverted),
  );
  return sortTasks(chosen, SORT_FIELDS[view.sortBy]!, view.descending, context);
}

function isOf({ uids }: TopTask, { uid, anyId }: NonNullable<TopView['user']>): boolean {
  if (!uids) return false;
  return anyId ? uids.includes(uid) : uids[1] === uid;
}

/** The lines of a frame, without their newlines; `clock` and `users` as far as they are known. */
export function frameLines(
  sample: TopSample,
  view: TopView,
  host: TopHost,
  shownAt: { readonly clock?: Date; readonly users?: number },
): string[] {
  const context = fieldContext(sample, view, host);
  const summary = summaryLines(sample, {
    ...shownAt,
    clockTicksPerSecond: host.clockTicksPerSecond,
    memoryScale: view.summaryScale,
    eachCpu: view.eachCpu,
    screenColumns: view.screenColumns,
  });
  return [...summary, '', ...layOut(shownTasks(sample, view, context), context, view.screenColumns)];
}
