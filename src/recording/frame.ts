/**
 * One tick of a recording as a user sees it: a view that is valid until the next one is asked for.
 *
 * The trap: a value that was not measured is `null`, and the status says why. It is never 0.
 */
import { COUNTER_COLUMNS, findMetric, type MetricName, ROLLUP_COLUMNS, STATUSES, type StatusName } from '../schema.js';
import type { ClockLine } from './clock-line.js';
import { nameParts } from './events.js';
import type { FrameWalk } from './frame-walk.js';

export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: number;
  /** In a merged recording: the number of the host in `metadata.sources`. */
  readonly source?: number;
}

/** All that is known of one process at one tick. */
export interface ProcessReading extends ProcessRef {
  readonly comm: string;
  readonly commHex?: string;
  readonly countersStatus: StatusName;
  /** `not-due` when no deep read was made in this tick. */
  readonly rollupStatus: StatusName;
  /** Nanoseconds since the last deep read that measured something; the rollup values are that old. */
  readonly rollupAgeNs: bigint | null;
  /** By metric, in its own unit; null when it was not measured. */
  readonly values: Record<MetricName, number | null>;
}

export interface FrameView {
  readonly kind: 'frame';
  /** Unix nanoseconds at the start of the counters sweep. */
  readonly timeNs: bigint;
  readonly endNs: bigint;
  readonly tick: number;
  /** Nanoseconds between the deadline of the tick and the start of the sweep. */
  readonly latenessNs: number;
  /** Nanoseconds of the step whose aggregates these are; 0 for a tick. */
  readonly stepNs: bigint;
  /** Processes in this frame. */
  readonly count: number;
  /** The i-th process. */
  process(index: number): ProcessReading;
  /** One value of the i-th process; NaN when not measured. Cheaper than `process` when one value is wanted. */
  value(index: number, metric: MetricName): number;
  /**
   * One value of each process, in their order; NaN when not measured. The cheapest when all are wanted. With `into`, which
   * must have room for `count`, it is put there and nothing is allocated; RangeError when there is less.
   */
  column(metric: MetricName, into?: Float64Array): Float64Array;
}

/** Frames that are missing between the one before and the one after. */
export interface GapView {
  readonly kind: 'gap';
  readonly lostFrames: number;
}

/** The i-th row of the frame that a walk stands on. */
export function readProcess(walk: FrameWalk, slot: number): ProcessReading {
  const identity = walk.identity(slot);
  const values = {} as Record<MetricName, number | null>;
  COUNTER_COLUMNS.forEach((name, column) => {
    values[name as MetricName] = orNull(walk.counter(column, slot));
  });
  ROLLUP_COLUMNS.forEach((name, column) => {
    values[name as MetricName] = orNull(walk.rollup(column, slot));
  });
  return {
    pid: identity?.pid ?? 0,
    startTicks: identity?.startTicks ?? 0,
    ...(identity?.source === undefined ? {} : { source: identity.source }),
    ...nameParts(identity?.comm ?? new Uint8Array(0)),
    countersStatus: statusName(walk.status(slot)),
    rollupStatus: statusName(walk.rollupStatus(slot)),
    rollupAgeNs: walk.rollupAgeNs(slot) ?? null,
    values,
  };
}

/** The frame that a walk stands on. */
export function viewFrame(walk: FrameWalk, clock: ClockLine): FrameView {
  const { slots, count } = walk.rows;
  const slotAt = (index: number) => {
    if (!(index >= 0 && index < count)) throw new RangeError(`Expected a row from 0 to ${count - 1}, got ${index}`);
    return slots[index]!;
  };
  return {
    kind: 'frame',
    timeNs: clock.toUnix(walk.startNs),
    endNs: clock.toUnix(walk.endNs),
    tick: walk.tick,
    latenessNs: walk.scalar('lateness'),
    stepNs: walk.stepNs,
    count,
    process: (index) => readProcess(walk, slotAt(index)),
    value: (index, metric) => metricValue(walk, slotAt(index), metric),
    column: (metric, into) => metricValues(walk, metric, into ?? new Float64Array(count)),
  };
}

/** One metric of all rows of the frame that the walk stands on. */
function metricValues(walk: FrameWalk, metric: string, values: Float64Array): Float64Array {
  const { tier, place } = columnOf(metric);
  const { slots, count } = walk.rows;
  if (values.length < count) {
    throw new RangeError(`Expected the array for ${metric} to have room for ${count} values, it has ${values.length}`);
  }
  if (tier === 'counters') {
    const bySlot = walk.counterColumn(place);
    for (let index = 0; index < count; index++) values[index] = bySlot[slots[index]!]!;
  } else {
    for (let index = 0; index < count; index++) values[index] = walk.rollup(place, slots[index]!);
  }
  return values;
}

/** A function that reads one metric of a slot from the frame that the walk stands on. */
export function metricValue(walk: FrameWalk, slot: number, metric: string): number {
  const column = columnOf(metric);
  return column.tier === 'counters' ? walk.counter(column.place, slot) : walk.rollup(column.place, slot);
}

/** Where a metric lies. Throws a TypeError for a name that no tier of a recording has. */
export function columnOf(metric: string): { tier: 'counters' | 'rollup'; place: number } {
  const found = findMetric(metric);
  if (found?.tier === 'counters') return { tier: 'counters', place: COUNTER_COLUMNS.indexOf(metric) };
  if (found?.tier === 'rollup') return { tier: 'rollup', place: ROLLUP_COLUMNS.indexOf(metric) };
  throw new TypeError(
    `There is no metric "${metric}"; the metrics are ${[...COUNTER_COLUMNS, ...ROLLUP_COLUMNS].join(' ')}`,
  );
}

export function statusName(status: number): StatusName {
  return STATUSES[status] ?? 'lost';
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
