/**
 * `tidemark top -b --in F`: frames of a recording in the columns of procps, one after the other.
 *
 * The traps: a share of CPU time lies between two instants, so each frame is taken against the one a delay before; and
 * what procps shows beyond memory, times and threads was not recorded: it is `?`, states are not counted, and shares of CPUs
 * are left out.
 */
import { nameParts } from '../recording/events.js';
import { InstantView } from '../recording/instant-view.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS, type MetricName, Status } from '../schema.js';
import { isUtf8Locale } from '../text/procps-escape.js';
import { formatTime } from '../text/time.js';
import { cpuPercent, type FieldContext, layOut, memoryPercent } from '../views/top-fields.js';
import { shownTasks, type TopView } from '../views/top-frame.js';
import type { TopTask } from '../views/top-sample.js';
import { memoryLines } from '../views/top-summary.js';
import { CommandError } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { hasSwitch, inputOf } from './direct-options.js';
import { writePieces } from './output.js';
import { cmdlineOf, openInstant } from './recorded-instant.js';
import { memoryAt } from './recorded-memory.js';
import { atOf } from './recorded-words.js';
import { isTerminal } from './standard-streams.js';
import type { TopRequest } from './top-options.js';

const NOT_RECORDED = ['filter-only-euser', 'filter-any-user', 'procfs', 'engine', 'single-cpu-toggle'];
const LEAST_PID_DIGITS = 5;

/**
 * Prints frames a delay apart: from `--at` to the end, or `-n` of them; without `--at` the last one, or the last `-n`.
 * Throws `CommandError`.
 */
export async function printRecorded(words: DirectWords, request: TopRequest): Promise<void> {
  const { view: shown, pids, iterations } = request;
  const stray = NOT_RECORDED.find((name) => words.options.has(name));
  if (stray !== undefined) throw new CommandError(`--${stray}: not of a recording`);
  const at = atOf(words);
  using instant = openInstant('top', inputOf(words)!, at);
  const { recording, view } = instant;
  const delayNs = BigInt(Math.round(request.delayMs * 1e6)) || 1n;
  const most = at === undefined && !Number.isFinite(iterations) ? 1 : iterations;
  if (at === undefined && most > 1) {
    const first = view.frame.startNs - BigInt(most - 1) * delayNs;
    if (!view.moveTo(first)) view.moveTo(view.finder.first()!.startNs);
  }
  const before = new InstantView(recording);
  const isJson = hasSwitch(words, 'json');
  const programs = shown.cmdline ? recording.programs() : undefined;
  const wanted = pids && new Set(pids);
  const clock = recording.clock();
  for (let frame = 1; frame <= most; frame++) {
    const { startNs } = view.frame;
    before.moveOrLeave(startNs - delayNs);
    const earlier = before.isMoved && before.frame.startNs < startNs ? before : undefined;
    const tasks = tasksOf(view, earlier, recording, programs).filter(({ pid }) => !wanted || wanted.has(pid));
    const context = contextOf(recording, shown, earlier && Number(startNs - earlier.frame.startNs) / 1e9, tasks);
    const rows = shownTasks({ tasks }, shown, context);
    const timeNs = clock.toUnix(startNs);
    const memory = memoryAt(recording, clock, startNs);
    if (isJson) {
      const { stepNs } = view.frame;
      const object = { schema: 1, frame, time: formatTime(timeNs), timeNs: `${timeNs}`, stepNs: `${stepNs}` };
      const processes = rows.map((task) => taskObject(task, context));
      await writePieces([`${JSON.stringify({ ...object, tasks: { total: tasks.length }, memory, processes })}\n`]);
    } else {
      const head = `top - ${formatTime(timeNs)}  ${recording.metadata.host.hostname}, as it was recorded`;
      const summary = [
        head,
        `Tasks: ${String(tasks.length).padStart(3)} total`,
        ...(memory ? memoryLines(memory, { memoryScale: shown.summaryScale, eachCpu: false }) : []),
      ];
      const lines = [...summary.map((line) => line.slice(0, shown.screenColumns)), ''];
      const table = layOut(rows, context, shown.screenColumns);
      await writePieces([`${frame > 1 ? '\n\n' : ''}${[...lines, ...table].join('\n')}`]);
    }
    if (!goOn(view, startNs, startNs + delayNs)) break;
  }
  if (!isJson) await writePieces(['\n']);
}

/** Moves on to the frame of a time; false when it would not be another. */
function goOn(view: InstantView, beforeNs: bigint, toNs: bigint): boolean {
  const last = view.finder.last();
  // The last frame does not stand for what comes behind it.
  if (!last || last.startNs < toNs) return false;
  view.moveTo(toNs);
  return view.frame.startNs > beforeNs || view.step(1);
}

function tasksOf(
  view: InstantView,
  earlier: InstantView | undefined,
  { metadata }: Recording,
  programs: ReadonlyMap<string, ProgramPart> | undefined,
): TopTask[] {
  const tickNs = 1e9 / metadata.host.clockTicksPerSecond;
  const { frame } = view;
  const { slots, count } = frame.rows;
  const tasks: TopTask[] = [];
  for (const slot of slots.subarray(0, count)) {
    const identity = frame.identity(slot);
    if (!identity || frame.status(slot) === Status.gone) continue;
    const key = frame.key(slot)!;
    const value = (name: MetricName) => frame.heldCounter(COUNTER_COLUMNS.indexOf(name), slot);
    const ticks = Math.round((value('userTime') + value('systemTime')) / tickNs);
    const then = earlier ? earlier.frame.slotOf(key) : -1;
    const hasMemory = frame.status(slot) === Status.ok || frame.status(slot) === Status.noMm;
    const bytes = (name: MetricName) => value(name) || 0;
    const program = programs?.get(key);
    tasks.push({
      pid: identity.pid,
      startTicks: identity.startTicks,
      ppid: Number.isNaN(value('parentPid')) ? identity.parentPid : value('parentPid'),
      ...{ pgrp: Number.NaN, session: Number.NaN, state: '?', priority: Number.NaN, nice: Number.NaN },
      threads: value('threads') || 1,
      processor: Number.NaN,
      minorFaults: value('minorFaults'),
      majorFaults: value('majorFaults'),
      ...{ ticks, childTicks: 0 },
      deltaTicks: then < 0 || !earlier ? 0 : Math.max(0, ticks - ticksAt(earlier, then, tickNs)),
      ...(hasMemory
        ? {
            memory: {
              size: bytes('vsize'),
              resident: bytes('rss'),
              shared: bytes('rss') - bytes('rssAnon'),
              text: Number.NaN,
              data: bytes('dataSize'),
            },
          }
        : {}),
      comm: identity.comm,
      ...(program ? { cmdline: cmdlineOf(program) } : {}),
    });
  }
  return tasks.sort((a, b) => a.pid - b.pid);
}

function ticksAt({ frame }: InstantView, slot: number, tickNs: number): number {
  const value = (name: MetricName) => frame.heldCounter(COUNTER_COLUMNS.indexOf(name), slot);
  return Math.round((value('userTime') + value('systemTime')) / tickNs);
}

function contextOf(
  { metadata: { host } }: Recording,
  shown: TopView,
  seconds: number | undefined,
  tasks: readonly TopTask[],
): FieldContext {
  return {
    pidDigits: Math.max(LEAST_PID_DIGITS, ...tasks.map(({ pid }) => String(pid).length)),
    clockTicksPerSecond: host.clockTicksPerSecond,
    ...(seconds === undefined ? {} : { percentPerTick: 100 / (host.clockTicksPerSecond * seconds) }),
    mostPercent: 100 * host.cpus,
    ...(host.memoryBytes === undefined ? {} : { totalMemory: host.memoryBytes }),
    memoryScale: shown.taskScale,
    cmdline: shown.cmdline,
    cumulative: shown.cumulative,
    locale: { utf8: isUtf8Locale(process.env), terminal: isTerminal() },
    userName: () => '?',
  };
}

/** Bytes, nanoseconds and percent; what was not recorded is absent. */
function taskObject(task: TopTask, context: FieldContext): object {
  const tickNs = 1e9 / context.clockTicksPerSecond;
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? undefined : value);
  return {
    pid: task.pid,
    startTicks: task.startTicks,
    parentPid: task.ppid,
    threads: task.threads,
    minorFaults: known(task.minorFaults),
    majorFaults: known(task.majorFaults),
    vsize: task.memory?.size,
    rss: task.memory?.resident,
    shared: task.memory?.shared,
    cpuPercent: known(cpuPercent(task, context)),
    memoryPercent: known(memoryPercent(task, context)),
    cpuTime: known(task.ticks * tickNs),
    cpuTimeDelta: known(task.deltaTicks * tickNs),
    ...nameParts(task.comm),
  };
}
