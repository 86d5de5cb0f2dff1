/**
 * What a recording holds and what it lacks, in one walk over it.
 *
 * The trap: a total that hides losses. Every row that was attempted is either stored or dropped for a reason, and ticks
 * that never happened count as attempted.
 */

import type { Damage } from '../ring/block-index.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES, Status } from '../schema.js';
import type { BudgetGiven, TideEvent } from './events.js';
import type { FrameWalk } from './frame-walk.js';

export interface RecordingSummary {
  readonly ticks: {
    readonly hz: number;
    readonly expected: number;
    readonly recorded: number;
    readonly missed: number;
    /** Milliseconds between deadline and start of the sweep; null when nothing was recorded. */
    readonly latenessMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  };
  readonly durationSeconds: number;
  readonly processes: { readonly max: number; readonly seen: number };
  /** Values measured: one metric of one process at one tick. */
  readonly points: number;
  readonly self: {
    readonly cpuSeconds: number;
    readonly cpuShareOfOneCore: number;
    readonly usPerProcessPerTick: number;
    readonly residentBytes: number;
    /** Of `cpuShareOfOneCore`, what deep reads took; null in a recording that does not tell. */
    readonly deepShareOfOneCore: number | null;
  };
  readonly coverage: {
    readonly attempted: number;
    readonly stored: number;
    readonly dropped: Record<string, number>;
  };
  /** Share of the counters rows whose `stat` was read: 1 unless sweeps would not have fitted into a tick. */
  readonly statShare: number;
  /** Events that were overwritten: comings and goings of processes, and all others. */
  readonly lostEvents: { readonly lives: number; readonly events: number };
  /** How much of what became of processes was heard; absent in recordings that do not tell. */
  readonly lives?: Omit<TideEvent & { type: 'lives' }, 'type'>;
  /** Whether resident memory is watched between ticks, and why; absent in recordings that do not tell. */
  readonly peaks?: Omit<TideEvent & { type: 'peaks' }, 'type'>;
  /** What the budget gave, stretch by stretch; empty in recordings that do not tell. Monotonic nanoseconds. */
  readonly budgets: readonly ({ readonly timeNs: bigint } & BudgetGiven)[];
  readonly audit: { readonly checked: number; readonly mismatches: number };
  /** Writers that went on where another had stopped, in order; monotonic nanoseconds of the recording. */
  readonly resumed: readonly ({ readonly timeNs: bigint } & Omit<TideEvent & { type: 'resume' }, 'type'>)[];
  readonly damage: readonly Damage[];
}

/** Rows of counters and rollup frames by their fate. */
class Coverage {
  stored = 0;
  readonly dropped: Record<string, number> = {};

  /** One row of counters. */
  counters(status: number): void {
    // A process without memory still has its times and faults: that row is complete.
    if (status === Status.ok || status === Status.noMm) this.stored++;
    else this.drop(STATUSES[status] ?? 'lost', 1);
  }

  drop(reason: string, rows: number): void {
    if (rows > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + rows;
  }

  get attempted(): number {
    return this.stored + Object.values(this.dropped).reduce((sum, rows) => sum + rows, 0);
  }
}

/** Counts the rows of frames, and the values in them. */
class Rows {
  readonly seen = new Set<string>();
  points = 0;
  counterRows = 0;
  statRows = 0;
  /** By slot: whose it was in the frame before. */
  readonly #keys: (string | undefined)[] = [];

  constructor(private readonly coverage: Coverage) {}

  count(walk: FrameWalk): void {
    const { slots, count } = walk.rows;
    this.counterRows += count;
    this.points += countCounters(walk);
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      // A process keeps its slot for many frames, and a set is dear.
      if (key !== undefined && key !== this.#keys[slot]) this.seen.add(key);
      this.#keys[slot] = key;
      this.coverage.counters(walk.status(slot));
      if (walk.isRead(slot)) this.points += countRead(walk, slot, this.coverage);
      if (walk.isStatRead(slot)) this.statRows++;
    }
  }
}

export interface SummarySource {
  readonly walk: FrameWalk;
  readonly events: readonly { readonly timeNs: bigint; readonly event: TideEvent }[];
  readonly hz: number;
  /** Whether the oldest frames are gone because the ring was full. */
  readonly isWrapped: boolean;
  readonly lostEvents: { readonly lives: number; readonly events: number };
  readonly damage: () => readonly Damage[];
}

export function summarize(source: SummarySource): RecordingSummary {
  const { walk, events, hz } = source;
  const coverage = new Coverage();
  const lateness: number[] = [];
  const rows = new Rows(coverage);
  let max = 0;
  let residentBytes = 0;
  let startNs: bigint | undefined;
  let lastNs = 0n;
  /** By input: a merged recording has several, each with ticks and a cost of its own. */
  const spans = new Map<number, Span>();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const [ownCpu, deepCpu] = [walk.scalar('ownCpu'), walk.scalar('deepCpu')];
    const { count: rowCount } = walk.rows;
    startNs ??= walk.startNs;
    if (walk.endNs > lastNs) lastNs = walk.endNs;
    const span = spans.get(walk.input);
    if (span) Object.assign(span, { lastTick: walk.tick, lastCpu: ownCpu, lastDeep: deepCpu, rows: rowCount });
    else {
      const { tick } = walk;
      const first = { firstTick: tick, firstCpu: ownCpu, firstDeep: deepCpu };
      spans.set(walk.input, { ...first, lastTick: tick, lastCpu: ownCpu, lastDeep: deepCpu, rows: rowCount });
    }
    lateness.push(walk.scalar('lateness'));
    residentBytes = Math.max(residentBytes, walk.scalar('ownRss') || 0);
    max = Math.max(
      max,
      sumOf(spans, ({ rows }) => rows),
    );
    rows.count(walk);
  }
  const beganNs = startNs ?? 0n;
  let trailing = 0;
  // A recording that was ended in order lasted until then, not until its last sweep.
  let closedNs = 0n;
  let audit = { checked: 0, mismatches: 0 };
  let lives: RecordingSummary['lives'];
  let peaks: RecordingSummary['peaks'];
  for (const { timeNs, event } of events) {
    if (event.type === 'close') closedNs = timeNs;
    if (event.type === 'audit') audit = { checked: event.checked, mismatches: event.mismatches };
    if (event.type === 'lives') {
      const { type: _, ...heard } = event;
      lives = heard;
    }
    if (event.type === 'peaks') peaks = { isOn: event.isOn, reason: event.reason };
    if (timeNs < beganNs && source.isWrapped) continue;
    if (event.type === 'gap') {
      coverage.drop('missed-tick', event.rows);
      if (timeNs > lastNs) trailing += event.ticks;
    }
    // A step of a ladder is made of rows that were counted as ticks.
    if (event.type === 'drop' && !event.tier.includes('/')) coverage.drop(event.reason, event.rows);
  }
  const recorded = lateness.length;
  const { isWrapped } = source;
  const expected = sumOf(spans, (span) => span.lastTick + 1 - (isWrapped ? span.firstTick : 0)) + trailing;
  const durationSeconds = recorded === 0 ? 0 : Number((closedNs > lastNs ? closedNs : lastNs) - beganNs) / 1e9;
  const cpuSeconds = sumOf(spans, (span) => span.lastCpu - (isWrapped ? span.firstCpu : 0)) / 1e9;
  // Of an input that does not tell it is not known, and then neither of all of them.
  const deepTold =
    spans.size === 0 ? Number.NaN : sumOf(spans, (span) => span.lastDeep - (isWrapped ? span.firstDeep : 0)) / 1e9;
  // A part of it; but what a reader thread takes is told when its read has ended, which shows in a short part of a recording.
  const deepSeconds = Math.min(deepTold, cpuSeconds);
  lateness.sort((a, b) => a - b);
  const { counterRows } = rows;
  return {
    ticks: {
      hz,
      expected,
      recorded,
      missed: Math.max(0, expected - recorded),
      latenessMs: { p50: quantileMs(lateness, 0.5), p99: quantileMs(lateness, 0.99), max: quantileMs(lateness, 1) },
    },
    durationSeconds,
    processes: { max, seen: rows.seen.size },
    points: rows.points,
    self: {
      cpuSeconds,
      cpuShareOfOneCore: durationSeconds === 0 ? 0 : cpuSeconds / durationSeconds,
      usPerProcessPerTick: counterRows === 0 ? 0 : (cpuSeconds * 1e6) / counterRows,
      residentBytes,
      deepShareOfOneCore: durationSeconds === 0 || !(deepSeconds >= 0) ? null : deepSeconds / durationSeconds,
    },
    coverage: { attempted: coverage.attempted, stored: coverage.stored, dropped: coverage.dropped },
    statShare: counterRows === 0 ? 1 : rows.statRows / counterRows,
    lostEvents: source.lostEvents,
    ...(lives ? { lives } : {}),
    ...(peaks ? { peaks } : {}),
    budgets: events.flatMap(({ timeNs, event }) => {
      if (event.type !== 'budget') return [];
      const { type: _, ...given } = event;
      return [{ timeNs, ...given }];
    }),
    audit,
    resumed: events.flatMap(({ timeNs, event }) => {
      if (event.type !== 'resume') return [];
      const { type: _, ...resumed } = event;
      return [{ timeNs, ...resumed }];
    }),
    damage: source.damage(),
  };
}

interface Span {
  readonly firstTick: number;
  lastTick: number;
  readonly firstCpu: number;
  lastCpu: number;
  /** Of deep reads; NaN where it is not told. */
  readonly firstDeep: number;
  lastDeep: number;
  /** Of its last frame. */
  rows: number;
}

function sumOf(spans: ReadonlyMap<number, Span>, value: (span: Span) => number): number {
  return [...spans.values()].reduce((sum, span) => sum + value(span), 0);
}

/** How many values of counters the frame measured. */
function countCounters(walk: FrameWalk): number {
  const { slots, count } = walk.rows;
  let points = 0;
  for (let column = 0; column < COUNTER_COLUMNS.length; column++) {
    if (walk.hasCounter(column)) points += countMeasured(walk.counterColumn(column), slots, count);
  }
  return points;
}

function countMeasured(values: Float64Array, slots: Uint32Array, count: number): number {
  let measured = 0;
  for (let index = 0; index < count; index++) {
    if (!Number.isNaN(values[slots[index]!])) measured++;
  }
  return measured;
}

/** Counts a deep read. Returns how many values it measured. */
function countRead(walk: FrameWalk, slot: number, coverage: Coverage): number {
  const read = walk.rollupStatus(slot);
  if (read === Status.ok) coverage.stored++;
  else coverage.drop(STATUSES[read] ?? 'lost', 1);
  let points = 0;
  for (let column = 0; column < ROLLUP_COLUMNS.length; column++) {
    if (!Number.isNaN(walk.rollup(column, slot))) points++;
  }
  return points;
}

/** Of sorted nanoseconds, in milliseconds with microsecond digits. */
function quantileMs(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return Math.round(sorted[Math.max(0, index)]! / 1e3) / 1e3;
}
