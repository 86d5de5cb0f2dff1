/**
 * Walks a recording once, from end to end or as it grows, and keeps of every process what the page shows.
 *
 * The traps: memory must not grow with the length of the recording, so courses share a number of entries and are all made
 * coarser when it is used up; nor with the number of processes, so the smallest that have ended are let go, and counted.
 * And this looks at every value of every tick, most of which are what they were.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { Course } from './course.js';
import { Gaps } from './gaps.js';
import { MetricNumber, PAGE_METRICS, PROCESS_METRICS } from './page-format.js';
import { ProcessRecord } from './process-record.js';

/** Entries of all courses together: 16 or 32 bytes each. */
const MOST_ENTRIES = 2_000_000;
const FIRST_CAP = 4096;
const LEAST_CAP = 8;
const TOTALS_CAP = 8192;
const MOST_PROCESSES = 20_000;
const PROGRESS_EVERY_FRAMES = 256;
/** An input of a merged recording that had no frame for so long is over; a tick is two buckets. */
const SILENT_BUCKETS = 10;

const counters = ['rss', 'rssAnon', 'minorFaults', 'majorFaults'] as const;
const COUNTERS = counters.map((name) => [MetricNumber[name], COUNTER_COLUMNS.indexOf(name)] as const);
const rollups = ['pss', 'uss', 'swap', 'pssAnon', 'pssFile', 'pssShmem'] as const;
const ROLLUPS = rollups.map((name) => [MetricNumber[name], ROLLUP_COLUMNS.indexOf(name)] as const);
const USER = COUNTER_COLUMNS.indexOf('userTime');
const SYSTEM = COUNTER_COLUMNS.indexOf('systemTime');
const RSS_HIGH = COUNTER_COLUMNS.indexOf('rssHigh');
const RSS_LOW = COUNTER_COLUMNS.indexOf('rssLow');
const { rss: RSS, cpu: CPU, processes: PROCESSES, ownCpu: OWN_CPU, ownRss: OWN_RSS } = MetricNumber;
const IS_GAUGE = PAGE_METRICS.map(({ kind }) => kind === 'gauge');
const LEAST = 1;
const MOST = 2;

interface Input {
  /** What its last frame added up to. */
  readonly sums: Float64Array;
  lastBucket: number;
}

export class Collector {
  /** By `identityKey`. */
  readonly records = new Map<string, ProcessRecord>();
  /** By metric of the page: the sums over all processes. */
  readonly totals: Course[] = PAGE_METRICS.map(() => new Course());
  readonly gaps: Gaps;
  /** Processes that were let go. */
  unlisted = 0;
  frames = 0;
  lastBucket = 0;
  /** Length of a bucket of the finest level, nanoseconds. */
  readonly unitNs: number;
  /** Monotonic time of the first frame that is still there: the begin of a recording may have been cut off or overwritten. */
  #startNs: bigint | undefined;
  readonly #headerNs: bigint;
  readonly #bySlot: (ProcessRecord | undefined)[] = [];
  readonly #walks: FrameWalk[];
  #cap = FIRST_CAP;
  #entries = 0;
  /** By input of a merged recording. */
  readonly #inputs = new Map<number, Input>();
  #shown = new Float64Array(PAGE_METRICS.length).fill(Number.NaN);
  /** What counters have counted since the recording began, also of processes that have gone. */
  readonly #counted = new Float64Array(PAGE_METRICS.length);
  #mostRecords = MOST_PROCESSES;

  constructor(recording: Recording) {
    const { metadata } = recording;
    this.#headerNs = BigInt(metadata.startedAt.monotonicNs);
    this.unitNs = Math.max(1000, Math.round(5e8 / metadata.hz));
    this.gaps = new Gaps(1e9 / metadata.hz);
    this.#walks = recording.walks();
  }

  /** Takes in what has come since the last time. Returns whether there was anything. */
  advance(onProgress?: (frames: number) => void): boolean {
    const before = this.frames;
    this.#walks.forEach((walk, index) => {
      for (let step = walk.next(); step !== null; step = walk.next()) {
        if (step === 'gap') this.gaps.lose(walk.lost);
        else this.#take(walk);
        if (this.frames % PROGRESS_EVERY_FRAMES === 0) onProgress?.(this.frames);
      }
      // Slots mean something else in another ring.
      if (index < this.#walks.length - 1) this.#bySlot.length = 0;
    });
    // Only the last one still grows.
    this.#walks.splice(0, this.#walks.length - 1);
    return this.frames > before;
  }

  /** Milliseconds since the recording began. */
  msOf(bucket: number): number {
    return (bucket * this.unitNs) / 1e6;
  }

  /** Monotonic nanoseconds of bucket 0. */
  get startNs(): bigint {
    return this.#startNs ?? this.#headerNs;
  }

  /** Less than 0 for what was before the first frame. */
  msOfMonotonic(timeNs: bigint): number {
    return Number(timeNs - this.startNs) / 1e6;
  }

  #take(walk: FrameWalk): void {
    this.frames++;
    this.#startNs ??= walk.startNs;
    const sinceNs = Number(walk.startNs - this.#startNs);
    // Times never go back, also where those of another clock follow.
    const bucket = Math.max(this.lastBucket, Math.floor(Math.max(0, sinceNs) / this.unitNs));
    this.lastBucket = bucket;
    const isTick = walk.stepNs === 0n;
    if (isTick) this.gaps.tick(walk.input, walk.tick, sinceNs / 1e6);
    let input = this.#inputs.get(walk.input);
    if (!input) {
      input = { sums: new Float64Array(PAGE_METRICS.length), lastBucket: bucket };
      this.#inputs.set(walk.input, input);
    }
    input.lastBucket = bucket;
    const { sums } = input;
    sums.fill(0);
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      let record = this.#bySlot[slot];
      if (record === undefined || record.key !== walk.key(slot)) {
        record = this.#meet(walk, slot, bucket);
        if (record === undefined) continue;
      }
      record.lastBucket = bucket;
      // It may run another program by now.
      record.identity = walk.identity(slot) ?? record.identity;
      this.#takeCounters(walk, slot, record, bucket, isTick);
      if (walk.isRead(slot)) this.#takeRead(walk, slot, record, bucket, isTick);
      const { held } = record;
      for (let metric = 0; metric < PROCESS_METRICS; metric++) {
        const value = held[metric]!;
        if (IS_GAUGE[metric] && !Number.isNaN(value)) sums[metric]! += value;
      }
    }
    sums[PROCESSES] = count;
    sums[OWN_CPU] = walk.scalar('ownCpu');
    sums[OWN_RSS] = walk.scalar('ownRss');
    this.#takeSums(bucket);
    if (this.#entries > MOST_ENTRIES && this.#cap > LEAST_CAP) this.#coarsen();
    if (this.records.size > this.#mostRecords) this.#letGo(bucket);
  }

  #takeCounters(walk: FrameWalk, slot: number, record: ProcessRecord, bucket: number, isTick: boolean): void {
    const { held } = record;
    for (let index = 0; index < COUNTERS.length; index++) {
      const [metric, column] = COUNTERS[index]!;
      const value = walk.counter(column, slot);
      let least = value;
      let most = value;
      if (!isTick) {
        least = walk.counter(column, slot, LEAST);
        most = walk.counter(column, slot, MOST);
      } else if (metric === RSS) {
        const low = walk.counter(RSS_LOW, slot);
        const high = walk.counter(RSS_HIGH, slot);
        if (low < least) least = low;
        if (high > most) most = high;
      }
      if (value === held[metric] && least === value && most === value) continue;
      // A tick that leaves `stat` out says nothing about it.
      if (Number.isNaN(value) && (walk.isLeftOut(column, slot) || Number.isNaN(held[metric]!))) continue;
      if (metric === RSS) record.takeRss(bucket, value, most);
      else if (!IS_GAUGE[metric]) this.#count(metric, record, bucket, value);
      held[metric] = value;
      this.#entries += record.push(metric, bucket, value, least, most);
    }
    const cpu = walk.counter(USER, slot) + walk.counter(SYSTEM, slot);
    if (cpu !== held[CPU] && !Number.isNaN(cpu)) {
      if (Number.isNaN(record.firstCpu)) record.firstCpu = cpu;
      this.#count(CPU, record, bucket, cpu);
      held[CPU] = cpu;
      this.#entries += record.push(CPU, bucket, cpu);
    }
  }

  /** Of a process that was there before the recording, what it had counted by then is no part of it. */
  #count(metric: number, record: ProcessRecord, bucket: number, value: number): void {
    const before = record.held[metric]!;
    const isNew = bucket === record.firstBucket && this.frames > 1;
    const grown = value - (Number.isNaN(before) ? (isNew ? 0 : value) : before);
    if (grown > 0) this.#counted[metric]! += grown;
  }

  /** A read is an entry also where nothing moved: it tells that the value was measured then. */
  #takeRead(walk: FrameWalk, slot: number, record: ProcessRecord, bucket: number, isTick: boolean): void {
    const status = walk.rollupStatus(slot);
    if (status === Status.denied) record.denied++;
    if (status !== Status.ok) return;
    record.reads++;
    for (const [metric, column] of ROLLUPS) {
      const value = walk.rollup(column, slot);
      if (Number.isNaN(value)) continue;
      record.held[metric] = value;
      const least = isTick ? value : walk.rollup(column, slot, LEAST);
      const most = isTick ? value : walk.rollup(column, slot, MOST);
      this.#entries += record.push(metric, bucket, value, least, most);
    }
  }

  /** The process that has come into a slot. */
  #meet(walk: FrameWalk, slot: number, bucket: number): ProcessRecord | undefined {
    const before = this.#bySlot[slot];
    if (before) this.#end(before, bucket);
    const key = walk.key(slot);
    const identity = walk.identity(slot);
    if (key === undefined || identity === undefined) return undefined;
    let record = this.records.get(key);
    if (!record) {
      record = new ProcessRecord(key, identity, bucket, walk.input);
      this.records.set(key, record);
    }
    record.identity = identity;
    record.isGone = false;
    this.#bySlot[slot] = record;
    return record;
  }

  /** Nothing is measured of it from here on. */
  #end(record: ProcessRecord, bucket: number): void {
    if (record.isGone) return;
    record.isGone = true;
    for (let metric = 0; metric < PROCESS_METRICS; metric++) {
      const value = record.held[metric]!;
      if (Number.isNaN(value)) continue;
      if (IS_GAUGE[metric]) this.#entries += record.push(metric, Math.min(bucket, record.lastBucket + 1), Number.NaN);
      record.held[metric] = Number.NaN;
    }
  }

  /** Ends the records whose process was not in the last frame, and the courses of an input that is over. */
  settle(): void {
    for (const record of this.records.values()) {
      const { lastBucket } = this.#inputs.get(record.input)!;
      if (record.isGone) continue;
      if (record.lastBucket < lastBucket) this.#end(record, lastBucket);
      else if (lastBucket < this.lastBucket - SILENT_BUCKETS) {
        record.held.forEach((value, metric) => {
          if (IS_GAUGE[metric] && !Number.isNaN(value)) record.push(metric, lastBucket + 1, Number.NaN);
        });
      }
    }
  }

  #takeSums(bucket: number): void {
    for (let metric = 0; metric < PAGE_METRICS.length; metric++) {
      let sum = this.#counted[metric]!;
      for (const { sums, lastBucket } of this.#inputs.values()) {
        if (lastBucket >= bucket - SILENT_BUCKETS) sum += sums[metric]!;
      }
      if (sum === this.#shown[metric] || Number.isNaN(sum)) continue;
      this.#shown[metric] = sum;
      const course = this.totals[metric]!;
      course.push(bucket, sum);
      if (course.count > TOTALS_CAP) this.totals[metric] = course.within(TOTALS_CAP / 2);
    }
  }

  #coarsen(): void {
    while (this.#entries > MOST_ENTRIES / 2 && this.#cap > LEAST_CAP) {
      this.#cap /= 2;
      this.#entries = 0;
      for (const record of this.records.values()) this.#entries += record.within(this.#cap);
    }
  }

  /** Lets the smallest half go of those that have ended. */
  #letGo(bucket: number): void {
    for (const record of this.records.values()) if (record.lastBucket < bucket - 2) this.#end(record, bucket);
    const ended = [...this.records.values()].filter(({ isGone }) => isGone);
    ended.sort((a, b) => (a.peakRss || 0) - (b.peakRss || 0));
    for (const record of ended.slice(0, Math.ceil(ended.length / 2))) {
      this.records.delete(record.key);
      this.unlisted++;
      for (const course of record.courses ?? []) this.#entries -= course?.count ?? 0;
    }
    this.#bySlot.forEach((record, slot) => {
      if (record && !this.records.has(record.key)) this.#bySlot[slot] = undefined;
    });
    // Where most are alive, little can be let go, and trying at each tick would take all the time.
    this.#mostRecords = Math.max(MOST_PROCESSES, Math.round(this.records.size * 1.5));
  }
}
