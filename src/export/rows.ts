/**
 * What the row-per-process-and-tick formats share: which columns there are, and a walk that hands out one row after the
 * other.
 *
 * The trap: deep columns are measured at few ticks. They are filled only at the tick that read them; at all others they
 * are empty and `rollup_age_ns` says how old the last ones are.
 */
import type { ProcessEstimate } from '../analyze/estimates-at.js';
import { identityKey } from '../engine/identity.js';
import { columnOf, statusName } from '../recording/frame.js';
import { type FrameWalk, Kind, type ValueKind } from '../recording/frame-walk.js';
import { sourcesOf } from '../recording/merge.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS, findMetric, ROLLUP_COLUMNS } from '../schema.js';
import { exportedFrames } from './frames.js';

export interface ExportOptions {
  /** Unix nanoseconds, both included. */
  readonly from?: bigint;
  readonly to?: bigint;
  /** Metrics by schema name, each at most once; default: all. */
  readonly metrics?: readonly string[];
  /** Only processes with these pids. */
  readonly pids?: readonly number[];
  /** at most one tick in each interval of that many nanoseconds: the first one. */
  readonly every?: bigint;
  /** Of a stretch of which only steps are left: which value of each step; default `last`. */
  readonly agg?: keyof typeof AGGREGATE_KINDS;
  /** Columns beyond those that are always there. */
  readonly extra?: readonly ExtraColumn[];
  /** Told how far the export is, in Unix nanoseconds, every so many rows. */
  readonly onProgress?: (timeNs: bigint) => void;
}

/** The three values of a step by their names. */
export const AGGREGATE_KINDS = { last: Kind.last, min: Kind.least, max: Kind.most } as const;

/** Names of the columns around the metrics, in the order of the text formats. */
export const LEADING_COLUMNS = ['time_unix_ns', 'pid', 'start_ticks', 'comm'] as const;
export const TRAILING_COLUMNS = ['counters_status', 'rollup_status', 'rollup_age_ns'] as const;

/**
 * The metrics of an export, in the schema's order unless they were chosen: without those of the engine in the kernel where
 * the recording has no column of them. Throws a TypeError for an unknown name.
 */
export function exportedMetrics(recording: Recording, options: ExportOptions): readonly string[] {
  const recorded = new Set(recording.rings.flatMap(({ columns }) => columns.map(({ name }) => name)));
  const isUsual = (name: string) => findMetric(name)?.engines === 'all' || recorded.has(name);
  const metrics = new Set(options.metrics ?? [...COUNTER_COLUMNS, ...ROLLUP_COLUMNS].filter(isUsual));
  for (const name of metrics) columnOf(name);
  return [...metrics];
}

/** Columns that are there only where they say something, or are asked for; after all others. */
export const EXTRA_COLUMNS = ['step_ns', 'host', 'exe', 'args', 'estimates'] as const;
export type ExtraColumn = (typeof EXTRA_COLUMNS)[number];

/**
 * The columns of `estimates`: PSS and USS made from the last deep read and from what the counters said since, with the
 * interval that is meant to hold nine times in ten. Never in the columns of what was measured.
 */
export const ESTIMATE_COLUMNS = [
  'pss_estimate',
  'pss_estimate_low',
  'pss_estimate_high',
  'uss_estimate',
  'uss_estimate_low',
  'uss_estimate_high',
  'estimate_age_ns',
] as const;

/** The names of extra columns in the head of a table. */
export function extraNames(extra: readonly ExtraColumn[]): string[] {
  return extra.flatMap((name) => (name === 'estimates' ? ESTIMATE_COLUMNS : [name]));
}

/** One per `ESTIMATE_COLUMNS`, whole bytes; undefined where nothing is known, and where it was measured at this tick. */
export function estimateValues({ estimate }: Pick<ExportRow, 'estimate'>): readonly (number | undefined)[] {
  if (estimate?.status !== 'estimated') return ESTIMATE_COLUMNS.map(() => undefined);
  const { pss, uss } = estimate;
  return [pss.value, pss.low, pss.high, uss.value, uss.low, uss.high, pss.ageNs].map(Math.round);
}

/** `step_ns` where older stretches are thinned out, `host` where several are merged, and what is asked for. */
export function extraColumns(recording: Recording, { extra = [] }: ExportOptions): ExtraColumn[] {
  const isThere = {
    step_ns: recording.steps.length > 0,
    host: recording.metadata.sources !== undefined,
    exe: false,
    args: false,
    estimates: false,
  };
  return EXTRA_COLUMNS.filter((name) => isThere[name] || extra.includes(name));
}

/** One process at one tick; reused from row to row. */
export class ExportRow {
  timeNs = 0n;
  pid = 0;
  startTicks = 0;
  comm: Uint8Array = new Uint8Array(0);
  /** One per exported metric; NaN = not measured at this tick. */
  readonly values: Float64Array;
  countersStatus = '';
  rollupStatus = '';
  rollupAgeNs: bigint | undefined;
  /** The step whose value this is; 0 for a tick. */
  stepNs = 0n;
  host = '';
  program: ProgramPart = {};
  estimate: ProcessEstimate | undefined;

  constructor(metrics: number) {
    this.values = new Float64Array(metrics);
  }
}

/** Every row of a recording that the options ask for, by tick and then by slot. The row is reused. */
export function* exportRows(recording: Recording, options: ExportOptions): Generator<ExportRow> {
  const metrics = exportedMetrics(recording, options);
  const places = metrics.map((name) => columnOf(name));
  const kind = AGGREGATE_KINDS[options.agg ?? 'last'];
  const pids = options.pids && new Set(options.pids);
  const row = new ExportRow(metrics.length);
  const hosts = sourcesOf(recording.metadata);
  const programs = options.extra?.length ? recording.programs() : undefined;
  for (const { walk, timeNs, estimates } of exportedFrames(recording, options)) {
    row.timeNs = timeNs;
    const { slots, count } = walk.rows;
    const counters = places.map(({ tier, place }) => (tier === 'counters' ? walk.counterColumn(place, kind) : null));
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const identity = walk.identity(slot);
      if (!identity || (pids && !pids.has(identity.pid))) continue;
      fillRow(row, walk, slot, places, counters, kind);
      row.estimate = estimates?.[slot];
      row.host = hosts[identity.source ?? 0]?.hostname ?? '';
      if (programs) row.program = programs.get(identityKey(identity)) ?? {};
      yield row;
    }
  }
}

function fillRow(
  row: ExportRow,
  walk: FrameWalk,
  slot: number,
  places: readonly ReturnType<typeof columnOf>[],
  counters: readonly (Float64Array | null)[],
  kind: ValueKind,
): void {
  const identity = walk.identity(slot)!;
  row.pid = identity.pid;
  row.startTicks = identity.startTicks;
  row.comm = identity.comm;
  const isRead = walk.isRead(slot);
  for (let index = 0; index < places.length; index++) {
    const column = counters[index]!;
    if (column !== null) row.values[index] = column[slot]!;
    else row.values[index] = isRead ? walk.rollup(places[index]!.place, slot, kind) : Number.NaN;
  }
  row.countersStatus = statusName(walk.status(slot));
  row.rollupStatus = statusName(walk.rollupStatus(slot));
  row.rollupAgeNs = walk.rollupAgeNs(slot);
  row.stepNs = walk.stepNs;
}

/** A measured, finite number in decimal digits, also where JavaScript would round it or write an exponent. */
export function numberText(value: number): string {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : String(BigInt(value));
}
