/**
 * What is read of the host: one row, of `meminfo`, `vmstat`, `zoneinfo`, `pressure/*` and zram.
 *
 * The traps: `Cached` holds shmem and no swap cache, `Mapped` holds mapped shmem, and `Slab` is the sum of two others, so these
 * are never added up as they are (`analyze/balance.ts`); `vmstat` counts in pages and in events; and a kernel without swap
 * accounting, PSI, hugetlb or zram has no such lines, which is not 0.
 */
import { type Metric, snakeOf } from './metric.js';

export const HOST_METRICS = [
  meminfo(
    'hostMemTotal',
    'MemTotal',
    'Memory that the kernel manages: what is built in, less what firmware and the kernel image took',
  ),
  meminfo('hostMemFree', 'MemFree', 'Memory that nobody uses'),
  meminfo('hostMemAvailable', 'MemAvailable', 'What could be had without swapping, as the kernel guesses'),
  meminfo('hostBuffers', 'Buffers', 'Page cache of block devices'),
  meminfo('hostCached', 'Cached', 'Page cache of files, with shmem, without buffers and swap cache'),
  meminfo('hostSwapCached', 'SwapCached', 'Memory that is in RAM and in swap'),
  meminfo('hostActiveAnon', 'Active(anon)', 'Anonymous memory and shmem used lately'),
  meminfo('hostInactiveAnon', 'Inactive(anon)', 'Anonymous memory and shmem that would be swapped out first'),
  meminfo('hostActiveFile', 'Active(file)', 'Page cache used lately'),
  meminfo('hostInactiveFile', 'Inactive(file)', 'Page cache that would be dropped first'),
  meminfo('hostUnevictable', 'Unevictable', 'Memory that cannot be taken back, locked by a process or by its nature'),
  meminfo('hostMlocked', 'Mlocked', 'Memory locked by processes'),
  meminfo('hostSwapTotal', 'SwapTotal', 'Swap space'),
  meminfo('hostSwapFree', 'SwapFree', 'Swap space that is not used'),
  meminfo('hostZswap', 'Zswap', 'RAM that compressed swapped-out memory takes'),
  meminfo('hostZswapped', 'Zswapped', 'Memory that is in it, as large as it was'),
  meminfo('hostDirty', 'Dirty', 'Page cache to be written to disk'),
  meminfo('hostWriteback', 'Writeback', 'Page cache that is being written'),
  meminfo('hostAnonPages', 'AnonPages', 'Anonymous memory mapped by processes'),
  meminfo('hostMapped', 'Mapped', 'Files and shmem mapped by at least one process'),
  meminfo('hostShmem', 'Shmem', 'Shared memory and tmpfs, mapped or not'),
  meminfo('hostKReclaimable', 'KReclaimable', 'Memory of the kernel that it can take back: slabs and others'),
  meminfo('hostSlabReclaimable', 'SReclaimable', 'Slabs that can be taken back, mostly of directories and inodes'),
  meminfo('hostSlabUnreclaimable', 'SUnreclaim', 'Slabs that cannot be taken back'),
  meminfo('hostKernelStack', 'KernelStack', 'Kernel stacks of all threads'),
  meminfo('hostPageTables', 'PageTables', 'Page tables of all processes'),
  meminfo('hostSecPageTables', 'SecPageTables', 'Page tables of virtual machines and of devices'),
  meminfo('hostCommitted', 'Committed_AS', 'Memory that was promised to processes, used or not'),
  meminfo('hostCommitLimit', 'CommitLimit', 'What may be promised where overcommit is forbidden'),
  meminfo('hostVmallocUsed', 'VmallocUsed', 'Address space of vmalloc in use'),
  meminfo('hostPercpu', 'Percpu', 'Memory of per-CPU variables of the kernel'),
  meminfo('hostHardwareCorrupted', 'HardwareCorrupted', 'Memory put aside as broken'),
  meminfo('hostAnonHugePages', 'AnonHugePages', 'Anonymous memory in transparent huge pages'),
  meminfo('hostShmemHugePages', 'ShmemHugePages', 'Shmem in transparent huge pages'),
  meminfo('hostFileHugePages', 'FileHugePages', 'Page cache in transparent huge pages'),
  meminfo('hostBalloon', 'Balloon', 'Memory that a balloon driver gave back to the hypervisor'),
  meminfo('hostCmaTotal', 'CmaTotal', 'Memory set aside for contiguous allocations'),
  meminfo('hostCmaFree', 'CmaFree', 'What of it is free'),
  meminfo('hostHugetlb', 'Hugetlb', 'Pool of hugetlb pages of all sizes, used or not'),
  meminfo('hostNfsUnstable', 'NFS_Unstable', 'Pages sent to an NFS server and not yet on its disk'),
  meminfo('hostBounce', 'Bounce', 'Bounce buffers of block devices'),
  vmstat('hostPageFaults', 'pgfault', 'Page faults'),
  vmstat('hostMajorFaults', 'pgmajfault', 'Page faults that had to wait for a disk'),
  vmstat('hostPagedIn', 'pgpgin', 'KiB read from disks for pages'),
  vmstat('hostPagedOut', 'pgpgout', 'KiB written to disks from pages'),
  vmstat('hostSwappedIn', 'pswpin', 'Pages read from swap'),
  vmstat('hostSwappedOut', 'pswpout', 'Pages written to swap'),
  vmstat('hostScannedKswapd', 'pgscan_kswapd', 'Pages looked at by kswapd to take them back'),
  vmstat('hostScannedDirect', 'pgscan_direct', 'Pages looked at by who had to wait for memory'),
  vmstat('hostStolenKswapd', 'pgsteal_kswapd', 'Pages taken back by kswapd'),
  vmstat('hostStolenDirect', 'pgsteal_direct', 'Pages taken back by who had to wait for memory'),
  vmstat('hostAllocStalls', 'allocstall_*', 'Times that somebody had to wait and take back pages himself'),
  vmstat('hostOomKills', 'oom_kill', 'Processes killed for want of memory, in control groups too'),
  vmstat('hostCompactStalls', 'compact_stall', 'Times that somebody had to wait for compaction'),
  vmstat('hostRefaultAnon', 'workingset_refault_anon', 'Swapped-out pages that were wanted back soon'),
  vmstat('hostRefaultFile', 'workingset_refault_file', 'Dropped pages of files that were wanted back soon'),
  vmstat('hostThpFaults', 'thp_fault_alloc', 'Huge pages given at a page fault'),
  zone('hostZoneMin', 'min', 'Free memory below which only the kernel itself is served'),
  zone('hostZoneLow', 'low', 'Free memory below which kswapd begins to take back'),
  zone('hostZoneHigh', 'high', 'Free memory at which kswapd rests'),
  zone('hostPcpFree', 'count of pagesets', 'Free memory in the lists of single CPUs, which is not in `hostMemFree`'),
  average('hostMemorySome10', 'memory', 'some'),
  average('hostMemoryFull10', 'memory', 'full'),
  stalled('hostMemorySome', 'memory', 'some'),
  stalled('hostMemoryFull', 'memory', 'full'),
  stalled('hostIoSome', 'io', 'some'),
  stalled('hostIoFull', 'io', 'full'),
  stalled('hostCpuSome', 'cpu', 'some'),
  zram('hostZramStored', 'orig_data_size', 'Memory that is in zram devices, as large as it was'),
  zram('hostZramCompressed', 'compr_data_size', 'The same, compressed'),
  zram('hostZramUsed', 'mem_used_total', 'RAM that zram devices take'),
] as const satisfies readonly Metric[];

export type HostMetricName = (typeof HOST_METRICS)[number]['name'];

/** Column names of the host tier, in column order. */
export const HOST_COLUMNS: readonly HostMetricName[] = HOST_METRICS.map(({ name }) => name);

function named<const N extends string>(name: N, unit: string) {
  const snake = snakeOf(name).replace(/^host_/, '');
  return {
    name,
    tier: 'host',
    engines: 'all',
    otel: `system.linux.memory.${snake}`,
    prometheus: `host_${snake}${unit}`,
  } as const;
}

function meminfo<const N extends string>(name: N, key: string, help: string) {
  const form = { unit: 'bytes', kind: 'gauge', quantum: 'kibibyte', exactness: 'approximate' } as const;
  return { ...named(name, '_bytes'), ...form, source: `meminfo ${key}`, help } as const;
}

function vmstat<const N extends string>(name: N, key: string, help: string) {
  const form = { unit: 'count', kind: 'counter', quantum: 'one', exactness: 'approximate' } as const;
  return { ...named(name, '_total'), ...form, source: `vmstat ${key}`, help } as const;
}

function zone<const N extends string>(name: N, key: string, help: string) {
  const form = { unit: 'bytes', kind: 'gauge', quantum: 'page', exactness: 'exact' } as const;
  return { ...named(name, '_bytes'), ...form, source: `zoneinfo ${key}, all zones`, help } as const;
}

function average<const N extends string>(name: N, what: string, who: 'some' | 'full') {
  const form = { unit: 'percent', kind: 'gauge', quantum: 'hundredth', exactness: 'approximate' } as const;
  const help = `Percent of the last 10 s in which ${waiting(who)} for ${what}, as the kernel averages it`;
  return { ...named(name, '_percent'), ...form, source: `pressure/${what} ${who} avg10`, help } as const;
}

function stalled<const N extends string>(name: N, what: string, who: 'some' | 'full') {
  const form = { unit: 'nanoseconds', kind: 'counter', quantum: 'microsecond', exactness: 'exact' } as const;
  const help = `Time in which ${waiting(who)} for ${what}`;
  return {
    ...named(name, '_stalled_nanoseconds_total'),
    ...form,
    source: `pressure/${what} ${who} total`,
    help,
  } as const;
}

function waiting(who: 'some' | 'full'): string {
  return who === 'some' ? 'at least one task waited' : 'all tasks that were not idle waited';
}

function zram<const N extends string>(name: N, field: string, help: string) {
  const form = { unit: 'bytes', kind: 'gauge', quantum: 'one', exactness: 'exact' } as const;
  return { ...named(name, '_bytes'), ...form, source: `/sys/block/zram*/mm_stat ${field}, all devices`, help } as const;
}
