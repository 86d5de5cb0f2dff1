/**
 * Everything at one instant: the last frame at or before it, from the finest ring that has one.
 *
 * The trap: a frame of a merged recording is of one host; all hosts together are the last frame of each.
 */
import { identityKey } from '../engine/identity.js';
import type { RingReader } from '../ring/ring-reader.js';
import type { ClockLine } from './clock-line.js';
import { type ProcessReading, readProcess } from './frame.js';
import { FrameWalk, type WalkRange } from './frame-walk.js';
import { stepsOf } from './ladder-walks.js';

export interface Snapshot {
  /** Unix nanoseconds of the frame that was found. */
  readonly timeNs: bigint;
  /** Nanoseconds of the step whose last values these are; 0 for a tick. */
  readonly stepNs: bigint;
  readonly processes: readonly ProcessReading[];
}

/** What was there at a monotonic time; undefined when the recording begins later. */
export function snapshotAt(reader: RingReader, clock: ClockLine, toNs: bigint): Snapshot | undefined {
  for (const stepNs of [0n, ...stepsOf(reader)]) {
    // Two walks: the first finds the frame, the second stops on it with the state that it had.
    const walkIn = (range: WalkRange) => new FrameWalk(reader, range, stepNs);
    let range: WalkRange = { toNs, fromBlockAt: toNs };
    let frames = countFrames(walkIn(range));
    if (frames === 0) {
      // The block of that time may be damaged, or begun by a writer that died: what is before it stands.
      range = { toNs };
      frames = countFrames(walkIn(range));
    }
    if (frames === 0) continue;
    if (reader.metadata.sources !== undefined) return mergedSnapshot(() => walkIn({ toNs }), clock);
    const walk = walkIn(range);
    while (walk.frames < frames) if (walk.next() === null) break;
    return snapshotOf(walk, clock);
  }
  return undefined;
}

/** The processes of the frame that a walk stands on. */
export function snapshotOf(walk: FrameWalk, clock: ClockLine): Snapshot {
  const { slots, count } = walk.rows;
  return {
    timeNs: clock.toUnix(walk.startNs),
    stepNs: walk.stepNs,
    processes: Array.from(slots.subarray(0, count), (slot) => readProcess(walk, slot)),
  };
}

/** The last frame of each of the recordings that were merged. */
function mergedSnapshot(walkAnew: () => FrameWalk, clock: ClockLine): Snapshot {
  const lastOf = new Map<number, number>();
  const finding = walkAnew();
  for (let step = finding.next(); step !== null; step = finding.next()) lastOf.set(finding.input, finding.frames);
  const frames = new Set(lastOf.values());
  const walk = walkAnew();
  const found: Snapshot[] = [];
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step === 'frame' && frames.has(walk.frames)) found.push(snapshotOf(walk, clock));
  }
  // Of a process that two of them have, the later reading stands.
  const processes = new Map(found.flatMap((one) => one.processes.map((process) => [identityKey(process), process])));
  return { ...found.at(-1)!, processes: [...processes.values()] };
}

function countFrames(walk: FrameWalk): number {
  let frames = 0;
  for (let step = walk.next(); step !== null; step = walk.next()) frames = walk.frames;
  return frames;
}
