/**
 * What programs that look at hosts, containers and control groups call the metrics.
 *
 * The traps: "usage" of docker is not what is charged, "rss" of a container is not what a process calls RSS, and each of them
 * leaves out another part of the page cache.
 */
import { namesOf } from './foreign-name.js';

const WORKING_SET = 'never below 0';
const FREED = 'of version 1 total_inactive_file. What is not greater than the charge is taken from it';

export const HOST_NAMES = [
  ...namesOf('docker stats', [
    ['MEM USAGE|usage', 'cgroupCurrent - cgroupInactiveFile', 'bytes', `${FREED}; the API gives both parts`],
    ['LIMIT', 'cgroupMax', 'bytes', 'MemTotal of the host where the group has none'],
    ['MEM %', '100 * (cgroupCurrent - cgroupInactiveFile) / cgroupMax', '%'],
  ]),
  ...namesOf('kubernetes', [
    [
      'kubectl top|workingSetBytes|working set|workingset',
      'cgroupCurrent - cgroupInactiveFile',
      'bytes',
      `${WORKING_SET}; eviction of pods goes by it, the OOM killer by cgroupCurrent`,
    ],
    ['usageBytes', 'cgroupCurrent', 'bytes', 'of the summary of the kubelet'],
    ['rssBytes', 'cgroupAnon', 'bytes', 'anonymous memory only: not the RSS of its processes'],
    ['availableBytes', 'cgroupMax - (cgroupCurrent - cgroupInactiveFile)', 'bytes', 'of containers with a limit'],
    ['limits.memory|resources.limits.memory', 'cgroupMax', 'bytes'],
    ['pageFaults', 'cgroupPageFaults', 'count'],
    ['majorPageFaults', 'cgroupMajorFaults', 'count'],
  ]),
  ...namesOf('cAdvisor', [
    ['container_memory_usage_bytes', 'cgroupCurrent', 'bytes'],
    ['container_memory_working_set_bytes', 'cgroupCurrent - cgroupInactiveFile', 'bytes', WORKING_SET],
    ['container_memory_rss', 'cgroupAnon', 'bytes', 'anonymous memory: of version 1 total_rss, of version 2 anon'],
    ['container_memory_cache', 'cgroupFile', 'bytes', 'with shmem'],
    ['container_memory_mapped_file', 'cgroupFileMapped', 'bytes'],
    ['container_memory_max_usage_bytes', 'cgroupPeak', 'bytes'],
    ['container_memory_failcnt', 'cgroupMaxEvents', 'count', 'of version 1 only'],
    ['container_memory_swap', 'cgroupSwap', 'bytes'],
    ['container_spec_memory_limit_bytes', 'cgroupMax', 'bytes', '0 where there is no limit'],
    [
      'container_oom_events_total',
      '~cgroupOomKills',
      'count',
      'counted from the log of the kernel, since cAdvisor started',
    ],
  ]),
  ...namesOf('systemd', [
    ['MemoryCurrent', 'cgroupCurrent', 'bytes', 'the "Memory:" of systemctl status'],
    ['MemoryPeak', 'cgroupPeak', 'bytes'],
    ['MemoryMax', 'cgroupMax', 'bytes'],
    ['MemoryHigh', 'cgroupHigh', 'bytes'],
    ['MemorySwapCurrent', 'cgroupSwap', 'bytes'],
  ]),
  ...namesOf('free', [
    ['total', 'hostMemTotal', 'KiB'],
    ['used', 'hostMemTotal - hostMemAvailable', 'KiB', 'since procps 4; before that total - free - buffers - cache'],
    ['free', 'hostMemFree', 'KiB'],
    ['shared', 'hostShmem', 'KiB'],
    ['buff/cache', 'hostBuffers + hostCached + hostSlabReclaimable', 'KiB'],
    ['available', 'hostMemAvailable', 'KiB'],
    ['Swap total', 'hostSwapTotal', 'KiB'],
    ['Swap free', 'hostSwapFree', 'KiB'],
    ['Swap used', 'hostSwapTotal - hostSwapFree', 'KiB'],
  ]),
  ...namesOf('vmstat', [
    ['swpd', 'hostSwapTotal - hostSwapFree', 'KiB'],
    ['free', 'hostMemFree', 'KiB'],
    ['buff', 'hostBuffers', 'KiB'],
    ['cache', 'hostCached + hostSlabReclaimable', 'KiB'],
    ['si', 'hostSwappedIn', 'KiB/s', 'its pages, by second'],
    ['so', 'hostSwappedOut', 'KiB/s', 'its pages, by second'],
    ['bi', 'hostPagedIn', 'KiB/s', 'by second'],
    ['bo', 'hostPagedOut', 'KiB/s', 'by second'],
  ]),
];
