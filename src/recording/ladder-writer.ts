/**
 * The writing end of a ladder: makes coarser and coarser steps of the ticks as they come, and stores each when it ends.
 *
 * The traps: steps begin and end with the real clock's (a minute is a minute of the day), though time is told by the
 * monotonic one; nothing is read back from the ring for it; and how large a share of the file a step needs is known only
 * once it has been measured.
 */
import type { TierColumns } from '../engine/tier-columns.js';
import type { RingStats } from '../ring/append-result.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { IS_FROM_STAT } from '../schema.js';
import type { Keep } from './keep.js';
import { LADDER_SHARE } from './ladder-format.js';
import { LadderLevel, type StepScalars } from './ladder-level.js';
import type { StepSource } from './step-rows.js';

/** A step's bytes are believed once so many have been stored. */
const FRAMES_TO_MEASURE = 3;
/** Until then a step is taken for so many times as large as the one below, and no more than so many ticks. */
const GUESS_STEP = 2;
const GUESS_TICKS = 8;

type Change =
  | { readonly kind: 'arrive' | 'rename'; readonly slot: number; readonly label: Uint8Array }
  | { readonly kind: 'depart'; readonly slot: number };

export class LadderWriter {
  readonly levels: readonly LadderLevel[];
  /** Comings and goings since the last sweep: they belong to the step that the next one is in. */
  #changes: Change[] = [];
  #live = new Uint32Array(64);
  #count = 0;
  readonly #slots = new Set<number>();
  #isStale = false;
  #realOffsetNs = 0n;
  #endsNs = 0n;
  #firstNs: bigint | undefined;
  #lastNs = 0n;

  constructor(
    private readonly ring: RingWriter,
    private readonly keep: Keep,
    maxRows: number,
    private readonly failed: (timeNs: bigint, tier: string, reason: string, rows: number) => void,
  ) {
    this.levels = keep.steps.map(({ stepNs }) => new LadderLevel(ring, stepNs, maxRows));
  }

  /** The real clock is so far ahead of the times of the recording. */
  setClock(offsetNs: bigint): void {
    if (offsetNs === this.#realOffsetNs) return;
    this.#realOffsetNs = offsetNs;
    if (this.#firstNs !== undefined) this.#endsNs = this.#boundaryAfter(this.#lastNs, this.levels[0]!.stepNs);
  }

  arrive(slot: number, label: Uint8Array): void {
    this.#changes.push({ kind: 'arrive', slot, label });
  }

  rename(slot: number, label: Uint8Array): void {
    this.#changes.push({ kind: 'rename', slot, label });
  }

  depart(slot: number): void {
    this.#changes.push({ kind: 'depart', slot });
  }

  /** A tick was swept; times are those of the recording. */
  counters(
    startNs: bigint,
    endNs: bigint,
    scalars: Omit<StepScalars, 'ticks'> & { statEvery: number },
    columns: TierColumns,
  ): void {
    if (this.#firstNs === undefined) {
      this.#firstNs = startNs;
      this.#endsNs = this.#boundaryAfter(startNs, this.levels[0]!.stepNs);
    } else if (startNs >= this.#endsNs) {
      this.#end(startNs);
    }
    this.#lastNs = startNs;
    this.#applyChanges();
    this.#refresh();
    const { statEvery, tick } = scalars;
    const all = { ...scalars, ticks: 1 };
    const phase = statEvery > 1 ? tick % statEvery : 0;
    const source = sourceOf(columns);
    this.levels[0]!.add(startNs, endNs, all, source, this.#live, this.#count, IS_FROM_STAT, statEvery, phase);
  }

  /** Deep reads were made in the tick that was swept last. */
  rollup(slots: Uint32Array, count: number, columns: TierColumns): void {
    this.levels[0]!.addReads(sourceOf(columns), slots, count);
  }

  /** Stores the steps that are under way: the recording ends. */
  close(): void {
    this.levels.forEach((level, index) => {
      this.#store(level, this.levels[index + 1]);
    });
  }

  /**
   * Shares the file out anew, as long as it is not full: each step gets of `LADDER_SHARE` what it wants to keep, measured
   * in the bytes that it took so far. `others` are the shares of the rings that belong to no step.
   */
  deal(shares: readonly number[], tickRings: readonly number[]): void {
    if (this.#firstNs === undefined || !this.ring.hasUnusedBlocks) return;
    const seconds = Number(this.#lastNs - this.#firstNs) / 1e9;
    const { stats } = this.ring;
    if (seconds <= 0 || stats[tickRings[0]!]!.stored < FRAMES_TO_MEASURE) return;
    const wanted = new Map<number, number>();
    const { blockBytes } = this.ring;
    for (const ring of tickRings) {
      const bytes = fillOf(stats[ring]!, blockBytes);
      wanted.set(ring, ((Number(this.keep.fullNs) / 1e9) * bytes) / seconds);
    }
    const ticks = stats[tickRings[0]!]!.stored;
    let frameBytes = tickRings.reduce((sum, ring) => sum + fillOf(stats[ring]!, blockBytes), 0) / ticks;
    let growth = Math.min(GUESS_TICKS, (ticks / seconds) * (Number(this.levels[0]!.stepNs) / 1e9));
    this.levels.forEach(({ ringIds, frames, stepNs }, index) => {
      const ids = [ringIds.counters, ringIds.rollup];
      const fills = ids.map((id) => fillOf(stats[id]!, blockBytes));
      const bytes = fills.reduce((sum, fill) => sum + fill, 0);
      const isMeasured = frames >= FRAMES_TO_MEASURE && bytes > 0;
      frameBytes = isMeasured ? bytes / frames : frameBytes * growth;
      growth = GUESS_STEP;
      const steps = Number(this.keep.steps[index]!.keepNs) / Number(stepNs);
      ids.forEach((id, at) => {
        wanted.set(id, steps * frameBytes * (isMeasured ? fills[at]! / bytes : 1 / ids.length));
      });
    });
    const total = [...wanted.values()].reduce((sum, bytes) => sum + bytes, 0);
    // A ring that has stored nothing yet keeps its two blocks and a little.
    this.ring.deal(
      shares.map((share, ring) =>
        wanted.has(ring) ? Math.max(1e-6, (LADDER_SHARE * wanted.get(ring)!) / total) : share,
      ),
    );
  }

  /** Ends the steps that the time is beyond, the finest first: it is part of the next. */
  #end(nowNs: bigint): void {
    for (const [index, level] of this.levels.entries()) {
      if (index > 0 && this.#boundaryAfter(level.startNs, level.stepNs) > nowNs) break;
      this.#store(level, this.levels[index + 1]);
    }
    this.#endsNs = this.#boundaryAfter(nowNs, this.levels[0]!.stepNs);
  }

  #store(level: LadderLevel, coarser: LadderLevel | undefined): void {
    level.store((tier, reason, rows) => this.failed(level.endNs, tier, reason, rows));
    if (coarser && level.scalars.ticks > 0) level.foldInto(coarser);
    level.next((row) => coarser?.depart(row));
  }

  #boundaryAfter(timeNs: bigint, stepNs: bigint): bigint {
    const into = (timeNs + this.#realOffsetNs) % stepNs;
    return timeNs + stepNs - (into < 0n ? into + stepNs : into);
  }

  #applyChanges(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    for (const change of changes) {
      if (change.kind === 'depart') {
        this.levels[0]!.depart(change.slot);
        this.#slots.delete(change.slot);
      } else {
        this.#label(change);
      }
    }
    this.#isStale = true;
  }

  /** A row of one step is a slot of the next coarser one. */
  #label({ kind, slot, label }: Exclude<Change, { kind: 'depart' }>): void {
    let source = slot;
    if (kind === 'arrive') this.#slots.add(slot);
    for (const level of this.levels) {
      if (source < 0) return;
      level[kind](source, label);
      source = level.rowOf(source);
    }
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    if (this.#live.length < this.#slots.size) this.#live = new Uint32Array(this.#slots.size * 2);
    this.#count = 0;
    for (const slot of this.#slots) this.#live[this.#count++] = slot;
    this.#live.subarray(0, this.#count).sort();
  }
}

/** A tick as a source of aggregates: its values are last, least and most at once. */
function sourceOf({ columns, status }: TierColumns): StepSource {
  return { last: columns, least: columns, most: columns, status };
}

/**
 * Bytes that a ring fills of its blocks with what it stored: without the keys, which do not come with time, and then as
 * many more as the key of each block takes.
 */
function fillOf({ bytes, keyBytes, blocks }: RingStats, blockBytes: number): number {
  const key = blocks === 0 ? 0 : Math.min(keyBytes / blocks, blockBytes / 2);
  return ((bytes - keyBytes) * blockBytes) / (blockBytes - key);
}
