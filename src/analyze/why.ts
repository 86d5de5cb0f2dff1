/**
 * Why the memory of one process is what it is: all that `tidemark why` tells, whether it was watched or recorded.
 *
 * The trap: much of it may not be known, and each lack has a cause that somebody can do something about. What is not known is
 * NaN or absent, never 0, and `unseen` says what, why, and what to grant.
 */
import type { GrowthLine, Until } from './growth-line.js';
import type { MemoryBreakdown } from './why-memory.js';
import type { Sharing } from './why-sharing.js';

/** Bytes but for `threads` and the faults, which are counts; NaN: not known. */
export const WHY_NUMBERS = [
  'rss',
  'rssAnon',
  'rssFile',
  'rssShmem',
  'pss',
  'uss',
  'swap',
  'swapAnon',
  'vsize',
  'vsizePeak',
  'hwm',
  'pageTables',
  'lockedSize',
  'threads',
] as const;
export type WhyNumbers = Readonly<Record<(typeof WHY_NUMBERS)[number], number>>;

export interface WhyProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly comm: string;
  readonly commHex?: string;
  /** Its arguments with spaces between them, where they are known. */
  readonly commandLine?: string;
}

/** A limit that more memory of this process runs into. */
export interface LimitLine {
  readonly kind: 'address-space' | 'data' | 'group-max' | 'group-high' | 'host';
  /** Of a group its path. */
  readonly path?: string;
  /** Bytes: what is allowed, and what of it is taken now. */
  readonly limit: number;
  readonly used: number;
  /** The most that ever was taken; absent: not told. */
  readonly peak?: number;
  /** Page cache in `used`, which the kernel drops before it kills; absent: not told. */
  readonly cache?: number;
  /** Processes that were killed for it. */
  readonly oomKills?: number;
  /** How long before the state `used` was read, where it was recorded now and then. */
  readonly usedAgeNs?: bigint;
  /** How what is taken moves; absent: not known. */
  readonly growth?: GrowthLine;
  /** `growth` is that of the process, since what is taken of the limit was not followed. */
  readonly isGrowthOfProcess?: true;
  readonly until: Until;
}

export interface Faults {
  /** Over the time that was watched; NaN: not known. */
  readonly minor: number;
  readonly major: number;
  readonly seconds: number;
}

export interface Unseen {
  /** Half a sentence: what is missing here. */
  readonly what: string;
  readonly why: string;
  /** What to do to see it; absent: nothing helps. */
  readonly grant?: string;
}

export interface Why {
  readonly source: 'live' | 'recording';
  readonly process: WhyProcess;
  /** It ended before the time was over: this is what it had come to. */
  readonly hasEnded?: true;
  /** Unix nanoseconds of the state, and of the begin of the time over which rates are. */
  readonly atNs: bigint;
  readonly sinceNs: bigint;
  readonly numbers: WhyNumbers;
  /** Its last tick, where it was exiting then: what is told is of the tick before its memory was freed. */
  readonly atExit?: { readonly rss: number; readonly atNs: bigint };
  /** `pss` and `uss` are estimated from the last deep read by the counters, since less is resident than was its share then. */
  readonly isShareEstimated?: true;
  /** How long before `atNs` PSS, USS and swap were read, where they were recorded now and then. */
  readonly shareAgeNs?: bigint;
  /** How long before `atNs` the mappings were read; absent where they were not. */
  readonly mappingsAgeNs?: bigint;
  readonly memory?: MemoryBreakdown;
  readonly sharing?: Sharing;
  /** Of all resident memory; absent where it was read too rarely. */
  readonly growth?: GrowthLine;
  /** Of mappings, what moves most first. */
  readonly mappingGrowth: readonly GrowthLine[];
  /** Since when nine tenths of what the process has grown by have come, and what it had then; of recordings only. */
  readonly grownSince?: { readonly rss: number; readonly atNs: bigint };
  /** Most resident bytes that were seen, where the kernel's own mark is not known. */
  readonly mostSeen?: { readonly rss: number; readonly atNs: bigint };
  /** The nearest first. */
  readonly limits: readonly LimitLine[];
  readonly faults: Faults;
  readonly unseen: readonly Unseen[];
  /** Live: for how long the memory map of the process was held by the reads made here, at most; nanoseconds, and how often. */
  readonly held?: { readonly longestNs: number; readonly reads: number };
}

/** What is met first, and then what is fullest. */
export function nearestFirst(limits: readonly LimitLine[]): LimitLine[] {
  const rank = ({ until }: LimitLine) => (until.state === 'reached' ? 0 : until.state === 'in' ? 1 : 2);
  const seconds = ({ until }: LimitLine) => (until.state === 'in' ? until.seconds : 0);
  const share = ({ used, limit }: LimitLine) => used / limit || 0;
  return [...limits].sort((a, b) => rank(a) - rank(b) || seconds(a) - seconds(b) || share(b) - share(a));
}

/** Those that move, the fastest first; what stands still is left out. */
export function movingFirst(lines: readonly GrowthLine[]): GrowthLine[] {
  const change = ({ first, last }: GrowthLine) => Math.abs(last - first);
  const moves = lines.filter((line) => line.verdict === 'grows' || line.verdict === 'shrinks' || isShortMove(line));
  const rank = ({ verdict }: GrowthLine) => (verdict === 'grows' ? 0 : 1);
  return moves.sort((a, b) => rank(a) - rank(b) || change(b) - change(a));
}

/** Seen too seldom for a verdict, and changed. */
function isShortMove({ verdict, first, last }: GrowthLine): boolean {
  return verdict === 'too-short' && first !== last;
}
