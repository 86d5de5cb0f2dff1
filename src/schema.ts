/**
 * What can be read: every metric once, with its unit, tier, kernel source, exactness and public names.
 *
 * The trap: the same English word means different things in different kernel files (statm's "shared" is file plus
 * shmem resident, not shared memory), so a metric is defined by the field it comes from, not by its name. Everything
 * that prints, stores or exports takes its list, order and units from here; the addon checks its own list against it
 * when it is loaded.
 */

import { CGROUP_METRICS } from './schema/cgroup-metrics.js';
import { HOST_METRICS } from './schema/host-metrics.js';
import type { Metric, Tier } from './schema/metric.js';
import { bytes, kernelBytes, kernelId, ofRead, oomScore, rollupBytes } from './schema/process-metric.js';

export {
  CGROUP_COLUMNS,
  CGROUP_DEPTHS,
  CGROUP_METRICS,
  type CgroupMetricName,
  GroupDepth,
} from './schema/cgroup-metrics.js';
export { HOST_COLUMNS, HOST_METRICS, type HostMetricName } from './schema/host-metrics.js';
export { HOST_SOURCE_BITS, HOST_SOURCES, type HostSource } from './schema/host-sources.js';
export type { Metric, Quantum, Tier, Unit } from './schema/metric.js';

const fromStat = { tier: 'counters', engines: 'all' } as const;
const fromStatm = { ...bytes, ...fromStat, quantum: 'page', exactness: 'exact' } as const;

/** Every metric of a process, in the order of its columns. */
export const METRICS = [
  {
    ...fromStatm,
    name: 'rss',
    source: 'statm resident',
    otel: 'process.memory.usage',
    prometheus: 'process_resident_memory_bytes',
    help: 'Resident memory: anonymous, file and shmem pages in RAM, hugetlb not included',
  },
  {
    ...fromStatm,
    name: 'rssAnon',
    source: 'statm resident - shared',
    otel: 'process.linux.memory.rss.anon',
    prometheus: 'process_resident_anon_bytes',
    help: 'Resident anonymous memory',
  },
  {
    ...fromStatm,
    name: 'vsize',
    source: 'statm size',
    otel: 'process.memory.virtual',
    prometheus: 'process_virtual_memory_bytes',
    help: 'Size of the address space',
  },
  {
    ...fromStatm,
    name: 'dataSize',
    source: 'statm data',
    otel: 'process.linux.memory.data_size',
    prometheus: 'process_data_size_bytes',
    help: 'Private writable address space plus stack, resident or not',
  },
  {
    ...fromStat,
    name: 'minorFaults',
    unit: 'count',
    kind: 'counter',
    quantum: 'one',
    source: 'stat minflt',
    exactness: 'exact',
    otel: 'process.paging.faults',
    prometheus: 'process_minor_page_faults_total',
    help: 'Page faults of the whole thread group that needed no disk',
  },
  {
    ...fromStat,
    name: 'majorFaults',
    unit: 'count',
    kind: 'counter',
    quantum: 'one',
    source: 'stat majflt',
    exactness: 'exact',
    otel: 'process.paging.faults',
    prometheus: 'process_major_page_faults_total',
    help: 'Page faults of the whole thread group that had to wait for a disk',
  },
  {
    ...fromStat,
    name: 'userTime',
    unit: 'nanoseconds',
    kind: 'counter',
    quantum: 'clock-tick',
    source: 'stat utime',
    exactness: 'floored',
    otel: 'process.cpu.time',
    prometheus: 'process_cpu_user_nanoseconds_total',
    help: 'CPU time of the whole thread group in user mode, in steps of one clock tick',
  },
  {
    ...fromStat,
    name: 'systemTime',
    unit: 'nanoseconds',
    kind: 'counter',
    quantum: 'clock-tick',
    source: 'stat stime',
    exactness: 'floored',
    otel: 'process.cpu.time',
    prometheus: 'process_cpu_system_nanoseconds_total',
    help: 'CPU time of the whole thread group in the kernel, in steps of one clock tick',
  },
  {
    ...fromStat,
    name: 'threads',
    unit: 'count',
    kind: 'gauge',
    quantum: 'one',
    source: 'stat num_threads',
    exactness: 'exact',
    otel: 'process.thread.count',
    prometheus: 'process_threads',
    help: 'Threads of the process',
  },
  {
    ...fromStat,
    name: 'parentPid',
    unit: 'pid',
    kind: 'gauge',
    quantum: 'one',
    source: 'stat ppid',
    exactness: 'exact',
    otel: 'process.parent_pid',
    prometheus: 'process_parent_pid',
    help: 'Pid of the parent, which changes when a process is adopted',
  },
  kernelBytes('rssFile', 'mm_struct rss_stat, as status RssFile', 'Resident file pages'),
  kernelBytes('rssShmem', 'mm_struct rss_stat, as status RssShmem', 'Resident shmem pages, tmpfs included'),
  kernelBytes(
    'swapAnon',
    'mm_struct rss_stat, as status VmSwap',
    'Swapped-out anonymous memory; swapped-out shmem is in none of the counters of a process',
  ),
  kernelBytes('pageTables', 'mm_struct pgtables_bytes, as status VmPTE', 'Memory of the page tables'),
  kernelBytes('stackSize', 'mm_struct stack_vm, as status VmStk', 'Size of the main stack, resident or not'),
  kernelBytes('lockedSize', 'mm_struct locked_vm, as status VmLck', 'Address space locked in RAM'),
  kernelBytes('hwm', 'mm_struct hiwater_rss, as status VmHWM', 'Most resident memory since the last exec'),
  kernelBytes('vsizePeak', 'mm_struct hiwater_vm, as status VmPeak', 'Largest address space since the last exec'),
  kernelBytes('rssLow', 'tracepoint rss_stat', 'Least resident memory since the tick before'),
  kernelBytes('rssHigh', 'tracepoint rss_stat', 'Most resident memory since the tick before'),
  kernelId('uid', 'cred euid', 'Effective user id of the process, in the initial user namespace'),
  kernelId('cgroupId', 'kernfs_node id of the cgroup v2', 'Cgroup of the process: the inode of its folder'),
  kernelId('pidNamespace', 'ns_common inum', 'Pid namespace of the process: the inode that /proc/PID/ns/pid shows'),
  rollupBytes('pss', 'Pss', 'Proportional share: every page divided by the number of processes that map it'),
  rollupBytes('pssAnon', 'Pss_Anon', 'Proportional share of anonymous memory'),
  rollupBytes('pssFile', 'Pss_File', 'Proportional share of file pages'),
  rollupBytes('pssShmem', 'Pss_Shmem', 'Proportional share of shmem pages'),
  rollupBytes('pssDirty', 'Pss_Dirty', 'Proportional share of dirty pages'),
  rollupBytes('uss', 'Private_Clean + Private_Dirty', 'Memory that only this process maps, hugetlb not included'),
  rollupBytes('ussHugetlb', 'Private_Hugetlb', 'Hugetlb memory that only this process maps; in neither rss nor uss'),
  rollupBytes('swap', 'Swap', 'Swapped-out memory of this process, shmem included'),
  rollupBytes('swapPss', 'SwapPss', 'Proportional share of swapped-out memory'),
  rollupBytes('referenced', 'Referenced', 'Resident memory marked as accessed'),
  rollupBytes('anonHugePages', 'AnonHugePages', 'Anonymous memory in transparent huge pages'),
  rollupBytes('locked', 'Locked', 'Proportional share of memory locked in RAM'),
  ofRead(
    'rollupHold',
    'nanoseconds',
    'duration of the smaps_rollup read',
    "Upper bound of the longest time for which this read held the target's memory map in one go",
  ),
  ofRead(
    'rollupHeld',
    'nanoseconds',
    'sum of the holds of the read',
    "Upper bound of the time for which this read held the target's memory map, all pieces together",
  ),
  ofRead(
    'rollupDuration',
    'nanoseconds',
    'time between begin and end of the read',
    'Time between the begin and the end of this read, pauses included: its values are of no single instant',
  ),
  ofRead(
    'rollupPaced',
    'count',
    'method of the read',
    '0: read whole, from smaps_rollup. 1: read in pieces with pauses, from pagemap',
  ),
  ofRead(
    'sharedPartPpm',
    'count',
    'kpagecount, a sample',
    'Mean part of a shared page that counts for this process, in millionths, of a sample; absent where all were counted',
  ),
  ofRead('sharedPartErrorPpm', 'count', 'kpagecount, a sample', 'Standard error of sharedPartPpm'),
  oomScore(
    'oomScore',
    'oom_score',
    'How soon the kernel kills it when memory runs out: the largest of all goes first, at most 2000',
  ),
  oomScore('oomScoreAdj', 'oom_score_adj', 'What is added to that by setting, from -1000 (never) to 1000'),
] as const satisfies readonly Metric[];

export type MetricName = (typeof METRICS)[number]['name'];

/** Of processes, of the host, and of control groups. */
export const ALL_METRICS: readonly Metric[] = [...METRICS, ...HOST_METRICS, ...CGROUP_METRICS];

const byName = new Map<string, Metric>(ALL_METRICS.map((metric) => [metric.name, metric]));

/** The metric of that name, or undefined. */
export function findMetric(name: string): Metric | undefined {
  return byName.get(name);
}

/** The metrics of one tier, in column order; of an engine: those it reads, the kernel's own after all others. */
export function metricsOf(tier: Tier, engine?: string): readonly Metric[] {
  const isRead = ({ engines }: Metric) => engine === undefined || engines === 'all' || engines === engine;
  return ALL_METRICS.filter((metric) => metric.tier === tier && isRead(metric));
}

/** Column names of the counters tier, in column order. */
export const COUNTER_COLUMNS: readonly string[] = metricsOf('counters').map((metric) => metric.name);

/**
 * By counters column: whether it comes from `stat`, which costs more than `statm` and grows with the threads of a process.
 * A sweep under pressure reads it for some of the slots only.
 */
export const IS_FROM_STAT: readonly boolean[] = metricsOf('counters').map((metric) =>
  metric.source.startsWith('stat '),
);

/** Column names of the rollup tier, in column order. */
export const ROLLUP_COLUMNS: readonly string[] = metricsOf('rollup').map((metric) => metric.name);

const FIRST_HOLD = ROLLUP_COLUMNS.indexOf('rollupHold');
const FIRST_SCORE = ROLLUP_COLUMNS.indexOf('oomScore');

/** Those of them that the kernel's text tells, the first ones. */
export const ROLLUP_FIELDS: readonly string[] = ROLLUP_COLUMNS.slice(0, FIRST_HOLD);

/** Those that tell of the read itself, behind them. */
export const HOLD_COLUMNS: readonly string[] = ROLLUP_COLUMNS.slice(FIRST_HOLD, FIRST_SCORE);

/** Those that other small files tell, the last ones. */
export const SCORE_COLUMNS: readonly string[] = ROLLUP_COLUMNS.slice(FIRST_SCORE);

/**
 * Why a row holds what it holds. The numbers are stored in recordings: they never change, new ones are appended.
 * `no-mm`: the process has no memory of its own (a kernel thread, a zombie), so its memory columns are absent while its
 * times and faults are good. `estimated` occurs only when reading, never in a recording.
 */
export const STATUSES = [
  'ok',
  'denied',
  'gone',
  'no-mm',
  'timeout',
  'unsupported',
  'not-due',
  'lost',
  'estimated',
] as const;

export type StatusName = (typeof STATUSES)[number];

export const Status = {
  ok: 0,
  denied: 1,
  gone: 2,
  noMm: 3,
  timeout: 4,
  unsupported: 5,
  notDue: 6,
  lost: 7,
  estimated: 8,
} as const;

/** The facts of the host that produced a text, without which its numbers have no unit. */
export interface HostUnits {
  /** Bytes of a page, a power of two. */
  readonly pageSize: number;
  /** Clock ticks of a second, `sysconf(_SC_CLK_TCK)`. */
  readonly clockTicksPerSecond: number;
}

/** One step of a metric in its own unit on a host. */
export function quantumOf(metric: Metric, host: HostUnits): number {
  switch (metric.quantum) {
    case 'page':
      return host.pageSize;
    case 'kibibyte':
      return 1024;
    case 'clock-tick':
      return 1e9 / host.clockTicksPerSecond;
    case 'microsecond':
      return 1000;
    case 'hundredth':
      return 0.01;
    case 'one':
      return 1;
  }
}
