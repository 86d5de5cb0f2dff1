/**
 * The frames of a recording that an export is made of: the range, thinned out as asked, with word of how far it is.
 *
 * The trap: a range and an interval are in Unix time, and frames are in monotonic time, which the real clock is stepped
 * against.
 */
import { Estimator, type ProcessEstimate } from '../analyze/estimates-at.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { monotonicRange } from '../recording/time-range.js';
import type { ExportOptions } from './rows.js';

export type FrameChoice = Pick<ExportOptions, 'from' | 'to' | 'every' | 'extra' | 'onProgress'>;

/** A frame of the export; reused from frame to frame. */
export interface ExportFrame {
  /** Stands on the frame. */
  walk: FrameWalk;
  /** Unix nanoseconds at the start of the sweep. */
  timeNs: bigint;
  /** By slot, where estimates are asked for. */
  readonly estimates: readonly (ProcessEstimate | undefined)[] | undefined;
}

const PROGRESS_EVERY_FRAMES = 256;

/** The frames that the options ask for, in order. Throws a TypeError for an option of the wrong type. */
export function* exportedFrames(recording: Recording, options: FrameChoice): Generator<ExportFrame> {
  const thinning = thinningOf(options.every);
  const clock = recording.clock();
  const estimator = options.extra?.includes('estimates') ? new Estimator(recording.metadata.host.pageSize) : undefined;
  const estimates: (ProcessEstimate | undefined)[] | undefined = estimator && [];
  // What a process had before the range is what its estimates rest on.
  const { from, ...wholeRange } = options;
  for (const walk of recording.walks(monotonicRange(estimator ? wholeRange : options, clock))) {
    const frame: ExportFrame = { walk, timeNs: 0n, estimates };
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      frame.timeNs = clock.toUnix(walk.startNs);
      if (walk.frames % PROGRESS_EVERY_FRAMES === 0) options.onProgress?.(frame.timeNs);
      if (estimator) {
        const { slots, count } = walk.rows;
        for (const slot of slots.subarray(0, count)) estimates![slot] = estimator.pass(walk, slot);
        if (from !== undefined && frame.timeNs < from) continue;
      }
      if (!thinning || thinning.takes(frame.timeNs)) yield frame;
    }
  }
}

/** What thins out as `every` asks; undefined where nothing is to be left out. */
export function thinningOf(every: bigint | undefined): Thinning | undefined {
  if (every === undefined) return undefined;
  if (!(typeof every === 'bigint' && every > 0n)) {
    throw new TypeError(`Expected the "every" option to be a positive bigint of nanoseconds, got ${String(every)}`);
  }
  return new Thinning(every);
}

/** Keeps the first time of each interval. */
export class Thinning {
  #interval: bigint | undefined;

  constructor(private readonly everyNs: bigint) {}

  takes(timeNs: bigint): boolean {
    const interval = timeNs / this.everyNs;
    if (interval === this.#interval) return false;
    this.#interval = interval;
    return true;
  }
}
