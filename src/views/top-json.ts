/**
 * One frame of top for programs: sizes in bytes, times in nanoseconds, shares in percent of one CPU or of all memory.
 *
 * The trap: a value that was not measured is absent here, where the text shows `?`; and a name is any bytes, so one that
 * is not UTF-8 has its bytes beside it.
 */
import { nameParts } from '../recording/events.js';
import { formatTime } from '../text/time.js';
import { cpuPercent, memoryPercent } from './top-fields.js';
import { fieldContext, shownTasks, type TopHost, type TopView } from './top-frame.js';
import type { TopSample, TopTask } from './top-sample.js';
import { countTasks, cpuShares, summarizeMemory } from './top-summary.js';

/** The object whose shape docs/shapes.md describes. */
export function frameObject(
  sample: TopSample,
  view: TopView,
  host: TopHost,
  shownAt: { readonly frame: number; readonly clock?: Date; readonly users?: number },
): object {
  const context = fieldContext(sample, view, host);
  const { clockTicksPerSecond } = host;
  const memory = summarizeMemory(sample.memory);
  return {
    schema: 1,
    frame: shownAt.frame,
    time: shownAt.clock && formatTime(BigInt(Math.round(shownAt.clock.getTime())) * 1_000_000n),
    uptime: sample.upNs,
    interval: sample.elapsedSeconds === undefined ? undefined : Math.round(sample.elapsedSeconds * 1e9),
    users: shownAt.users,
    loadAverages: sample.loadAverages,
    tasks: countTasks(sample.tasks),
    cpu: sample.cpu && {
      count: sample.cpu.now.cpus.length,
      percent: Object.fromEntries(
        Array.from(cpuShares(sample.cpu.now.all, sample.cpu.before.all, clockTicksPerSecond)).map(([state, share]) => [
          state,
          rounded(share),
        ]),
      ),
    },
    memory,
    processes: shownTasks(sample, view, context).map((task) => ({
      pid: task.pid,
      startTicks: task.startTicks,
      parentPid: task.ppid,
      uid: task.uids?.[1],
      user: task.uids && Buffer.from(host.userName(task.uids[1]), 'latin1').toString(),
      state: task.state,
      priority: task.priority,
      nice: task.nice,
      threads: task.threads,
      vsize: task.memory?.size,
      rss: task.memory?.resident,
      shared: task.memory?.shared,
      cpuPercent: rounded(cpuPercent(task, context)),
      memoryPercent: rounded(memoryPercent(task, context)),
      cpuTime: nanoseconds(view.cumulative ? task.ticks + task.childTicks : task.ticks, clockTicksPerSecond),
      cpuTimeDelta: nanoseconds(task.deltaTicks, clockTicksPerSecond),
      ...nameParts(task.comm),
      ...commandLine(task),
    })),
  };
}

/** The shares that the text shows with one decimal, without the tail that a `float` has as a double. */
function rounded(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : Math.round(percent * 1000) / 1000;
}

function nanoseconds(ticks: number, clockTicksPerSecond: number): number {
  return Math.round((ticks * 1e9) / clockTicksPerSecond);
}

function commandLine({ cmdline }: TopTask): { readonly arguments?: string[] } {
  if (!cmdline || cmdline.length === 0) return {};
  const words = Buffer.from(cmdline).toString().split('\0');
  if (words.at(-1) === '') words.pop();
  return { arguments: words };
}
