/**
 * All values of all processes at one instant of a recording, which can be moved: to any time by the index of blocks and
 * the heads of frames, to the next frame by the walk itself.
 *
 * The traps: a walk cannot stand still on the last frame before a time, since it knows that it was the last only when it
 * has read the next; so the frame is found first and the walk ends there. A frame that stands behind damage may not be
 * readable: then the one before it is shown. And ticks of a merged recording are of several hosts, so that no frame is of
 * an instant; such a recording is refused.
 */
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { DeepIndex, type DeepReading } from './deep-index.js';
import type { FoundFrame, FrameFinder } from './frame-finder.js';
import { FrameWalk } from './frame-walk.js';
import { KeptFrames, type StandingFrame } from './kept-frame.js';
import type { Recording } from './recording.js';

/** What is nearer than this is walked to. */
const NEAR_NS = 500_000_000n;
const ALL_METRICS = [...COUNTER_COLUMNS, ...ROLLUP_COLUMNS];

export class MergedRecordingError extends Error {
  override readonly name = 'MergedRecordingError';

  constructor() {
    super('it was merged from several recordings, whose ticks are of different instants; look at one of those');
  }
}

export class InstantView {
  readonly finder: FrameFinder;
  readonly #recording: Recording;
  readonly #metrics: { readonly metrics: readonly string[] };
  readonly #deepMetrics: readonly string[];
  readonly #deep = new Map<bigint, DeepIndex>();
  /** The walk that has come farthest, and what it passed. */
  #walk: FrameWalk | undefined;
  #kept: KeptFrames;
  readonly #keptNs: bigint;
  /** The walk, or a frame that it has passed. */
  #frame: StandingFrame | undefined;
  #readings: ReadonlyMap<string, DeepReading> = new Map();
  #isWhole = true;

  /**
   * `metrics`: the counters, and values of deep reads, that are wanted; `mostKept`: frames that were passed and are kept with their
   * counters, for steps back. Throws `MergedRecordingError`.
   */
  constructor(recording: Recording, metrics: readonly string[] = ALL_METRICS, mostKept = 0) {
    if (recording.metadata.sources !== undefined) throw new MergedRecordingError();
    this.#recording = recording;
    const counters = metrics.filter((name) => COUNTER_COLUMNS.includes(name));
    this.#metrics = { metrics: counters };
    this.#deepMetrics = metrics.filter((name) => ROLLUP_COLUMNS.includes(name));
    this.#kept = new KeptFrames(mostKept, counters);
    this.#keptNs = BigInt(Math.round((mostKept / recording.metadata.hz) * 1e9));
    this.finder = recording.finder;
  }

  /** The frame that it stands on. Throws a TypeError before the first move. */
  get frame(): StandingFrame {
    if (!this.#frame) throw new TypeError('Expected the view to have been moved to a frame');
    return this.#frame;
  }

  /** Moves to the last frame at or before a monotonic time; false, and nothing moved, when there is none. */
  moveTo(timeNs: bigint): boolean {
    const found = this.finder.atOrBefore(timeNs);
    return found !== undefined && (this.#goOnTo(found) || this.#goTo(found));
  }

  /** Moves to the last frame at or before a time; where there is none, it stands nowhere. */
  moveOrLeave(timeNs: bigint): void {
    if (!this.moveTo(timeNs)) this.#frame = undefined;
  }

  /** Whether it stands on a frame. */
  get isMoved(): boolean {
    return this.#frame !== undefined;
  }

  /** Moves to the next or the previous frame; false, and nothing moved, at the ends of the recording. */
  step(by: 1 | -1): boolean {
    return by === 1 ? this.#forward() : this.#back();
  }

  /**
   * Looks for the last deep read of each process of the frame, for `budgetMs` at most. Returns whether all that there are
   * have been found; if not, the next call goes on.
   */
  findReads(budgetMs = Number.POSITIVE_INFINITY): boolean {
    const { frame } = this;
    const { slots, count } = frame.rows;
    const keys: string[] = [];
    for (let index = 0; index < count; index++) {
      const key = frame.key(slots[index]!);
      if (key !== undefined) keys.push(key);
    }
    let deep = this.#deep.get(frame.stepNs);
    if (!deep) {
      deep = new DeepIndex(this.#recording.ring, frame.stepNs, this.#deepMetrics);
      this.#deep.set(frame.stepNs, deep);
    }
    const { found, isWhole } = deep.at(frame.tick, frame.startNs, keys, budgetMs);
    this.#readings = found;
    this.#isWhole = isWhole;
    return isWhole;
  }

  /** Whether a process without a reading was never read, as far as it is recorded. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The last deep read of a process at the frame, as far as it has been looked for; whatever came of it. */
  reading(key: string): DeepReading | undefined {
    return this.#readings.get(key);
  }

  /** Nanoseconds between a read and the frame; undefined when it measured nothing. */
  ageNs(reading: DeepReading): bigint | undefined {
    if (reading.status !== Status.ok) return undefined;
    const age = this.frame.startNs - reading.timeNs;
    return age < 0n ? 0n : age;
  }

  /** Stands on the walk or on a frame that it has passed. */
  #stand(frame: StandingFrame): void {
    this.#frame = frame;
    this.#readings = new Map();
    this.#isWhole = false;
  }

  /** Goes to a frame that was kept, or is near by the walk as it is; false when that is not the way. */
  #goOnTo({ stepNs, startNs }: FoundFrame): boolean {
    const walk = this.#walk;
    if (walk?.stepNs !== stepNs) return false;
    if (walk.startNs === startNs && walk.isOnFrame) {
      this.#stand(walk);
      return true;
    }
    const kept = this.#kept.at(startNs);
    if (kept) this.#stand(kept);
    if (kept || startNs < walk.startNs || startNs - walk.startNs > NEAR_NS) return kept !== undefined;
    for (let step = this.#next(walk); step !== null; step = this.#next(walk)) {
      if (step !== 'frame' || walk.startNs < startNs) continue;
      if (walk.startNs > startNs) return false;
      this.#stand(walk);
      return true;
    }
    return false;
  }

  /** The next step of the walk that has come farthest. */
  #next(walk: FrameWalk): ReturnType<FrameWalk['next']> {
    this.#kept.pass(walk);
    // What it stood on is not what the walk stands on any more.
    if (this.#frame === walk) this.#frame = this.#kept.at(walk.startNs) ?? walk;
    return walk.next();
  }

  /** Goes to a frame by a walk of its own, or to the last one before it that can be read, which must be before `beforeNs`. */
  #goTo(found: FoundFrame, beforeNs?: bigint): boolean {
    const kept = this.#kept.emptied();
    const walk = this.#walkTo(found, kept, this.#isJustBefore(found) ? this.#keptNs : 0n);
    if (!walk || (beforeNs !== undefined && walk.startNs >= beforeNs)) return false;
    this.#walk?.release();
    this.#walk = walk;
    this.#kept = kept;
    this.#stand(walk);
    return true;
  }

  /** Who goes back a little will do so again. */
  #isJustBefore({ startNs }: FoundFrame): boolean {
    const standsNs = this.#frame?.startNs;
    return standsNs !== undefined && startNs < standsNs && startNs >= standsNs - this.#keptNs;
  }

  /** A walk that stands on a frame, with those of `keptNs` before it in `kept`, or on the last one before it that can be read. */
  #walkTo({ stepNs, startNs }: FoundFrame, kept: KeptFrames, keptNs: bigint): FrameWalk | undefined {
    const { ring } = this.#recording;
    const walk = new FrameWalk(ring, { ...this.#metrics, fromNs: startNs - keptNs }, stepNs);
    for (let step = walk.next(); step !== null && walk.startNs <= startNs; step = walk.next()) {
      if (step !== 'frame') continue;
      if (walk.startNs === startNs) return walk;
      kept.pass(walk);
    }
    // It was overwritten meanwhile, or builds on what is lost.
    kept.clear();
    for (const from of [{ fromBlockAt: startNs }, {}]) {
      const range = { ...this.#metrics, ...from, toNs: startNs };
      const counting = new FrameWalk(ring, range, stepNs);
      for (let step = counting.next(); step !== null; step = counting.next());
      if (counting.frames === 0) continue;
      const again = new FrameWalk(ring, { ...this.#metrics, ...from }, stepNs);
      while (again.frames < counting.frames) if (again.next() === null) return undefined;
      return again;
    }
    return undefined;
  }

  #forward(): boolean {
    const { stepNs } = this.frame;
    const endNs = this.finder.endOf(stepNs);
    const next = this.#nextOf(this.frame);
    if (next !== undefined && (endNs === undefined || next.startNs < endNs)) {
      this.#stand(next);
      return true;
    }
    const finer = this.finder.firstOfFiner(stepNs);
    return finer !== undefined && this.#goTo(finer);
  }

  /** What is behind a frame: one that was kept, or the walk, which has gone on. */
  #nextOf({ startNs, stepNs }: StandingFrame): StandingFrame | undefined {
    const kept = this.#kept.after(startNs);
    if (kept) return kept;
    const walk = this.#walk!;
    if (walk.startNs > startNs && walk.isOnFrame) return walk;
    for (let step = this.#next(walk); step !== null; step = this.#next(walk)) if (step === 'frame') return walk;
    // At the turn of a block it has forgotten the frame that it stood on.
    if (!walk.isOnFrame && this.#frame === walk) this.#goTo({ stepNs, startNs });
    return undefined;
  }

  #back(): boolean {
    const { stepNs, startNs } = this.frame;
    for (let wanted = this.finder.before({ stepNs, startNs }); wanted; wanted = this.finder.before(wanted)) {
      const kept = wanted.stepNs === this.#walk?.stepNs ? this.#kept.at(wanted.startNs) : undefined;
      if (kept) {
        this.#stand(kept);
        return true;
      }
      if (this.#goTo(wanted, startNs)) return true;
    }
    return false;
  }
}
