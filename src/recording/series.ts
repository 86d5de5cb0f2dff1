/**
 * The values of one metric of one process over time.
 *
 * The trap: an aggregate over an interval in which nothing was measured does not exist. Such intervals have no point,
 * rather than a 0 or a repeated value.
 */
import { Status } from '../schema.js';
import { checkNames } from '../text/option-checks.js';
import type { ClockLine } from './clock-line.js';
import { columnOf } from './frame.js';
import { type FrameWalk, Kind, type ValueKind } from './frame-walk.js';

export const AGGREGATES = ['last', 'min', 'max', 'mean', 'sum'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export interface Series {
  /** Unix nanoseconds at the start of each sweep, or of each interval. */
  readonly timeNs: BigInt64Array;
  /** In the metric's unit; NaN where the status says why it was not measured. */
  readonly value: Float64Array;
  /** `Status` numbers. */
  readonly status: Uint8Array;
}

/** Collects points in growing arrays. */
class SeriesBuilder {
  #timeNs = new BigInt64Array(1024);
  #value = new Float64Array(1024);
  #status = new Uint8Array(1024);
  #length = 0;

  add(timeNs: bigint, value: number, status: number): void {
    if (this.#length === this.#value.length) {
      const times = new BigInt64Array(this.#length * 2);
      times.set(this.#timeNs);
      this.#timeNs = times;
      const values = new Float64Array(this.#length * 2);
      values.set(this.#value);
      this.#value = values;
      const statuses = new Uint8Array(this.#length * 2);
      statuses.set(this.#status);
      this.#status = statuses;
    }
    this.#timeNs[this.#length] = timeNs;
    this.#value[this.#length] = value;
    this.#status[this.#length++] = status;
  }

  build(): Series {
    return {
      timeNs: this.#timeNs.slice(0, this.#length),
      value: this.#value.slice(0, this.#length),
      status: this.#status.slice(0, this.#length),
    };
  }
}

/** Gives each point of a series, by monotonic time: a value, or NaN and the status that says why. */
export type Points = (take: (startNs: bigint, value: number, status: number) => void) => void;

/** What a series may be asked for. */
export interface SeriesForm {
  /** Length of an interval in nanoseconds; without it every point is returned. */
  readonly every?: bigint;
  /** What an interval is reduced to; default `last`. */
  readonly agg?: Aggregate;
}

const OPTION_NAMES = ['from', 'to', 'every', 'agg'];

/** Throws a TypeError for a form that there is none, and for an option that is neither one of any series nor one of `others`. */
export function checkForm(options: SeriesForm, others: readonly string[] = []): void {
  checkNames(options, [...OPTION_NAMES, ...others]);
  const { every, agg = 'last' } = options;
  if (every !== undefined && !(typeof every === 'bigint' && every > 0n)) {
    throw new TypeError(`Expected the "every" option to be a positive bigint of nanoseconds, got ${String(every)}`);
  }
  if (!AGGREGATES.includes(agg)) {
    throw new TypeError(`Expected the "agg" option to be one of ${AGGREGATES.join(', ')}, got ${String(agg)}`);
  }
}

/** The points as a series: each of them, or one per interval of `every`. */
export function seriesOf(points: Points, clock: ClockLine, { every, agg = 'last' }: SeriesForm): Series {
  return every === undefined ? collectSeries(points, clock) : aggregateSeries(points, clock, every, agg);
}

function collectSeries(points: Points, clock: ClockLine): Series {
  const builder = new SeriesBuilder();
  points((startNs, value, status) => builder.add(clock.toUnix(startNs), value, status));
  return builder.build();
}

/** One point per interval of `everyNs` that measured something; its time is the start of the interval. */
function aggregateSeries(points: Points, clock: ClockLine, everyNs: bigint, aggregate: Aggregate): Series {
  const builder = new SeriesBuilder();
  let interval: bigint | undefined;
  let sum = 0;
  let count = 0;
  let result = 0;
  const flush = () => {
    if (interval === undefined || count === 0) return;
    builder.add(interval, aggregate === 'mean' ? sum / count : aggregate === 'sum' ? sum : result, Status.ok);
  };
  points((startNs, value) => {
    if (Number.isNaN(value)) return;
    const timeNs = clock.toUnix(startNs);
    const current = timeNs - (timeNs % everyNs);
    if (current !== interval) {
      flush();
      interval = current;
      sum = 0;
      count = 0;
    }
    const isFirst = count === 0;
    sum += value;
    count++;
    if (isFirst || aggregate === 'last') result = value;
    else if (aggregate === 'min') result = Math.min(result, value);
    else if (aggregate === 'max') result = Math.max(result, value);
  });
  flush();
  return builder.build();
}

/** One metric of a process, at the ticks that read it. */
export function processPoints(
  walks: Iterable<FrameWalk>,
  key: string,
  metric: string,
  aggregate: Aggregate = 'last',
): Points {
  return (take) => {
    for (const walk of walks) eachPointOf(walk, key, metric, kindOf(aggregate), take);
  };
}

/** What is asked of a step whose ticks are gone: the last value stands for all but the least and the most. */
function kindOf(aggregate: Aggregate): ValueKind {
  return aggregate === 'min' ? Kind.least : aggregate === 'max' ? Kind.most : Kind.last;
}

function eachPointOf(
  walk: FrameWalk,
  key: string,
  metric: string,
  kind: ValueKind,
  take: (startNs: bigint, value: number, status: number) => void,
): void {
  const { tier, place } = columnOf(metric);
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const slot = walk.slotOf(key);
    if (slot < 0) continue;
    if (tier === 'counters') {
      const value = walk.counter(place, slot, kind);
      const status = walk.status(slot);
      const why = walk.isLeftOut(place, slot) ? Status.notDue : Status.unsupported;
      take(walk.startNs, value, Number.isNaN(value) && status === Status.ok ? why : status);
    } else if (walk.isRead(slot)) {
      const value = walk.rollup(place, slot, kind);
      const status = walk.rollupStatus(slot);
      take(walk.startNs, value, Number.isNaN(value) && status === Status.ok ? Status.unsupported : status);
    }
  }
}
