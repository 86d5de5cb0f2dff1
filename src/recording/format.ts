/**
 * What a `.tide` file holds beyond the bytes of the ring: its rings, the numbers of each frame, and the facts about host
 * and run that stand in its header. Writer and reader share this file; docs/tide-format.md quotes it.
 *
 * The trap: a recording outlives the version that wrote it, so columns and scalars are found by name, never by place.
 */
import type { ColumnSpec, RingSpec } from '../ring/ring-table.js';
import { type HostUnits, metricsOf, quantumOf, type Tier } from '../schema.js';
import { parseKeep } from './keep.js';
import { fullShare, LADDER_SHARE, ladderRings } from './ladder-format.js';
import { type TierChoice, tierRings } from './tier-format.js';

export const FORMAT = 'tide-1';

/** Numbers beside the columns of each counters frame. */
export const COUNTER_SCALARS = [
  /** Number of the tick since the start, from 0. */
  'tick',
  /** Nanoseconds between the deadline and the start of the sweep. */
  'lateness',
  /** CPU time of the recording process so far, nanoseconds. */
  'ownCpu',
  /** Resident bytes of the recording process; read once a second. */
  'ownRss',
  /** Ticks missed so far. */
  'missedTicks',
  /**
   * 1: `stat` was read for every slot. k: only for the slots with slot mod k = tick mod k; in the other rows the columns
   * from `stat` still hold what an earlier tick read, and were not measured at this one.
   */
  'statEvery',
  /** CPU time of deep reads so far, nanoseconds; a part of `ownCpu`. */
  'deepCpu',
  /** Nanoseconds of CPU time that deep reads may take now. */
  'deepCredit',
] as const;

type ScalarName = (typeof COUNTER_SCALARS)[number];
type DeepScalarName = 'deepCpu' | 'deepCredit';

/** The numbers of one counters frame, by the names of `COUNTER_SCALARS`; what is left out counts as not known. */
export type CounterScalars = Record<Exclude<ScalarName, DeepScalarName>, number> & { [K in DeepScalarName]?: number };

/** Numbers beside the columns of each rollup frame: the tick in which the reads were made. */
export const ROLLUP_SCALARS = ['tick'] as const;

/** Columns x rows of a table are allocated before they are read. */
const MAPPING_COLUMNS_MAX = 64;

/** Where command lines are. */
export const COMMANDS_RING = 'commands';

/** Where heaps and collections of V8 are. */
export const V8_RING = 'v8';

export const Rings = { counters: 0, rollup: 1, lives: 2, events: 3, mappings: 4 } as const;

/** What decides which rings a recording has. */
export type RingChoice = TierChoice &
  Pick<RecordingMetadata, 'engine' | 'host' | 'hz' | 'mappings' | 'keep' | 'cmdline' | 'v8'>;

/**
 * The rings of a recording. `mappings` has a ring only when mappings are recorded, `commands` when command lines are,
 * `v8` when its figures are, `host` and `cgroup` when these are read; after them come those of the ladder. All but the first
 * four are found by name. A metric that the engine never reads has no column.
 */
export function ringSpecs(choice: RingChoice): RingSpec[] {
  const { engine, host, hz, mappings, keep: ladder, cmdline, v8 } = choice;
  const withMappings = mappings !== 'off';
  const keep = ladder === undefined ? undefined : parseKeep(ladder);
  const full = (keep ? fullShare(keep, hz) : LADDER_SHARE) / LADDER_SHARE;
  const columns = (tier: Tier): ColumnSpec[] =>
    metricsOf(tier, engine.name).map((metric) => ({ name: metric.name, quantum: quantumOf(metric, host) }));
  const records = (name: string, share: number): RingSpec => ({ name, share, rows: 'none', columns: [], scalars: [] });
  return [
    { name: 'counters', share: 70 * full, rows: 'all', columns: columns('counters'), scalars: [...COUNTER_SCALARS] },
    { name: 'rollup', share: 20 * full, rows: 'list', columns: columns('rollup'), scalars: [...ROLLUP_SCALARS] },
    // A fork storm fills the first of these and overwrites nothing but itself.
    records('lives', 7),
    records('events', 3),
    ...(withMappings ? [records('mappings', 60)] : []),
    ...(cmdline === undefined || cmdline === 'none' ? [] : [records(COMMANDS_RING, 5)]),
    ...(v8 ? [records(V8_RING, 5)] : []),
    ...tierRings(choice, host),
    ...(keep ? ladderRings(keep, hz, host, engine.name) : []),
  ];
}

/** `none`; `exe`: the path of the program; `redacted`: arguments too, without what looks like a secret; `full`. */
export const CMDLINE_MODES = ['none', 'exe', 'redacted', 'full'] as const;
export type CmdlineMode = (typeof CMDLINE_MODES)[number];

/** The facts in the header. Times are decimal strings of nanoseconds. */
export interface RecordingMetadata extends TierChoice {
  readonly format: typeof FORMAT;
  readonly writer: { readonly name: 'tidemark'; readonly version: string; readonly pid: number };
  readonly host: {
    readonly hostname: string;
    readonly kernel: string;
    readonly architecture: string;
    readonly cpus: number;
    readonly bootId: string;
    /** Memory of the host; absent where it could not be read, and in older recordings. */
    readonly memoryBytes?: number;
  } & HostUnits;
  readonly engine: { readonly name: string; readonly reason: string };
  readonly procfs: string;
  readonly target: string;
  readonly hz: number;
  readonly rollup: string;
  readonly mappings: string;
  /** Share of one core that was asked for, and the longest holds; absent in recordings of before there was such a thing. */
  readonly budget?: number;
  /** `auto`: the rate was chosen for the budget. */
  readonly hzAsked?: string;
  readonly maxHoldNs?: number;
  readonly allowHoldNs?: number;
  /** One deep read in this many is checked by the other implementation; 0 = none. */
  readonly audit: number;
  /** What is kept for how long, as `parseKeep` reads it; absent: every tick, for as long as the file has room. */
  readonly keep?: string;
  /** What of command lines is stored; absent: nothing, by a version that did not know of them. */
  readonly cmdline?: CmdlineMode;
  /** What V8 tells of a program that records itself is stored. */
  readonly v8?: true;
  /** Of a recording that `run` made. */
  readonly workload?: WorkloadPart;
  /** The columns of the mappings ring, in their order; absent where there is none, or only of version 1. */
  readonly mappingColumns?: readonly string[];
  /** Of a recording that was merged: the hosts and boots that its processes belong to, by number. */
  readonly sources?: readonly RecordingSource[];
  /** Of the same: how many recordings it was merged of. */
  readonly inputs?: number;
  /** Of a part of a recording, or a salvaged one: where it comes from. */
  readonly cut?: { readonly from: string; readonly to: string } | undefined;
  readonly repaired?: boolean;
  readonly startedAt: { readonly monotonicNs: string; readonly realNs: string; readonly boottimeNs: string };
}

/** What was run, of the recording of a workload. */
export interface WorkloadPart {
  /** The command and its arguments. */
  readonly command: readonly string[];
}

/** A host on one boot. */
export interface RecordingSource {
  readonly hostname: string;
  readonly bootId: string;
}

/** Whether its first tick need not be the first of all. */
export function isPart({ cut, sources, repaired }: RecordingMetadata): boolean {
  return cut !== undefined || sources !== undefined || repaired === true;
}

/** Thrown for a ring that is sound but holds no recording of processes. */
export class NotARecordingError extends Error {
  readonly code = 'not-a-recording';
}

/** The metadata of a ring, checked as far as readers rely on it. */
export function checkMetadata(metadata: Record<string, unknown>): RecordingMetadata {
  const { format, host, startedAt, hz } = metadata as Partial<RecordingMetadata>;
  if (typeof format !== 'string' || !format.startsWith('tide-')) {
    throw new NotARecordingError('This ring does not hold a recording of processes');
  }
  const isSound =
    typeof hz === 'number' &&
    hz > 0 &&
    typeof host?.pageSize === 'number' &&
    typeof host.clockTicksPerSecond === 'number' &&
    isListOfNames(metadata.mappingColumns) &&
    isLadder(metadata.keep) &&
    areSources(metadata.sources) &&
    [startedAt?.monotonicNs, startedAt?.realNs].every((time) => typeof time === 'string' && /^-?\d{1,19}$/.test(time));
  if (!isSound) throw new NotARecordingError('The header of this recording lacks its host, its rate or its start');
  return metadata as unknown as RecordingMetadata;
}

function isLadder(keep: unknown): boolean {
  if (keep === undefined) return true;
  try {
    return typeof keep === 'string' && parseKeep(keep) !== undefined;
  } catch {
    return false;
  }
}

function areSources(sources: unknown): boolean {
  if (sources === undefined) return true;
  const isSource = (one: Partial<RecordingSource> | null) =>
    typeof one?.hostname === 'string' && typeof one.bootId === 'string';
  return Array.isArray(sources) && sources.length > 0 && sources.every(isSource);
}

function isListOfNames(list: unknown): boolean {
  if (list === undefined) return true;
  return Array.isArray(list) && list.length <= MAPPING_COLUMNS_MAX && list.every((name) => typeof name === 'string');
}
