/**
 * What is read of each control group that accounts memory, of version 1 and 2 by the same names.
 *
 * The traps: a group's numbers hold those of the groups below it (of version 1: the `total_` fields); a limit of "max" is
 * `Infinity`, which is not the same as a limit that was not read; `memory.stat` lags behind `memory.current`, since the
 * kernel sums it up when asked and leaves small rests; and the counters of a group that was made anew begin at 0.
 */
import { type Metric, snakeOf } from './metric.js';

export const CGROUP_METRICS = [
  gauge(
    'cgroupCurrent',
    'memory.current',
    'memory.usage_in_bytes',
    'Memory charged to the group, page cache and kernel included',
  ),
  gauge('cgroupMax', 'memory.max', 'memory.limit_in_bytes', 'What is never exceeded: beyond it the kernel kills'),
  gauge('cgroupHigh', 'memory.high', undefined, 'Beyond it the kernel slows down and takes back'),
  gauge('cgroupLow', 'memory.low', undefined, 'What is taken back last'),
  gauge('cgroupMin', 'memory.min', undefined, 'What is never taken back'),
  gauge(
    'cgroupPeak',
    'memory.peak',
    'memory.max_usage_in_bytes',
    'The most that was ever charged, since the group was made or its peak was reset',
  ),
  gauge('cgroupSwap', 'memory.swap.current', 'memory.stat total_swap', 'Swapped-out memory of the group'),
  gauge('cgroupSwapMax', 'memory.swap.max', undefined, 'The most that may be swapped out'),
  gauge('cgroupZswap', 'memory.zswap.current', undefined, 'RAM that its compressed swapped-out memory takes'),
  stat('cgroupAnon', 'anon', 'total_rss', 'Anonymous memory'),
  stat('cgroupFile', 'file', 'total_cache', 'Page cache, shmem included'),
  stat('cgroupShmem', 'shmem', 'total_shmem', 'Shared memory and tmpfs'),
  stat('cgroupFileMapped', 'file_mapped', 'total_mapped_file', 'Page cache that processes map'),
  stat('cgroupFileDirty', 'file_dirty', 'total_dirty', 'Page cache to be written to disk'),
  stat('cgroupFileWriteback', 'file_writeback', 'total_writeback', 'Page cache that is being written'),
  stat('cgroupSwapCached', 'swapcached', 'total_swapcached', 'Memory that is in RAM and in swap'),
  stat('cgroupAnonHugePages', 'anon_thp', 'total_rss_huge', 'Anonymous memory in transparent huge pages'),
  stat(
    'cgroupInactiveAnon',
    'inactive_anon',
    'total_inactive_anon',
    'Anonymous memory that would be swapped out first',
  ),
  stat('cgroupActiveAnon', 'active_anon', 'total_active_anon', 'Anonymous memory used lately'),
  stat(
    'cgroupInactiveFile',
    'inactive_file',
    'total_inactive_file',
    'Page cache that would be dropped first: what is charged less this is the working set of Kubernetes',
  ),
  stat('cgroupActiveFile', 'active_file', 'total_active_file', 'Page cache used lately'),
  stat('cgroupUnevictable', 'unevictable', 'total_unevictable', 'Memory that cannot be taken back'),
  stat(
    'cgroupKernel',
    'kernel',
    'memory.kmem.usage_in_bytes',
    'Memory of the kernel for the group: slabs, stacks, page tables and others',
  ),
  stat('cgroupKernelStack', 'kernel_stack', undefined, 'Kernel stacks'),
  stat('cgroupPageTables', 'pagetables', undefined, 'Page tables'),
  stat('cgroupPercpu', 'percpu', undefined, 'Per-CPU memory of the kernel'),
  stat('cgroupVmalloc', 'vmalloc', undefined, 'Memory of vmalloc'),
  stat('cgroupSocket', 'sock', 'memory.kmem.tcp.usage_in_bytes', 'Buffers of network connections'),
  stat('cgroupSlabReclaimable', 'slab_reclaimable', undefined, 'Slabs that can be taken back'),
  stat('cgroupSlabUnreclaimable', 'slab_unreclaimable', undefined, 'Slabs that cannot be taken back'),
  event('cgroupPageFaults', 'memory.stat pgfault', 'memory.stat total_pgfault', 'Page faults'),
  event(
    'cgroupMajorFaults',
    'memory.stat pgmajfault',
    'memory.stat total_pgmajfault',
    'Page faults that had to wait for a disk',
  ),
  event(
    'cgroupRefaultAnon',
    'memory.stat workingset_refault_anon',
    'memory.stat total_workingset_refault_anon',
    'Swapped-out pages that were wanted back soon',
  ),
  event(
    'cgroupRefaultFile',
    'memory.stat workingset_refault_file',
    'memory.stat total_workingset_refault_file',
    'Dropped pages of files that were wanted back soon',
  ),
  event('cgroupScanned', 'memory.stat pgscan', undefined, 'Pages looked at to take them back'),
  event('cgroupStolen', 'memory.stat pgsteal', undefined, 'Pages taken back'),
  event(
    'cgroupLowEvents',
    'memory.events low',
    undefined,
    'Times that it was taken back from though below its protection',
  ),
  event('cgroupHighEvents', 'memory.events high', undefined, 'Times that it was slowed down for being beyond `high`'),
  event('cgroupMaxEvents', 'memory.events max', 'memory.failcnt', 'Times that it was about to exceed its limit'),
  event('cgroupOomEvents', 'memory.events oom', undefined, 'Times that nothing could be taken back at its limit'),
  event(
    'cgroupOomKills',
    'memory.events oom_kill',
    'memory.oom_control oom_kill',
    'Processes killed in it for want of memory',
  ),
  pressure('cgroupMemorySome', 'memory', 'some'),
  pressure('cgroupMemoryFull', 'memory', 'full'),
  ofRead(
    'cgroupDepth',
    'What the read looked at: 0 the charge alone, 1 also what moves with it, 2 all; the rest holds what an earlier read told',
  ),
] as const satisfies readonly Metric[];

export type CgroupMetricName = (typeof CGROUP_METRICS)[number]['name'];

/** Column names of the cgroup tier, in column order. */
export const CGROUP_COLUMNS: readonly CgroupMetricName[] = CGROUP_METRICS.map(({ name }) => name);

/** How much of a group a read looks at, as `cgroupDepth` tells it. */
export const GroupDepth = { charge: 0, moving: 1, whole: 2 } as const;

const CHARGE: readonly string[] = ['cgroupCurrent', 'cgroupDepth'];
/** What people or the kernel's settings change, seldom. */
const WHOLE: readonly string[] = [
  ...['cgroupMax', 'cgroupHigh', 'cgroupLow', 'cgroupMin', 'cgroupSwapMax', 'cgroupZswap'],
];

/** By column: the least `cgroupDepth` of a read that looked at it. */
export const CGROUP_DEPTHS: readonly number[] = CGROUP_COLUMNS.map((name) => {
  if (CHARGE.includes(name)) return GroupDepth.charge;
  return WHOLE.includes(name) ? GroupDepth.whole : GroupDepth.moving;
});

function named<const N extends string>(name: N, unit: string) {
  const snake = snakeOf(name).replace(/^cgroup_/, '');
  return {
    name,
    tier: 'cgroup',
    engines: 'all',
    otel: `container.linux.memory.${snake}`,
    prometheus: `cgroup_${snake}${unit}`,
  } as const;
}

function sources(version2: string, version1: string | undefined): string {
  return version1 === undefined ? `${version2}; not in version 1` : `${version2}; of version 1 ${version1}`;
}

function gauge<const N extends string>(name: N, version2: string, version1: string | undefined, help: string) {
  const form = { unit: 'bytes', kind: 'gauge', quantum: 'page', exactness: 'exact' } as const;
  return { ...named(name, '_bytes'), ...form, source: sources(version2, version1), help } as const;
}

function stat<const N extends string>(name: N, field: string, version1: string | undefined, help: string) {
  const form = { unit: 'bytes', kind: 'gauge', quantum: 'page', exactness: 'approximate' } as const;
  const first = version1?.startsWith('total_') ? `memory.stat ${version1}` : version1;
  return { ...named(name, '_bytes'), ...form, source: sources(`memory.stat ${field}`, first), help } as const;
}

function event<const N extends string>(name: N, version2: string, version1: string | undefined, help: string) {
  const form = { unit: 'count', kind: 'counter', quantum: 'one', exactness: 'exact' } as const;
  return { ...named(name, '_total'), ...form, source: sources(version2, version1), help } as const;
}

/** What the read itself was like. */
function ofRead<const N extends string>(name: N, help: string) {
  const form = { unit: 'count', kind: 'gauge', quantum: 'one', exactness: 'measured-here' } as const;
  return { ...named(name, ''), ...form, source: 'the read itself', help } as const;
}

function pressure<const N extends string>(name: N, what: string, who: 'some' | 'full') {
  const form = { unit: 'nanoseconds', kind: 'counter', quantum: 'microsecond', exactness: 'exact' } as const;
  const waited = who === 'some' ? 'at least one of its tasks waited' : 'all of its tasks that were not idle waited';
  return {
    ...named(name, '_stalled_nanoseconds_total'),
    ...form,
    source: sources(`${what}.pressure ${who} total`, undefined),
    help: `Time in which ${waited} for ${what}`,
  } as const;
}
