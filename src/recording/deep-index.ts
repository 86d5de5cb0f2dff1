/**
 * Where the last deep read of each process lies: a view of an instant has the PSS of then, with its age, however long
 * before it was read.
 *
 * The traps: most processes were read within a minute, and a few, such as those that were denied once, hours ago. So the
 * search goes back from the instant in stretches that grow, and then block by block, where what was found is kept; it can
 * be stopped and gone on with. And a read belongs to its tick by the tick's number: by its time it may be behind the next.
 */

import type { RingCursor } from '../ring/ring-cursor.js';
import type { RingReader } from '../ring/ring-reader.js';
import { ROLLUP_COLUMNS } from '../schema.js';
import { ringNameOf } from './ladder-format.js';
import { enterKeys } from './process-keys.js';

/** One deep read of one process. */
export interface DeepReading {
  readonly tick: number;
  /** Monotonic nanoseconds. */
  readonly timeNs: bigint;
  /** `Status`. */
  readonly status: number;
  /** In the order of `ROLLUP_COLUMNS`; NaN where not measured or not wanted. */
  readonly values: readonly number[];
}

const SECOND_NS = 1_000_000_000n;
/** What is read behind the instant, for the next steps forward. */
const AHEAD_NS = SECOND_NS / 4n;
/** How far back each stretch reaches. With `auto` a process is read once a minute at least. */
const BACK_NS = [1n, 4n, 16n, 128n].map((seconds) => seconds * SECOND_NS);

export class DeepIndex {
  readonly #reader: RingReader;
  readonly #ring: number;
  readonly #metrics: readonly string[];
  /** By metric: the number of its column, or -1. */
  readonly #places: readonly number[];
  /** The metrics that have a column, and values of which none was measured. */
  readonly #wanted: readonly number[];
  readonly #none: readonly number[] = ROLLUP_COLUMNS.map(() => Number.NaN);
  readonly #tickPlace: number;
  /** The stretch around the instant: by process, in the order of ticks. */
  #window = new Map<string, DeepReading[]>();
  #fromNs: bigint | undefined;
  #upToNs = 0n;
  #ahead: Span | undefined;
  /** By sequence of a block: the last read of each process in it. */
  readonly #blocks = new Map<number, ReadonlyMap<string, DeepReading>>();

  /** `stepNs`: the step of a ladder whose reads are wanted, or 0 for those of the ticks; `metrics`: what is wanted of them. */
  constructor(reader: RingReader, stepNs: bigint, metrics: readonly string[]) {
    this.#reader = reader;
    this.#metrics = metrics;
    this.#ring = reader.ringId(stepNs === 0n ? 'rollup' : ringNameOf('rollup', stepNs));
    const spec = reader.rings[this.#ring];
    this.#places = ROLLUP_COLUMNS.map((name) =>
      metrics.includes(name) ? (spec?.columns.findIndex((column) => column.name === name) ?? -1) : -1,
    );
    this.#wanted = this.#places.flatMap((place, metric) => (place < 0 ? [] : [metric]));
    this.#tickPlace = spec?.scalars.indexOf('tick') ?? -1;
  }

  /**
   * The last read of each of these processes up to a tick, which started at `timeNs`. `isWhole`: those that are missing
   * were never read; false when the search took longer than `budgetMs`, and the same question goes on with it.
   */
  at(
    tick: number,
    timeNs: bigint,
    keys: Iterable<string>,
    budgetMs = Number.POSITIVE_INFINITY,
  ): { readonly found: ReadonlyMap<string, DeepReading>; readonly isWhole: boolean } {
    const found = new Map<string, DeepReading>();
    let missing = new Set(keys);
    if (this.#ring < 0) return { found, isWhole: true };
    const until = performance.now() + budgetMs;
    this.#reader.follow();
    const isNew = this.#cover(timeNs);
    const take = () => {
      const left = new Set<string>();
      for (const key of missing) {
        const reading = this.#window.get(key)?.findLast((one) => one.tick <= tick);
        if (reading) found.set(key, reading);
        else left.add(key);
      }
      missing = left;
    };
    take();
    if (isNew && performance.now() > until) return { found, isWhole: missing.size === 0 };
    for (const backNs of BACK_NS) {
      if (missing.size === 0) return { found, isWhole: true };
      if (!this.#extendBack(timeNs - backNs)) continue;
      take();
      if (performance.now() > until) return { found, isWhole: missing.size === 0 };
    }
    if (missing.size === 0) return { found, isWhole: true };
    // From here on whole blocks: the rest of the one that the stretch begins in, and those before.
    const blocks = this.#reader.blocks(this.#ring);
    const first = blocks.findLastIndex(({ baseTimeNs }) => baseTimeNs <= this.#fromNs!);
    if (first >= 0 && this.#extendBack(blocks[first]!.baseTimeNs)) take();
    let read = 0;
    for (let at = first - 1; at >= 0 && missing.size > 0; at--) {
      // What is kept costs nothing, and each call takes in one more at least.
      const isKept = this.#blocks.has(blocks[at]!.sequence);
      if (!isKept && read++ > 0 && performance.now() > until) return { found, isWhole: false };
      const last = this.#lastOfBlock(blocks[at]!.sequence, blocks[at + 1]!.sequence);
      for (const key of missing) {
        const reading = last.get(key);
        if (!reading) continue;
        found.set(key, reading);
        missing.delete(key);
      }
    }
    return { found, isWhole: true };
  }

  /** Has the window around a time. Returns whether it is another. */
  #cover(timeNs: bigint): boolean {
    const isNear = this.#fromNs !== undefined && timeNs >= this.#fromNs && timeNs <= this.#upToNs + 4n * SECOND_NS;
    if (!isNear) {
      this.#ahead?.cursor.copy.release();
      this.#window = new Map();
      this.#fromNs = timeNs - BACK_NS[0]!;
      this.#ahead = new Span(this.#reader, this.#ring, this.#metrics, this.#fromNs);
    }
    const toNs = timeNs + AHEAD_NS;
    // A recording that is being written may have got more since.
    for (let isMore = this.#ahead!.next(toNs); isMore; isMore = this.#ahead!.next(toNs))
      this.#keep(this.#window, this.#ahead!);
    if (toNs > this.#upToNs || !isNear) this.#upToNs = toNs;
    return !isNear;
  }

  /** Lets the window begin at a time; false when it does already. */
  #extendBack(fromNs: bigint): boolean {
    const before = this.#fromNs!;
    if (fromNs >= before) return false;
    this.#fromNs = fromNs;
    const oldest = this.#reader.blocks(this.#ring)[0]?.baseTimeNs;
    if (oldest === undefined || oldest >= before) return false;
    const earlier = new Map<string, DeepReading[]>();
    const span = new Span(this.#reader, this.#ring, this.#metrics, fromNs);
    while (span.next(before - 1n)) if (span.cursor.startNs < before) this.#keep(earlier, span);
    span.cursor.copy.release();
    for (const [key, readings] of earlier) {
      const later = this.#window.get(key);
      this.#window.set(key, later ? [...readings, ...later] : readings);
    }
    return true;
  }

  #keep(into: Map<string, DeepReading[]>, span: Span): void {
    const { slots, count } = span.cursor.updated;
    for (let index = 0; index < count; index++) {
      const key = span.keys[slots[index]!];
      if (key === undefined) continue;
      const reading = this.#readingOf(span.cursor, slots[index]!);
      const known = into.get(key);
      if (known) known.push(reading);
      else into.set(key, [reading]);
    }
  }

  #lastOfBlock(sequence: number, nextSequence: number): ReadonlyMap<string, DeepReading> {
    const known = this.#blocks.get(sequence);
    if (known) return known;
    const last = new Map<string, DeepReading>();
    const span = new Span(this.#reader, this.#ring, this.#metrics, undefined, sequence);
    while (span.next(undefined) && span.cursor.blockSequence < nextSequence) {
      const { slots, count } = span.cursor.updated;
      for (let index = 0; index < count; index++) {
        const key = span.keys[slots[index]!];
        if (key !== undefined) last.set(key, this.#readingOf(span.cursor, slots[index]!));
      }
    }
    span.cursor.copy.release();
    this.#blocks.set(sequence, last);
    return last;
  }

  #readingOf(cursor: RingCursor, slot: number): DeepReading {
    // A plain array: thousands of small typed ones take longer to make than to fill.
    const values = this.#none.slice();
    const { columns } = cursor;
    for (const metric of this.#wanted) values[metric] = columns[this.#places[metric]!]![slot]!;
    return { tick: cursor.scalars[this.#tickPlace]!, timeNs: cursor.startNs, status: cursor.status[slot]!, values };
  }
}

/** A walk over the frames of reads from a time, or from a block, on. */
class Span {
  readonly cursor: RingCursor;
  /** By slot: whose it is. */
  readonly keys: (string | undefined)[] = [];
  #isPending = false;

  constructor(
    reader: RingReader,
    ring: number,
    columns: readonly string[],
    fromTimeNs: bigint | undefined,
    fromBlock?: number,
  ) {
    const start = fromBlock !== undefined ? { fromBlock } : fromTimeNs === undefined ? {} : { fromTimeNs };
    this.cursor = reader.cursor(ring, { ...start, columns });
  }

  /** Goes to the next frame that starts at `toNs` at the latest; false when there is none now. It may be called again. */
  next(toNs: bigint | undefined): boolean {
    const { cursor } = this;
    while (!this.#isPending) {
      const step = cursor.next();
      if (step === null) return false;
      if (step === 'block') this.keys.fill(undefined);
      else if (step === 'labels') enterKeys(cursor, this.keys);
      else if (step === 'columns') this.#isPending = true;
    }
    if (toNs !== undefined && cursor.startNs > toNs) return false;
    this.#isPending = false;
    return true;
  }
}
