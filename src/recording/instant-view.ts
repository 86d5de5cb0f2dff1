/**
 * All values of all processes at one instant of a recording, which can be moved: to any time by the index of blocks and
 * the heads of frames, to the next frame by the walk itself.
 *
 * The traps: a walk cannot stand still on the last frame before a time, since it knows that it was the last only when it
 * has read the next; so the frame is found first and the walk ends there. A frame that stands behind damage may not be
 * readable: then the one before it is shown. And ticks of a merged recording are of several hosts, so that no frame is of
 * an instant; such a recording is refused.
 */
import { COUNTER_COLUMNS, Status } from '../schema.js';
import { DeepIndex, type DeepReading } from './deep-index.js';
import { type FoundFrame, FrameFinder } from './frame-finder.js';
import { FrameWalk } from './frame-walk.js';
import type { Recording } from './recording.js';

/** What is nearer than this is walked to. */
const NEAR_NS = 500_000_000n;
const METRICS = { metrics: COUNTER_COLUMNS } as const;

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
  readonly #deep = new Map<bigint, DeepIndex>();
  #walk: FrameWalk | undefined;
  #readings: ReadonlyMap<string, DeepReading> = new Map();
  #isWhole = true;

  /** `metrics`: the counters that are wanted. Throws `MergedRecordingError`. */
  constructor(recording: Recording, metrics?: readonly string[]) {
    if (recording.metadata.sources !== undefined) throw new MergedRecordingError();
    this.#recording = recording;
    this.#metrics = metrics === undefined ? METRICS : { metrics };
    this.finder = new FrameFinder(recording.ring);
  }

  /** The walk that stands on the frame; undefined before the first move. */
  get walk(): FrameWalk {
    if (!this.#walk) throw new TypeError('Expected the view to have been moved to a frame');
    return this.#walk;
  }

  /** Moves to the last frame at or before a monotonic time; false, and nothing moved, when there is none. */
  moveTo(timeNs: bigint): boolean {
    const found = this.finder.atOrBefore(timeNs);
    if (found && this.#goOnTo(found)) return true;
    const walk = found && this.#walkTo(found);
    if (!walk) return false;
    this.#stand(walk);
    return true;
  }

  /** Moves to the last frame at or before a time; where there is none, it stands nowhere. */
  moveOrLeave(timeNs: bigint): void {
    if (!this.moveTo(timeNs)) this.#walk = undefined;
  }

  /** Whether it stands on a frame. */
  get isMoved(): boolean {
    return this.#walk !== undefined;
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
    const { walk } = this;
    const { slots, count } = walk.rows;
    const keys: string[] = [];
    for (let index = 0; index < count; index++) {
      const key = walk.key(slots[index]!);
      if (key !== undefined) keys.push(key);
    }
    let deep = this.#deep.get(walk.stepNs);
    if (!deep) {
      deep = new DeepIndex(this.#recording.ring, walk.stepNs);
      this.#deep.set(walk.stepNs, deep);
    }
    const { found, isWhole } = deep.at(walk.tick, walk.startNs, keys, budgetMs);
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
    const age = this.walk.startNs - reading.timeNs;
    return age < 0n ? 0n : age;
  }

  #stand(walk: FrameWalk): void {
    if (this.#walk !== walk) this.#walk?.release();
    this.#walk = walk;
    this.#readings = new Map();
    this.#isWhole = false;
  }

  /** Goes to a frame that is near by the walk as it is; false when that is not the way. */
  #goOnTo({ stepNs, startNs }: FoundFrame): boolean {
    const walk = this.#walk;
    if (walk?.stepNs !== stepNs || startNs < walk.startNs || startNs - walk.startNs > NEAR_NS) return false;
    if (startNs === walk.startNs) return true;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame' || walk.startNs < startNs) continue;
      if (walk.startNs > startNs) return false;
      this.#stand(walk);
      return true;
    }
    return false;
  }

  /** A walk that stands on a frame, or on the last one before it that can be read. */
  #walkTo({ stepNs, startNs }: FoundFrame): FrameWalk | undefined {
    const { ring } = this.#recording;
    const walk = new FrameWalk(ring, { ...this.#metrics, fromNs: startNs }, stepNs);
    for (let step = walk.next(); step !== null && walk.startNs <= startNs; step = walk.next()) {
      if (step === 'frame' && walk.startNs === startNs) return walk;
    }
    // It was overwritten meanwhile, or builds on what is lost.
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
    const walk = this.#walk!;
    const endNs = this.finder.endOf(walk.stepNs);
    // A walk that has gone on cannot go back: what comes next is looked at by another.
    const next = this.#nextOf(walk);
    if (next !== undefined && (endNs === undefined || next.startNs < endNs)) {
      this.#stand(next);
      return true;
    }
    const finer = this.finder.firstOfFiner(walk.stepNs);
    const over = finer && this.#walkTo(finer);
    if (!over) return false;
    this.#stand(over);
    return true;
  }

  /** The walk on the next frame; the walk itself where there is one. */
  #nextOf(walk: FrameWalk): FrameWalk | undefined {
    const { startNs } = walk;
    for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') return walk;
    // At the turn of a block it has forgotten the frame that it stood on.
    if (!walk.isOnFrame) {
      const again = this.#walkTo({ stepNs: walk.stepNs, startNs });
      if (again) this.#walk = again;
    }
    return undefined;
  }

  #back(): boolean {
    const { stepNs, startNs } = this.walk;
    for (let wanted = this.finder.before({ stepNs, startNs }); wanted; wanted = this.finder.before(wanted)) {
      const walk = this.#walkTo(wanted);
      if (walk && walk.startNs < startNs) {
        this.#stand(walk);
        return true;
      }
    }
    return false;
  }
}
