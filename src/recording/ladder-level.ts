/**
 * One step of a ladder: collects last, least and most of the ticks (or of the finer step below) and puts them into its
 * rings when the step ends.
 *
 * The trap: the sampler gives a slot to the next process as soon as its own has gone, but the aggregates of the one that
 * went are stored only when the step ends. So a step has rows of its own, which are kept that long.
 */
import type { RingWriter } from '../ring/ring-writer.js';
import { ROLLUP_COLUMNS } from '../schema.js';
import { AGGREGATE_SUFFIXES, ringNameOf, STEP_SCALARS } from './ladder-format.js';
import { NOTHING, StepRows, type StepSource } from './step-rows.js';

/** The scalars of a tick or of a finer step. */
export type StepScalars = Record<(typeof STEP_SCALARS)[number], number>;

const NO_ROW = -1;

export class LadderLevel {
  /** Frames that were stored. */
  frames = 0;
  /** Of the columns that the ring has: an engine does not read all. */
  readonly counters: StepRows;
  readonly rollup = new StepRows(ROLLUP_COLUMNS.length);
  readonly scalars: StepScalars = { tick: 0, ticks: 0, lateness: 0, ownCpu: 0, ownRss: 0, missedTicks: 0 };
  startNs = 0n;
  endNs = 0n;
  readonly ringIds: { readonly counters: number; readonly rollup: number };
  /** Rows that stand for a process, ascending, once `refresh` was called. */
  live = new Uint32Array(64);
  count = 0;
  /** Rows with a deep read in this step; see `refreshReads`. */
  #reads = new Uint32Array(64);
  #readCount = 0;
  readonly #labels: (Uint8Array | undefined)[] = [];
  readonly #free: number[] = [];
  #leaving: number[] = [];
  #rowOf = new Int32Array(64).fill(NO_ROW);
  #isStale = false;
  /** Processes of this step that no row was left for. */
  #without = 0;
  readonly #numbers = new Float64Array(STEP_SCALARS.length);
  readonly #tick = new Float64Array(1);

  constructor(
    private readonly ring: RingWriter,
    readonly stepNs: bigint,
    private readonly maxRows: number,
  ) {
    this.ringIds = {
      counters: ring.ringId(ringNameOf('counters', stepNs)),
      rollup: ring.ringId(ringNameOf('rollup', stepNs)),
    };
    this.counters = new StepRows(ring.rings[this.ringIds.counters]!.columns.length / AGGREGATE_SUFFIXES.length);
  }

  /** The row that stands for a slot of the source, or -1. */
  rowOf(slot: number): number {
    return this.#rowOf[slot] ?? NO_ROW;
  }

  /** A process takes a slot of the source. */
  arrive(slot: number, label: Uint8Array): void {
    if (slot >= this.#rowOf.length) {
      const larger = new Int32Array(slot * 2).fill(NO_ROW);
      larger.set(this.#rowOf);
      this.#rowOf = larger;
    }
    const row = this.#free.pop() ?? (this.#labels.length < this.maxRows ? this.#labels.length : NO_ROW);
    this.#rowOf[slot] = row;
    if (row === NO_ROW) {
      this.#without++;
      return;
    }
    this.#labels[row] = label;
    this.counters.reserve(row + 1);
    this.rollup.reserve(row + 1);
    this.#setLabel(row, label);
    this.#isStale = true;
  }

  rename(slot: number, label: Uint8Array): void {
    const row = this.rowOf(slot);
    if (row === NO_ROW) return;
    this.#labels[row] = label;
    this.#setLabel(row, label);
  }

  /** The slot is free for others; the row stays until the step has ended. */
  depart(slot: number): void {
    const row = this.rowOf(slot);
    this.#rowOf[slot] = NO_ROW;
    if (row !== NO_ROW) this.#leaving.push(row);
  }

  /** Takes in a tick or a finer step: `slots[0..count)` of it. */
  add(
    startNs: bigint,
    endNs: bigint,
    scalars: StepScalars,
    source: StepSource,
    slots: Uint32Array,
    count: number,
    isPartial: readonly boolean[] = [],
    every = 1,
    phase = 0,
  ): void {
    const own = this.scalars;
    if (own.ticks === 0) {
      this.startNs = startNs;
      own.tick = scalars.tick;
    }
    this.endNs = endNs;
    own.ticks += scalars.ticks;
    own.lateness = Math.max(own.lateness, scalars.lateness);
    own.ownRss = Math.max(own.ownRss, scalars.ownRss);
    own.ownCpu = scalars.ownCpu;
    own.missedTicks = scalars.missedTicks;
    this.counters.fold(source, slots, count, this.#rowOf, isPartial, every, phase);
  }

  /** Takes in deep reads: `slots[0..count)` of the source. */
  addReads(source: StepSource, slots: Uint32Array, count: number): void {
    this.rollup.fold(source, slots, count, this.#rowOf);
  }

  /** Hands what this step has to the coarser one. */
  foldInto(coarser: LadderLevel): void {
    this.#refresh();
    coarser.add(this.startNs, this.endNs, this.scalars, this.counters, this.live, this.count);
    this.#refreshReads();
    coarser.addReads(this.rollup, this.#reads, this.#readCount);
  }

  /** Stores the step; `failed` hears what could not be stored. */
  store(failed: (tier: string, reason: string, rows: number) => void): void {
    const { scalars, startNs, endNs, ring, ringIds } = this;
    if (scalars.ticks === 0) return;
    this.#refresh();
    STEP_SCALARS.forEach((name, index) => {
      this.#numbers[index] = scalars[name];
    });
    const { status, columns } = this.counters;
    if (columns.length === 0) this.counters.reserve(1);
    const stored = ring.appendColumns(ringIds.counters, {
      startNs,
      endNs,
      scalars: this.#numbers,
      rows: 'all',
      status: this.counters.status,
      columns: columns.length === 0 ? this.counters.columns : columns,
    });
    if (!stored.ok) failed(ringNameOf('counters', this.stepNs), stored.reason, this.count);
    else this.frames++;
    if (this.#without > 0) failed(ringNameOf('counters', this.stepNs), 'no-slot', this.#without);
    this.#refreshReads();
    if (this.#readCount === 0 || status.length === 0) return;
    this.#tick[0] = scalars.tick;
    const read = ring.appendColumns(ringIds.rollup, {
      startNs,
      endNs,
      scalars: this.#tick,
      rows: { slots: this.#reads, count: this.#readCount },
      status: this.rollup.status,
      columns: this.rollup.columns,
    });
    if (!read.ok) failed(ringNameOf('rollup', this.stepNs), read.reason, this.#readCount);
  }

  /** The step has been stored and handed on: the next one begins. `freed` hears of each row that went. */
  next(freed: (row: number) => void): void {
    for (const row of this.#leaving) {
      this.ring.clearLabel(this.ringIds.counters, row);
      this.ring.clearLabel(this.ringIds.rollup, row);
      this.#labels[row] = undefined;
      this.#free.push(row);
      freed(row);
    }
    // Low rows first: frames stay short.
    if (this.#leaving.length > 0) this.#free.sort((a, b) => b - a);
    this.#isStale ||= this.#leaving.length > 0;
    this.#leaving = [];
    this.#without = 0;
    this.counters.clear();
    this.rollup.clear();
    Object.assign(this.scalars, { ticks: 0, lateness: 0, ownRss: 0 });
  }

  #setLabel(row: number, label: Uint8Array): void {
    this.ring.setLabel(this.ringIds.counters, row, label);
    this.ring.setLabel(this.ringIds.rollup, row, label);
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    if (this.live.length < this.#labels.length) this.live = new Uint32Array(this.#labels.length * 2);
    this.count = 0;
    for (let row = 0; row < this.#labels.length; row++) if (this.#labels[row]) this.live[this.count++] = row;
  }

  #refreshReads(): void {
    if (this.#reads.length < this.count) this.#reads = new Uint32Array(this.count * 2);
    this.#readCount = 0;
    const { status } = this.rollup;
    for (let index = 0; index < this.count; index++) {
      if (status[this.live[index]!] !== NOTHING) this.#reads[this.#readCount++] = this.live[index]!;
    }
  }
}
