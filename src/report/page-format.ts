/**
 * What the page is given: the one list of metrics that it draws, and the shape of its data. The maker and the page, which
 * runs in a browser, share this file, so it uses neither Node nor the DOM.
 *
 * The data are blocks, each deflated: `head`, a JSON object (`Head`); `totals`, the courses of all processes together;
 * `courses-N`, the courses of some processes each; `space-N`, the mappings of one process; `v8-N`, what its V8 told.
 *
 * The trap: times. A frame is placed by a bucket: whole steps of `unitMs` since the recording began, by the monotonic clock,
 * so that a wall clock that was set cannot fold the picture. The page adds the wall clock's time of the beginning.
 */

export interface PageMetric {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly unit: 'bytes' | 'nanoseconds' | 'count';
  /** What one step of a stored number stands for. */
  readonly quantum: number;
  /** A counter is drawn as its change per second. */
  readonly kind: 'gauge' | 'counter';
  /** Where it comes from: each tick, or deep reads, between which it is estimated. */
  readonly tier: 'counters' | 'rollup' | 'totals';
}

const bytes = { unit: 'bytes', quantum: 1024, kind: 'gauge' } as const;
const count = { unit: 'count', quantum: 1, kind: 'counter' } as const;

/** The metrics of a process, by number; the totals have all of them and more. */
export const PAGE_METRICS = [
  {
    ...bytes,
    name: 'rss',
    label: 'RSS',
    tier: 'counters',
    help: 'resident memory; shared pages count in each process',
  },
  { ...bytes, name: 'pss', label: 'PSS', tier: 'rollup', help: 'proportional share: each page divided by its users' },
  { ...bytes, name: 'uss', label: 'USS', tier: 'rollup', help: 'memory that only this process maps' },
  { ...bytes, name: 'swap', label: 'Swap', tier: 'rollup', help: 'swapped-out memory' },
  { ...bytes, name: 'rssAnon', label: 'Anonymous RSS', tier: 'counters', help: 'resident anonymous memory' },
  {
    unit: 'nanoseconds',
    quantum: 1e6,
    kind: 'counter',
    name: 'cpu',
    label: 'CPU',
    tier: 'counters',
    help: 'CPU time, user and system',
  },
  { ...count, name: 'minorFaults', label: 'Minor faults', tier: 'counters', help: 'page faults that needed no disk' },
  {
    ...count,
    name: 'majorFaults',
    label: 'Major faults',
    tier: 'counters',
    help: 'page faults that waited for a disk',
  },
  { ...bytes, name: 'pssAnon', label: 'PSS anonymous', tier: 'rollup', help: 'proportional share of anonymous memory' },
  { ...bytes, name: 'pssFile', label: 'PSS file', tier: 'rollup', help: 'proportional share of file pages' },
  { ...bytes, name: 'pssShmem', label: 'PSS shmem', tier: 'rollup', help: 'proportional share of shmem pages' },
  {
    unit: 'count',
    quantum: 1,
    kind: 'gauge',
    name: 'processes',
    label: 'Processes',
    tier: 'totals',
    help: 'processes in each tick',
  },
  {
    unit: 'nanoseconds',
    quantum: 1e4,
    kind: 'counter',
    name: 'ownCpu',
    label: 'CPU of the recorder',
    tier: 'totals',
    help: 'what recording took',
  },
  { ...bytes, name: 'ownRss', label: 'RSS of the recorder', tier: 'totals', help: 'resident memory of the recorder' },
] as const satisfies readonly PageMetric[];

export type PageMetricName = (typeof PAGE_METRICS)[number]['name'];

/** Number of a metric by its name. */
export const MetricNumber = Object.fromEntries(PAGE_METRICS.map(({ name }, index) => [name, index])) as Record<
  PageMetricName,
  number
>;

/** Those that a process has. */
export const PROCESS_METRICS = PAGE_METRICS.filter(({ tier }) => tier !== 'totals').length;

/** A stretch of time in milliseconds since the recording began. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Finding {
  readonly kind: 'killed' | 'grew' | 'peak' | 'churn' | 'unseen' | 'swap' | 'calm';
  /** A sentence; names in it are escaped for a terminal and are still hostile to HTML. */
  readonly text: string;
  readonly stretch: Stretch;
  /** Number of the process that it is about. */
  readonly process?: number;
  readonly metric?: PageMetricName;
}

/** Something at an instant, or over a span when `to` is there. */
export interface PageEvent {
  readonly kind: 'mark' | 'span' | 'gc' | 'exec' | 'exit' | 'oom' | 'arrive' | 'resume' | 'clock';
  /** Milliseconds since the recording began. */
  readonly at: number;
  readonly to?: number;
  readonly text: string;
  /** Number of the process, where it is listed. */
  readonly process?: number;
  /** Among its kind one that stands out: a collection of all of a heap. */
  readonly isLarge?: true;
}

export interface Gap extends Stretch {
  readonly ticks: number;
  /**
   * `missed`: the recorder came too late. `lost`: overwritten or damaged. `unrecorded`: there was no recorder, as between two
   * recordings that were merged, or before one was resumed.
   */
  readonly reason: 'missed' | 'lost' | 'unrecorded';
}

/** One column per fact, one row per process, in the order of their peaks. Null: not measured. */
export interface ProcessColumns {
  readonly key: string[];
  readonly pid: number[];
  readonly name: string[];
  readonly host: (string | null)[];
  readonly parent: number[];
  readonly command: (string | null)[];
  /** Milliseconds of the first and the last tick that has it. */
  readonly first: number[];
  readonly last: number[];
  readonly ended: (string | null)[];
  readonly peak: (number | null)[];
  readonly peakAt: number[];
  /** RSS of the last tick less that of the first. */
  readonly growth: (number | null)[];
  readonly rss: (number | null)[];
  readonly pss: (number | null)[];
  readonly uss: (number | null)[];
  readonly swap: (number | null)[];
  /** Milliseconds of the deep read that PSS, USS and swap are from. */
  readonly readAt: (number | null)[];
  /** Bytes by which RSS rose and fell from tick to tick, added up. */
  readonly churn: (number | null)[];
  readonly cpu: (number | null)[];
  /** Where its courses are: number of the block, and byte in it; -1 where they are not kept. */
  readonly block: number[];
  readonly offset: number[];
  /** Number of the block of its mappings, or -1. */
  readonly space: number[];
  /** Number of the block of what its V8 told, or -1. */
  readonly v8: number[];
}

export interface Head {
  readonly schema: 1;
  readonly title: string;
  readonly version: string;
  /** Unix milliseconds of the beginning, and its local time as text with the zone of whoever made the page. */
  readonly startMs: number;
  readonly started: string;
  readonly durationMs: number;
  /** A bucket of the finest level. */
  readonly unitMs: number;
  readonly periodMs: number;
  readonly pageSize: number;
  /** Memory of the host in bytes; null where the recording does not tell. */
  readonly hostMemory: number | null;
  readonly verdict: string;
  readonly findings: readonly Finding[];
  readonly facts: readonly (readonly [label: string, text: string])[];
  readonly cost: readonly (readonly [label: string, text: string])[];
  readonly unseen: readonly string[];
  readonly processes: ProcessColumns;
  /** Processes that are counted and not listed, since there were too many. */
  readonly unlisted: number;
  readonly events: readonly PageEvent[];
  /** Events that are counted and not listed. */
  readonly moreEvents: number;
  readonly gaps: readonly Gap[];
  /** True in a page that follows a recording. */
  readonly isLive: boolean;
}
