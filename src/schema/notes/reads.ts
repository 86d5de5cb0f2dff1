/**
 * What reading each source costs whom: the lock that it takes on its target, what it needs, and how exact its numbers are.
 *
 * The trap: "reads a file of procfs" says nothing. `statm` prints counters that the kernel keeps anyhow; `smaps_rollup` walks
 * the page tables with the memory map of the target locked, and a target that wants to map memory waits as long.
 */
import type { Metric } from '../metric.js';

export interface Read {
  /** What is read, as a person would find it. */
  readonly file: string;
  readonly lock: string;
  readonly needs: string;
  /** How exact what it tells is, beyond the unit in which it is told. */
  readonly exactness: string;
}

const ANYBODY = 'nothing, unless procfs is mounted with hidepid';
const NO_LOCK = 'none on any process';
const BPF_READ = {
  lock: 'none: a program in the kernel reads the numbers where they lie',
  needs: 'the engine bpf: CAP_BPF and CAP_PERFMON, or root',
} as const;
const COUNTED = 'exact: the counts of all CPUs are added up';

/** By the first word of a metric's `source`. */
const READS = {
  statm: {
    file: '/proc/PID/statm',
    lock: 'none: neither the memory map nor the page tables of the target are touched',
    needs: ANYBODY,
    exactness:
      'exact where the kernel adds up the counts of all CPUs for this file: Linux 6.16 and later, and stable kernels since ' +
      'July 2025. From 6.2 until then it may be off by tens of pages for each CPU, before 6.2 by up to 64 pages for each thread',
  },
  stat: {
    file: '/proc/PID/stat',
    lock: 'not the memory map; the signal lock of the process, while the times of its threads are added up',
    needs: ANYBODY,
    exactness: 'of the whole process, threads that have ended included',
  },
  smaps_rollup: {
    file: '/proc/PID/smaps_rollup; of large processes pagemap in pieces, with pauses',
    lock:
      'the memory map of the target (mmap lock), for reading, while its page tables are walked: about 25 ns for each resident ' +
      'page of 4 KiB, during which the target cannot map or unmap memory. `--max-hold` bounds it, `rollupHold` tells it',
    needs: 'to be the same user with no more rights than we have, or CAP_SYS_PTRACE; PSS in pieces CAP_SYS_ADMIN',
    exactness: 'of the pages found in one walk, cut to whole KiB; processes that run change while it walks',
  },
  oom_score: {
    file: '/proc/PID/oom_score, along with each deep read',
    lock: 'none of memory: the lock of the task, for an instant',
    needs: ANYBODY,
    exactness: 'what the kernel would go by at that instant, of resident and swapped memory and page tables',
  },
  oom_score_adj: {
    file: '/proc/PID/oom_score_adj, along with each deep read',
    lock: 'none',
    needs: ANYBODY,
    exactness: 'exact',
  },
  mm_struct: { file: 'struct mm_struct, by the engine bpf', ...BPF_READ, exactness: COUNTED },
  tracepoint: {
    file: 'tracepoint rss_stat, by the engine bpf',
    ...BPF_READ,
    exactness: 'exact at each change of a count that the kernel reports, which is not each page',
  },
  cred: { file: 'struct cred, by the engine bpf', ...BPF_READ, exactness: 'exact' },
  kernfs_node: { file: 'struct kernfs_node, by the engine bpf', ...BPF_READ, exactness: 'exact' },
  ns_common: { file: 'struct ns_common, by the engine bpf', ...BPF_READ, exactness: 'exact' },
  kpagecount: {
    file: '/proc/kpagecount, for the pages that pagemap tells',
    lock: 'none on the target: it is asked by page frame',
    needs: 'CAP_SYS_ADMIN',
    exactness: 'of a sample of the shared pages, so it comes with a standard error',
  },
  here: {
    file: 'no file: the read itself, timed here',
    lock: 'none of its own',
    needs: 'nothing',
    exactness: 'measured around the system call: an upper bound of what the target noticed',
  },
  meminfo: {
    file: '/proc/meminfo',
    lock: NO_LOCK,
    needs: 'nothing',
    exactness:
      'approximate: the kernel keeps counts for each CPU and does not add up the rests; the lines are of no one instant',
  },
  vmstat: {
    file: '/proc/vmstat',
    lock: NO_LOCK,
    needs: 'nothing',
    exactness: 'approximate: the CPUs are added up one after the other while they count on',
  },
  zoneinfo: {
    file: '/proc/zoneinfo',
    lock: `${NO_LOCK}; the lock of each memory zone while it is printed`,
    needs: 'nothing',
    exactness: 'exact while a zone is printed',
  },
  pressure: {
    file: '/proc/pressure/*',
    lock: `${NO_LOCK}; a mutex of the averages`,
    needs: 'nothing; a kernel with PSI that is not switched off',
    exactness: 'the averages are renewed every 2 s; the totals are of the moment',
  },
  zram: {
    file: '/sys/block/zram*/mm_stat',
    lock: `${NO_LOCK}; the device is kept from being reset`,
    needs: 'nothing',
    exactness: 'exact',
  },
  group: {
    file: 'the file in the folder of the control group',
    lock: `${NO_LOCK}: the kernel reads one count`,
    needs: 'to see the folder of the group',
    exactness: 'exact; memory is charged in batches, up to 64 pages ahead on each CPU',
  },
  'memory.stat': {
    file: 'memory.stat in the folder of the control group',
    lock: `${NO_LOCK}; the kernel adds up what CPUs and groups below have not told yet, under a lock of all groups`,
    needs: 'to see the folder of the group',
    exactness: 'approximate: the kernel adds up only when enough has changed or two seconds have gone',
  },
  group_pressure: {
    file: '*.pressure in the folder of the control group',
    lock: `${NO_LOCK}; a mutex of the averages`,
    needs: 'to see the folder of the group; a kernel with PSI that is not switched off, version 2',
    exactness: 'the totals are of the moment',
  },
} as const satisfies Record<string, Read>;

export type ReadName = keyof typeof READS;

/** What reading the metric takes. Throws a `TypeError` for a source that nothing is known of: then it belongs above. */
export function readOf({ name, source, tier, exactness }: Metric): Read {
  const first = source.split(/[ ,;/]/, 1)[0]!;
  const key =
    exactness === 'measured-here' && first !== 'kpagecount'
      ? 'here'
      : source.startsWith('/sys/block/zram')
        ? 'zram'
        : tier !== 'cgroup'
          ? first
          : first === 'memory.stat' || first.endsWith('.pressure')
            ? first.replace(/.*\.pressure$/, 'group_pressure')
            : 'group';
  if (!Object.hasOwn(READS, key)) throw new TypeError(`Expected to know what reading "${source}" for ${name} takes`);
  return READS[key as ReadName];
}

/** Every way of reading, in the order in which they are told. */
export const ALL_READS: readonly Read[] = Object.values(READS);
