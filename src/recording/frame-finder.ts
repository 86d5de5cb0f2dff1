/**
 * Finds the frame of a time, and the one before it, by the heads of frames: in a recording of hundreds of MiB nothing is
 * decoded on the way.
 *
 * The traps: of a recording that keeps its past in steps, each time belongs to the finest ring that has it, so the way
 * back leads from the oldest tick to the newest step before it; and the newest block of a recording that is being written
 * grows, so that is looked at again each time.
 */
import type { BlockEntry } from '../ring/block-index.js';
import type { FrameTimes } from '../ring/frame-times.js';
import type { RingReader } from '../ring/ring-reader.js';
import type { MonotonicSpan } from './clock-line.js';
import { ringNameOf } from './ladder-format.js';
import { stepsOf } from './ladder-walks.js';

export interface FoundFrame {
  /** The step of the ladder that it is of, nanoseconds; 0 for a tick. */
  readonly stepNs: bigint;
  /** Monotonic nanoseconds. */
  readonly startNs: bigint;
}

/** Frames that are missing. */
export interface Hole {
  /** Starts of the last frame before it and of the first behind it, monotonic nanoseconds. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** At least. */
  readonly lost: number;
}

interface Level {
  readonly stepNs: bigint;
  readonly ring: number;
}

/** Blocks of which the times are kept: some 100 bytes for each frame. */
const MOST_KEPT = 64;

export class FrameFinder {
  readonly #reader: RingReader;
  /** From fine to coarse. */
  readonly #levels: readonly Level[];
  /** `isWhole`: it was not the newest when it was read. */
  readonly #times = new Map<string, { readonly times: FrameTimes; readonly isWhole: boolean }>();

  constructor(reader: RingReader) {
    this.#reader = reader;
    this.#levels = [0n, ...stepsOf(reader)].map((stepNs) => ({
      stepNs,
      ring: reader.ringId(stepNs === 0n ? 'counters' : ringNameOf('counters', stepNs)),
    }));
  }

  /** The last frame that starts at or before a time. */
  atOrBefore(timeNs: bigint): FoundFrame | undefined {
    this.#reader.follow();
    let toNs = timeNs;
    for (const { stepNs, ring } of this.#levels) {
      const blocks = this.#reader.blocks(ring);
      const first = blocks[0]?.baseTimeNs;
      if (first === undefined || first > toNs) continue;
      for (let at = blocks.length - 1; at >= 0; at--) {
        if (blocks[at]!.baseTimeNs > toNs) continue;
        const startNs = lastAtOrBefore(this.#timesOf(ring, blocks, at), toNs);
        if (startNs !== undefined) return { stepNs, startNs };
      }
      toNs = first - 1n;
    }
    return undefined;
  }

  /** The frame before one. */
  before({ startNs }: FoundFrame): FoundFrame | undefined {
    return this.atOrBefore(startNs - 1n);
  }

  /** The oldest frame of the next finer ring, behind the newest of a coarser one. */
  firstOfFiner(stepNs: bigint): FoundFrame | undefined {
    for (let index = this.#levels.findIndex((level) => level.stepNs === stepNs) - 1; index >= 0; index--) {
      const found = this.#firstOf(this.#levels[index]!);
      if (found) return found;
    }
    return undefined;
  }

  /** The time from which on a finer ring than that of this step has the frames; undefined when there is none. */
  endOf(stepNs: bigint): bigint | undefined {
    for (const level of this.#levels) {
      if (level.stepNs >= stepNs) break;
      const first = this.#reader.blocks(level.ring)[0]?.baseTimeNs;
      if (first !== undefined) return first;
    }
    return undefined;
  }

  first(): FoundFrame | undefined {
    this.#reader.follow();
    for (const level of [...this.#levels].reverse()) {
      const found = this.#firstOf(level);
      if (found) return found;
    }
    return undefined;
  }

  last(): FoundFrame | undefined {
    return this.atOrBefore(2n ** 63n - 1n);
  }

  /** From the first frame to a tick behind the last, which stands until the next one would have come; undefined without a frame. */
  span(hz: number): MonotonicSpan | undefined {
    const [first, last] = [this.first(), this.last()];
    if (!first || !last) return undefined;
    return { fromNs: first.startNs, untilNs: last.startNs + BigInt(Math.round(1e9 / hz)) };
  }

  /** The newest tick that is there, whether it can be read or not. */
  lastTick(): FoundFrame | undefined {
    this.#reader.follow();
    const { stepNs, ring } = this.#levels[0]!;
    const blocks = this.#reader.blocks(ring);
    const startNs = blocks.length === 0 ? undefined : this.#timesOf(ring, blocks, blocks.length - 1).startNs.at(-1);
    return startNs === undefined ? undefined : { stepNs, startNs };
  }

  /** The nearest hole among the ticks that ends behind a time, or before it; looks at block after block. */
  hole(timeNs: bigint, direction: 1 | -1): Hole | undefined {
    this.#reader.follow();
    const { ring } = this.#levels[0]!;
    const blocks = this.#reader.blocks(ring);
    const start = blocks.findLastIndex(({ baseTimeNs }) => baseTimeNs <= timeNs);
    for (let at = direction > 0 ? Math.max(0, start) : start; at >= 0 && at < blocks.length; at += direction) {
      const holes = this.#holesAt(ring, blocks, at);
      const hole =
        direction > 0 ? holes.find(({ toNs }) => toNs > timeNs) : holes.findLast(({ toNs }) => toNs < timeNs);
      if (hole) return hole;
    }
    return undefined;
  }

  /** Those inside a block, and the one between it and the next. */
  #holesAt(ring: number, blocks: readonly BlockEntry[], at: number): Hole[] {
    const times = this.#timesOf(ring, blocks, at);
    const { startNs } = times;
    const next = blocks[at + 1];
    const nextNs = next && this.#timesOf(ring, blocks, at + 1).startNs[0];
    const holes: Hole[] = [];
    const add = (before: number, lost: number) => {
      const fromNs = startNs[before - 1];
      const toNs = startNs[before] ?? nextNs;
      if (fromNs !== undefined && toNs !== undefined) holes.push({ fromNs, toNs, lost });
    };
    for (const { before, lost } of times.holes) add(before, lost);
    if (next && next.firstFrameSequence > times.nextFrame) {
      add(startNs.length, next.firstFrameSequence - times.nextFrame);
    }
    return holes;
  }

  #firstOf({ stepNs, ring }: Level): FoundFrame | undefined {
    const blocks = this.#reader.blocks(ring);
    for (let at = 0; at < blocks.length; at++) {
      const startNs = this.#reader.firstFrameTime(blocks[at]!);
      if (startNs !== undefined) return { stepNs, startNs };
    }
    return undefined;
  }

  #timesOf(ring: number, blocks: readonly BlockEntry[], at: number): Omit<FrameTimes, 'end'> {
    const entry = blocks[at]!;
    const key = `${ring}/${entry.sequence}`;
    const known = this.#times.get(key);
    // Only the newest block grows.
    if (known && at < blocks.length - 1 && known.isWhole) return known.times;
    const times = this.#reader.frameTimes(entry, known?.times);
    if (!times) return { startNs: [], holes: [], nextFrame: entry.firstFrameSequence };
    if (this.#times.size >= MOST_KEPT) this.#times.delete(this.#times.keys().next().value!);
    this.#times.set(key, { times, isWhole: at < blocks.length - 1 });
    return times;
  }
}

function lastAtOrBefore({ startNs }: Pick<FrameTimes, 'startNs'>, timeNs: bigint): bigint | undefined {
  let low = 0;
  let high = startNs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startNs[middle]! <= timeNs) low = middle + 1;
    else high = middle;
  }
  return startNs[low - 1];
}
