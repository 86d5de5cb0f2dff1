/**
 * Where the memory of a host is: its total as a sum of parts, nothing counted twice, and the rest that no counter tells of.
 *
 * The traps, each of which counts something twice or not at all:
 * - `Cached` holds shmem, mapped or not, and `Mapped` holds mapped shmem, which the kernel does not count apart: how much of
 *   it is mapped is bounded by what processes have resident of it;
 * - the stacks of the kernel are vmalloc memory where it maps them (CONFIG_VMAP_STACK), and are then in `VmallocUsed` too;
 * - free pages in the lists of single CPUs are not in `MemFree`;
 * - the swap cache is partly mapped, and then in `AnonPages` too;
 * - what is swapped to zram or zswap is in RAM, in no other line.
 */
import type { HostMetricName } from '../schema.js';

/** Bytes by metric; NaN: not measured. */
export type HostValues = (name: HostMetricName) => number;

/** Shmem that processes map, each as it sees it itself. */
export interface MappedShmem {
  /** Resident in the process that has most of it: so much is mapped at least. */
  readonly most: number;
  /** The sum over all: so much at most. */
  readonly sum: number;
}

export const BALANCE_PARTS = [
  'free',
  'processAnon',
  'processFile',
  'pageCache',
  'shmem',
  'swapCache',
  'slabReclaimable',
  'slabUnreclaimable',
  'pageTables',
  'kernelStacks',
  'vmalloc',
  'perCpu',
  'hugetlb',
  'compressedSwap',
  'otherKernel',
  'unaccounted',
] as const;

export type BalancePartName = (typeof BALANCE_PARTS)[number];

export interface BalancePart {
  readonly name: BalancePartName;
  /** What a table calls it. */
  readonly label: string;
  /** NaN where the kernel does not tell, which leaves it in the rest. */
  readonly bytes: number;
  /** Where no counter tells it alone: between these it lies. Both are `bytes` for what is told. */
  readonly low: number;
  readonly high: number;
  /** Fields of the kernel that it was computed of. */
  readonly source: string;
}

export interface Balance {
  readonly total: number;
  /** In the order of `BALANCE_PARTS`. The last is the rest, and negative where the parts are more than the total. */
  readonly parts: readonly BalancePart[];
}

/** The balance of a reading. Undefined where the total or the free memory was not measured. */
export function balanceOf(values: HostValues, mapped?: MappedShmem): Balance | undefined {
  const total = values('hostMemTotal');
  if (Number.isNaN(total) || Number.isNaN(values('hostMemFree'))) return undefined;
  const parts = [...userParts(values, mapped), ...kernelParts(values)];
  const known = parts.reduce((sum, { bytes }) => sum + (Number.isNaN(bytes) ? 0 : bytes), 0);
  parts.push(told('unaccounted', 'unaccounted', total - known, 'MemTotal less all of the above'));
  return { total, parts };
}

/** A part of the total, from 0 to 1; NaN for what was not measured. */
export function shareOf(bytes: number, { total }: Balance): number {
  return total > 0 ? bytes / total : Number.NaN;
}

function userParts(values: HostValues, mapped: MappedShmem | undefined): BalancePart[] {
  const files = values('hostCached') - values('hostShmem') + values('hostBuffers');
  const [low, high] = mappedFiles(values, files, mapped);
  const guess = (low + high) / 2;
  return [
    told(
      'free',
      'free',
      plus(values('hostMemFree'), values('hostPcpFree')),
      'MemFree + free pages of single CPUs (zoneinfo)',
    ),
    told('processAnon', 'process anonymous', values('hostAnonPages'), 'AnonPages'),
    between('processFile', 'process files', guess, low, high, 'Mapped less the shmem in it'),
    // The same uncertainty, the other way round: the sum of both is told.
    between(
      'pageCache',
      'page cache, not mapped',
      files - guess,
      files - high,
      files - low,
      'Cached - Shmem + Buffers less what is mapped',
    ),
    told('shmem', 'shmem and tmpfs', values('hostShmem'), 'Shmem'),
    swapCache(values),
  ];
}

function kernelParts(values: HostValues): BalancePart[] {
  const stacks = values('hostKernelStack');
  const used = values('hostVmallocUsed');
  // Less than the stacks: so these are not in it.
  const rest = used >= stacks ? used - stacks : used;
  const isTold = !(used >= stacks);
  const vmallocSource = 'VmallocUsed less KernelStack, which is in it where stacks are mapped';
  const misc = Math.max(0, values('hostKReclaimable') - values('hostSlabReclaimable'));
  return [
    told('slabReclaimable', 'slab, reclaimable', values('hostSlabReclaimable'), 'SReclaimable'),
    told('slabUnreclaimable', 'slab, unreclaimable', values('hostSlabUnreclaimable'), 'SUnreclaim'),
    told(
      'pageTables',
      'page tables',
      plus(values('hostPageTables'), values('hostSecPageTables')),
      'PageTables + SecPageTables',
    ),
    told('kernelStacks', 'kernel stacks', stacks, 'KernelStack'),
    between('vmalloc', 'vmalloc', rest, rest, isTold ? rest : used, vmallocSource),
    told('perCpu', 'per-CPU of the kernel', values('hostPercpu'), 'Percpu'),
    told('hugetlb', 'hugetlb pool', values('hostHugetlb'), 'Hugetlb'),
    told(
      'compressedSwap',
      'zram and zswap',
      plus(values('hostZramUsed'), values('hostZswap')),
      'mm_stat of zram + Zswap',
    ),
    told(
      'otherKernel',
      'other of the kernel',
      [misc, values('hostBounce'), values('hostHardwareCorrupted')].reduce(plus),
      'KReclaimable - SReclaimable, Bounce, HardwareCorrupted',
    ),
  ];
}

/** How much of the page cache of files is mapped: `Mapped` less the shmem that is mapped. */
function mappedFiles(values: HostValues, files: number, mapped: MappedShmem | undefined): [low: number, high: number] {
  const all = values('hostMapped');
  const shmem = values('hostShmem');
  const mostShmem = Math.min(shmem, all, mapped?.sum ?? Number.POSITIVE_INFINITY);
  const leastShmem = Math.min(mostShmem, Math.max(all - files, mapped?.most ?? 0, 0));
  const within = (bytes: number) => Math.min(Math.max(0, bytes), Math.max(0, files));
  return [within(all - mostShmem), within(all - leastShmem)];
}

/** What of it is not in `AnonPages`: the lists of anonymous pages hold it, with shmem and without what is locked. */
function swapCache(values: HostValues): BalancePart {
  const all = values('hostSwapCached');
  const onLists = values('hostActiveAnon') + values('hostInactiveAnon') - values('hostAnonPages') - values('hostShmem');
  const guess = Math.min(all, Math.max(0, Number.isNaN(onLists) ? 0 : onLists));
  return between(
    'swapCache',
    'swap cache, not mapped',
    guess,
    0,
    all,
    'Active(anon) + Inactive(anon) - AnonPages - Shmem, at most SwapCached',
  );
}

function told(name: BalancePartName, label: string, bytes: number, source: string): BalancePart {
  return { name, label, bytes, low: bytes, high: bytes, source };
}

function between(
  name: BalancePartName,
  label: string,
  bytes: number,
  low: number,
  high: number,
  source: string,
): BalancePart {
  return { name, label, bytes, low, high, source };
}

/** What was not measured adds nothing to what was. */
function plus(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b;
}
