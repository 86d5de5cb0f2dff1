/**
 * What a screen knows of the ten minutes before an instant of a recording: shapes, peaks, and changes of processes that are
 * younger than the window. Made from RSS alone, piece by piece, so that keys are answered meanwhile.
 *
 * The trap: it belongs to one frame. A step forward is taken in; after any other move it is made anew, and until then it
 * tells nothing, rather than what was true of another instant.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import type { InstantView } from '../recording/instant-view.js';
import type { StandingFrame } from '../recording/kept-frame.js';
import type { Recording } from '../recording/recording.js';
import { type LiveProcess, LiveProcesses, LONG_WINDOW_NS } from './live-processes.js';

/** How long one piece may take, milliseconds. */
const PIECE_MS = 8;
const RSS = { metrics: ['rss'] } as const;

export class ReplayHistory {
  readonly #recording: Recording;
  #processes = new LiveProcesses();
  /** By `identityKey`, at the frame that it is whole for. */
  #byKey: ReadonlyMap<string, LiveProcess> = new Map();
  #walks: FrameWalk[] = [];
  #targetNs: bigint | undefined;
  #isWhole = false;
  #shapes: LiveProcesses | undefined;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** Whether it tells of the frame at this time. */
  isWholeFor(timeNs: bigint): boolean {
    return this.#isWhole && this.#targetNs === timeNs;
  }

  /** The frame that it is made for. */
  get targetNs(): bigint | undefined {
    return this.#targetNs;
  }

  /** Begins anew for the frame at this time. */
  begin(timeNs: bigint): void {
    this.#targetNs = timeNs;
    this.#isWhole = false;
    this.#processes = new LiveProcesses();
    this.#walks = this.#recording.walks({ ...RSS, fromNs: timeNs - BigInt(LONG_WINDOW_NS), toNs: timeNs });
  }

  /** Does a piece of the work. Returns whether more is left. */
  advance(): boolean {
    if (this.#isWhole || this.#targetNs === undefined) return false;
    const until = performance.now() + PIECE_MS;
    for (let [walk] = this.#walks; walk; [walk] = this.#walks) {
      const step = walk.next();
      if (step === null) {
        this.#walks.shift();
        continue;
      }
      if (step !== 'frame') continue;
      this.#processes.absorb(walk);
      if (walk.startNs === this.#targetNs) {
        this.#finish(walk);
        return false;
      }
      if (performance.now() > until) return true;
    }
    // The frame is gone: overwritten meanwhile.
    this.#targetNs = undefined;
    return false;
  }

  /** Takes in the frame that comes next, on which the view stands. */
  stepOn({ frame }: InstantView, beforeNs: bigint): void {
    if (!this.isWholeFor(beforeNs)) return;
    this.#targetNs = frame.startNs;
    this.#processes.absorb(frame);
    this.#finish(frame);
  }

  /** Of a process at the frame of a time, when it is whole for that. */
  of(key: string, timeNs: bigint): LiveProcess | undefined {
    return this.isWholeFor(timeNs) ? this.#byKey.get(key) : undefined;
  }

  /** Up to `points` values over the ten minutes; of the last instant that it was whole for. */
  shape(slot: number, points: number): readonly number[] {
    return this.#shapes?.history.shape(slot, points).values ?? new Array<number>(points).fill(Number.NaN);
  }

  #finish(frame: StandingFrame): void {
    this.#processes.list(frame);
    this.#byKey = new Map(this.#processes.processes.map((process) => [process.key, process]));
    this.#shapes = this.#processes;
    this.#walks = [];
    this.#isWhole = true;
  }
}
