/**
 * The lines above the processes in top: time and load, tasks by state, CPU shares, memory and swap.
 *
 * The traps: a share counts guest time twice, within user time and on its own, since procps does; `used` is what is not
 * available, not what is not free; and a line is cut at the width of the screen, whatever that hides.
 */
import type { CpuState, CpuTimes } from '../procfs/host-stat.js';
import { fixed, MEMORY_SCALES } from './top-numbers.js';
import type { TopSample, TopTask } from './top-sample.js';

export interface TaskCounts {
  readonly total: number;
  readonly running: number;
  readonly sleeping: number;
  readonly stopped: number;
  readonly zombie: number;
}

/** By state as procps counts: a task in uninterruptible sleep, and an idle or parked kernel thread, sleeps. */
export function countTasks(tasks: readonly TopTask[]): TaskCounts {
  const counts = { total: tasks.length, running: 0, sleeping: 0, stopped: 0, zombie: 0 };
  for (const { state } of tasks) {
    if (state === 'R') counts.running++;
    else if (state === 'T' || state === 't') counts.stopped++;
    else if (state === 'Z') counts.zombie++;
    else counts.sleeping++;
  }
  return counts;
}

export interface MemorySummary {
  readonly total: number;
  readonly free: number;
  readonly used: number;
  readonly buffersAndCache: number;
  readonly available: number;
  readonly swapTotal: number;
  readonly swapFree: number;
  readonly swapUsed: number;
}

/** Bytes, computed as procps does; undefined when the total is not known. */
export function summarizeMemory(memory: ReadonlyMap<string, number> | undefined): MemorySummary | undefined {
  const total = memory?.get('MemTotal');
  if (!memory || total === undefined) return undefined;
  const value = (name: string) => memory.get(name) ?? 0;
  const free = value('MemFree');
  let available = value('MemAvailable') || free;
  // In some containers the host's numbers are mixed with the container's.
  if (available > total) available = free;
  const swapTotal = value('SwapTotal');
  const swapFree = value('SwapFree');
  return {
    total,
    free,
    used: total >= available ? total - available : total - free,
    buffersAndCache: value('Buffers') + value('Cached') + value('SReclaimable'),
    available,
    swapTotal,
    swapFree,
    swapUsed: Math.max(0, swapTotal - swapFree),
  };
}

/** The states in the order in which top shows them, with its two letters. */
export const CPU_LABELS: readonly (readonly [CpuState, string])[] = [
  ['user', 'us'],
  ['system', 'sy'],
  ['nice', 'ni'],
  ['idle', 'id'],
  ['iowait', 'wa'],
  ['irq', 'hi'],
  ['softirq', 'si'],
  ['steal', 'st'],
];

/** Percent of the time between two samples in each state, a `float` each; all idle when no time has passed. */
export function cpuShares(now: CpuTimes, before: CpuTimes, clockTicksPerSecond: number): Map<CpuState, number> {
  const ticks = (ns: number) => Math.round((ns * clockTicksPerSecond) / 1e9);
  const sums = (times: CpuTimes) => [
    times.user + times.nice,
    times.system + times.irq + times.softirq,
    times.idle + times.iowait,
    times.steal + times.guest + times.guestNice,
  ];
  const nowSums = sums(now);
  const beforeSums = sums(before);
  // A CPU that went and came back begins again.
  const wentBack = nowSums.some((sum, index) => sum < beforeSums[index]!);
  const total = wentBack ? 0 : ticks(nowSums.reduce((sum, ns, index) => sum + ns - beforeSums[index]!, 0));
  const scale = Math.fround(100 / Math.fround(Math.max(1, total)));
  return new Map(
    CPU_LABELS.map(([state]) => {
      const delta = total === 0 ? Number(state === 'idle') : Math.max(0, ticks(now[state] - before[state]));
      return [state, Math.fround(Math.fround(delta) * scale)];
    }),
  );
}

export interface SummaryOptions {
  /** Local time of day, where it is known. */
  readonly clock?: Date;
  /** Users logged in, or undefined where nothing tells. */
  readonly users?: number;
  readonly clockTicksPerSecond: number;
  /** Least unit of the memory lines: 0 for KiB, 1 for MiB, and so on. */
  readonly memoryScale: number;
  /** A line for each CPU, and the rest two on a line. */
  readonly eachCpu: boolean;
  readonly screenColumns: number;
}

/** The lines without their newlines, cut to the screen. */
export function summaryLines(sample: TopSample, options: SummaryOptions): string[] {
  const memory = summarizeMemory(sample.memory);
  const lines: string[] = [];
  // Without the host's own files only the tasks are known, and procps says nothing else either.
  if (sample.cpu && memory) {
    lines.push(loadLine(sample, options), taskLine(sample.tasks), ...cpuLines(sample.cpu, options));
    lines.push(...memoryLines(memory, options));
  } else {
    lines.push(taskLine(sample.tasks));
  }
  return lines.map((line) => line.slice(0, options.screenColumns));
}

function loadLine({ upNs, loadAverages }: TopSample, { clock, users }: SummaryOptions): string {
  if (upNs === undefined) return 'top -';
  const time = clock ? [clock.getHours(), clock.getMinutes(), clock.getSeconds()] : ['??', '??', '??'];
  const minutes = Math.floor(upNs / 60e9);
  const days = Math.floor(minutes / (24 * 60));
  const hours = Math.floor(minutes / 60) % 24;
  const up =
    (days > 0 ? `${days} ${days > 1 ? 'days' : 'day'}, ` : '') +
    (hours > 0 ? `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, '0')}, ` : `${minutes % 60} min, `);
  const people = `${String(users ?? '?').padStart(2)} ${users !== undefined && users > 1 ? 'users' : 'user'}`;
  const loads = loadAverages ? loadAverages.map((load) => fixed(load, 2)).join(', ') : '?, ?, ?';
  return `top - ${time.map((part) => String(part).padStart(2, '0')).join(':')} up ${up}${people},  load average: ${loads}`;
}

function taskLine(tasks: readonly TopTask[]): string {
  const { total, running, sleeping, stopped, zombie } = countTasks(tasks);
  const three = (count: number) => String(count).padStart(3);
  return (
    `Tasks: ${three(total)} total, ${three(running)} running, ${three(sleeping)} sleeping, ` +
    `${three(stopped)} stopped, ${three(zombie)} zombie`
  );
}

function cpuLines({ now, before }: NonNullable<TopSample['cpu']>, options: SummaryOptions): string[] {
  const line = (prefix: string, from: CpuTimes, to: CpuTimes) => {
    const shares = cpuShares(to, from, options.clockTicksPerSecond);
    const parts = CPU_LABELS.map(([state, label]) => `${fixed(shares.get(state)!, 1).padStart(5)} ${label}`);
    return `${prefix}${parts.join(',')} `;
  };
  if (!options.eachCpu) return [line('%Cpu(s):', before.all, now.all)];
  const lines = now.cpus.map(({ id, times }, index) => {
    const last = before.cpus[index];
    return line(`%Cpu${String(id).padEnd(3)}:`, last?.id === id ? last.times : times, times);
  });
  return inPairs(lines);
}

/** Memory and swap, not cut to the screen. */
export function memoryLines(
  memory: MemorySummary,
  { memoryScale, eachCpu }: Pick<SummaryOptions, 'memoryScale' | 'eachCpu'>,
): string[] {
  const unit = memoryScale === 0 ? 'KiB' : `${MEMORY_SCALES[memoryScale]!.toUpperCase()}iB`;
  const amount = (bytes: number) => amountText(bytes, memoryScale);
  const lines = [
    `${unit} Mem : ${amount(memory.total)}total, ${amount(memory.free)}free, ${amount(memory.used)}used, ` +
      `${amount(memory.buffersAndCache)}buff/cache     `,
    `${unit} Swap: ${amount(memory.swapTotal)}total, ${amount(memory.swapFree)}free, ${amount(memory.swapUsed)}used. ` +
      `${amount(memory.available)}avail Mem `,
  ];
  return eachCpu ? inPairs(lines) : lines;
}

/** Nine columns with a blank at the end; a number that does not fit loses its last digits for a `+`. */
function amountText(bytes: number, scale: number): string {
  const kib = Math.fround(bytes / 1024);
  const text = `${scale === 0 ? fixed(kib, 0) : fixed(Math.fround(kib / 1024 ** scale), 1)} `;
  return (text.length > 9 ? `${text.slice(0, 8)}+` : text).padStart(9);
}

function inPairs(lines: readonly string[]): string[] {
  const pairs: string[] = [];
  for (let at = 0; at < lines.length; at += 2) pairs.push(lines.slice(at, at + 2).join('  '));
  return pairs;
}
