/**
 * The memory of the recorded processes over a span of time: before, after, peak and mean.
 *
 * The traps: a span shorter than two ticks has no peak that sampling could know, and gets none; "before" is the last frame at or
 * before the begin and "after" the first one at or behind the end, so neither is of the very instant; and PSS and USS are
 * mostly estimates, with bounds. Faults are not read at every tick, so they belong to a stretch of their own, which is told,
 * unless somebody counted them at the ends of the span.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { MemoryEstimates } from './memory-estimates.js';
import type { MetricReading } from './metric-reading.js';
import { type Measured, PeakTrack, readingOf, type Sample } from './peak-track.js';
import { type SpanV8, spanV8 } from './v8-activity.js';

export const SPAN_METRICS = ['rss', 'pss', 'uss', 'swap'] as const;
export type SpanMetric = (typeof SPAN_METRICS)[number];

export interface SpanValues extends Measured {
  readonly before: MetricReading;
  readonly after: MetricReading;
}

/** Page faults of all processes. */
export interface SpanFaults {
  /** NaN where nobody counted them. */
  readonly minor: number;
  readonly major: number;
  /**
   * Between which times, monotonic nanoseconds: those of the span where this process is all that is recorded; else, with the
   * caveat `faults-by-ticks`, of the readings around it.
   */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

export interface SpanMemory extends Readonly<Record<SpanMetric, SpanValues>> {
  /** Monotonic nanoseconds. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly faults: SpanFaults;
  /** Frames inside the span. */
  readonly samples: number;
  readonly missedTicks: number;
  /** What recording cost meanwhile. */
  readonly self: { readonly cpuNs: number; readonly rss: number };
  /** Of a recording with the option `v8`: of the isolate that started it. */
  readonly v8?: SpanV8;
  readonly caveats: readonly string[];
}

type Samples = Record<SpanMetric, Sample | undefined>;

const column = (name: string) => COUNTER_COLUMNS.indexOf(name);
const [RSS, MINOR, MAJOR] = [column('rss'), column('minorFaults'), column('majorFaults')];
const LONE = { turnover: 0, shareable: 0 };
const TOO_SHORT = 'shorter-than-tick';
const SAMPLER_INSIDE = 'sampler-in-process';
const FAULTS_BY_TICKS = 'faults-by-ticks';

/** Of all processes of the recording, between two monotonic times. `faults`: as somebody counted them at these times. */
export function spanMemory(
  recording: Recording,
  fromNs: bigint,
  toNs: bigint,
  faults?: Pick<SpanFaults, 'minor' | 'major'>,
): SpanMemory {
  const { hz, host, writer } = recording.metadata;
  const isTooShort = Number(toNs - fromNs) < 2e9 / hz;
  const walk = recording.walk({ fromBlockAt: fromNs });
  const meter = new SpanMeter(host.pageSize, fromNs, toNs);
  for (let step = walk.next(); step !== null && !meter.isOver; step = walk.next())
    if (step === 'frame') meter.take(walk);
  const { caveats, ...found } = meter.result(isTooShort);
  const memory = {
    ...found,
    ...(faults ? { faults: { minor: faults.minor, major: faults.major, fromNs, toNs } } : {}),
    caveats: [
      ...caveats,
      ...(meter.hasWriter(writer.pid) ? [SAMPLER_INSIDE] : []),
      ...(faults ? [] : [FAULTS_BY_TICKS]),
    ],
  };
  return recording.metadata.v8 === true ? { ...memory, v8: spanV8(recording.v8(), fromNs, toNs) } : memory;
}

class SpanMeter {
  isOver = false;
  readonly #estimates: MemoryEstimates;
  readonly #tracks = { rss: new PeakTrack(), pss: new PeakTrack(), uss: new PeakTrack(), swap: new PeakTrack() };
  #before: Samples | undefined;
  #after: Samples | undefined;
  /** Of the last frame before the begin, and of the last one. */
  #first: Counts | undefined;
  #last: Counts | undefined;
  #samples = 0;
  readonly #pids = new Set<number>();
  readonly #faults = new Map<string, { minor: number; major: number; atNs: bigint }>();

  constructor(
    pageSize: number,
    private readonly fromNs: bigint,
    private readonly toNs: bigint,
  ) {
    this.#estimates = new MemoryEstimates(pageSize);
  }

  /** Not every frame measures faults of every process: the last that are known of each count. */
  #count(walk: FrameWalk): Counts {
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      if (key === undefined) continue;
      this.#pids.add(walk.identity(slot)!.pid);
      const [minor, major] = [walk.counter(MINOR, slot), walk.counter(MAJOR, slot)];
      if (!Number.isNaN(minor)) this.#faults.set(key, { minor, major: major || 0, atNs: walk.startNs });
    }
    const [missed, cpuNs, ownRss] = [walk.scalar('missedTicks'), walk.scalar('ownCpu'), walk.scalar('ownRss')];
    return { ...this.#allFaults(), missed, cpuNs, ownRss };
  }

  /** Of those that have gone as well: they had their faults. */
  #allFaults(): Pick<Counts, 'minor' | 'major' | 'earliestNs' | 'latestNs'> {
    const all = [...this.#faults.values()];
    const first = all[0]?.atNs;
    return {
      minor: all.reduce((sum, { minor }) => sum + minor, first === undefined ? Number.NaN : 0),
      major: all.reduce((sum, { major }) => sum + major, first === undefined ? Number.NaN : 0),
      earliestNs: all.reduce((least, { atNs }) => (least !== undefined && least < atNs ? least : atNs), first),
      latestNs: all.reduce((most, { atNs }) => (most !== undefined && most > atNs ? most : atNs), first),
    };
  }

  take(walk: FrameWalk): void {
    const counts = this.#count(walk);
    const samples = this.#sum(walk);
    this.#last = counts;
    if (walk.startNs <= this.fromNs) {
      this.#before = samples;
      this.#first = counts;
      return;
    }
    if (walk.startNs >= this.toNs) {
      this.#after = samples;
      this.isOver = true;
      return;
    }
    this.#samples++;
    this.#first ??= counts;
    for (const name of SPAN_METRICS) {
      const sample = samples[name];
      if (sample) this.#tracks[name].take(walk.startNs, sample);
    }
  }

  /** A process that records itself has the memory of the sampler in it. */
  hasWriter(pid: number): boolean {
    return this.#pids.has(pid);
  }

  result(isTooShort: boolean): SpanMemory {
    const values = (name: SpanMetric): SpanValues => {
      const end = (samples: Samples | undefined): MetricReading => {
        const sample = samples?.[name];
        return sample ? readingOf(sample) : { state: 'unsupported', reason: 'no frame was recorded there' };
      };
      const none: MetricReading = { state: 'unsupported', reason: TOO_SHORT };
      const inside = isTooShort
        ? { peak: none, peakAtNs: undefined, mean: none }
        : this.#tracks[name].result('no deep read was made in it');
      return { before: end(this.#before), after: end(this.#after), ...inside };
    };
    const [first, last] = [this.#first, this.#last];
    const gained = (name: 'missed' | 'cpuNs') => (first && last ? last[name] - first[name] : 0);
    // Of a process that came after the begin all counts.
    const counted = (name: 'minor' | 'major') => (first && last ? last[name] - (first[name] || 0) : Number.NaN);
    return {
      ...{ rss: values('rss'), pss: values('pss'), uss: values('uss'), swap: values('swap') },
      ...{ fromNs: this.fromNs, toNs: this.toNs, samples: this.#samples },
      faults: {
        ...{ minor: counted('minor'), major: counted('major') },
        ...{ fromNs: first?.earliestNs ?? this.fromNs, toNs: last?.latestNs ?? this.toNs },
      },
      missedTicks: gained('missed'),
      self: { cpuNs: gained('cpuNs'), rss: last?.ownRss ?? 0 },
      caveats: isTooShort ? [TOO_SHORT] : [],
    };
  }

  #sum(walk: FrameWalk): Samples {
    const total = { rss: 0, pss: 0, pssLow: 0, pssHigh: 0, uss: 0, ussLow: 0, ussHigh: 0, swap: 0 };
    let ageNs = 0;
    let isMeasured = true;
    let isSwapKnown = true;
    let count = 0;
    const { slots, count: rows } = walk.rows;
    for (let index = 0; index < rows; index++) {
      const slot = slots[index]!;
      const rss = walk.counter(RSS, slot);
      if (walk.key(slot) === undefined || Number.isNaN(rss)) continue;
      count++;
      const estimate = this.#estimates.of(walk, slot, LONE);
      total.rss += rss;
      for (const name of ['pss', 'pssLow', 'pssHigh', 'uss', 'ussLow', 'ussHigh'] as const)
        total[name] += estimate[name];
      if (Number.isNaN(estimate.swap)) isSwapKnown = false;
      else total.swap += estimate.swap;
      ageNs = Math.max(ageNs, estimate.ageNs);
      isMeasured &&= estimate.isMeasured;
    }
    if (count === 0) return { rss: undefined, pss: undefined, uss: undefined, swap: undefined };
    const exact = (value: number, age = 0): Sample => ({
      value,
      low: value,
      high: value,
      ageNs: age,
      method: 'counter',
    });
    const method = isMeasured ? ('whole' as const) : undefined;
    return {
      rss: exact(total.rss),
      pss: { value: total.pss, low: total.pssLow, high: total.pssHigh, ageNs, method },
      uss: { value: total.uss, low: total.ussLow, high: total.ussHigh, ageNs, method },
      swap: isSwapKnown ? exact(total.swap, ageNs) : undefined,
    };
  }
}

interface Counts {
  readonly minor: number;
  readonly major: number;
  /** Of the oldest and the newest reading of faults among them. */
  readonly earliestNs: bigint | undefined;
  readonly latestNs: bigint | undefined;
  readonly missed: number;
  readonly cpuNs: number;
  readonly ownRss: number;
}
