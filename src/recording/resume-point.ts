/**
 * Where a recording stopped, for a writer that goes on with it.
 *
 * The traps: the monotonic clock begins anew with each boot, so the times of a recording go on by an offset, chosen by
 * the real clock and never backwards; and numbers that only grow (ticks, CPU time) must not fall.
 */
import type { ClockReading } from '../engine/clocks.js';
import type { RecordingMetadata } from './format.js';
import type { FrameWalk } from './frame-walk.js';
import type { StampedEvent } from './recording.js';

/** What a later writer adds to its own numbers. */
export interface ResumePoint {
  /** Number of the next tick. */
  readonly tick: number;
  readonly missedTicks: number;
  /** Nanoseconds of CPU that earlier writers took. */
  readonly ownCpu: number;
  /** Added to the monotonic clock. */
  readonly offsetNs: bigint;
  /** Of the writer before, and whether it ran on the same boot. */
  readonly version: string;
  readonly isSameBoot: boolean;
}

export const BEGINNING: ResumePoint = {
  tick: 0,
  missedTicks: 0,
  ownCpu: 0,
  offsetNs: 0n,
  version: '',
  isSameBoot: true,
};

/** Between the last time of one boot and the first of the next, at least: no two frames share a time. */
const LEAST_STEP_NS = 1_000_000n;

interface Resumable {
  readonly metadata: RecordingMetadata;
  walk(range?: { fromBlockAt: 'newest' }): FrameWalk;
  events(): StampedEvent[];
}

/** Where `recording` stopped, for a writer on boot `bootId` whose clocks read `now`. */
export function resumePointOf(recording: Resumable, bootId: string, now: ClockReading): ResumePoint {
  const { metadata } = recording;
  const last = lastFrame(recording.walk({ fromBlockAt: 'newest' })) ?? lastFrame(recording.walk());
  const events = recording.events();
  const { startedAt } = metadata;
  let version = metadata.writer.version;
  let clock = { atNs: BigInt(startedAt.monotonicNs), realNs: BigInt(startedAt.realNs) };
  let writerBoot = metadata.host.bootId;
  let offsetNs = 0n;
  for (const { timeNs, event } of events) {
    if (event.type === 'resume') version = event.to;
    if (event.type !== 'clock') continue;
    clock = { atNs: timeNs, realNs: BigInt(event.realNs) };
    offsetNs = BigInt(event.offsetNs ?? 0);
    writerBoot = event.bootId ?? metadata.host.bootId;
  }
  const eventNs = events.at(-1)?.timeNs ?? clock.atNs;
  const lastNs = last && last.endNs > eventNs ? last.endNs : eventNs;
  const isSameBoot = bootId !== '' && bootId === writerBoot;
  if (!isSameBoot) {
    const atLeast = lastNs + LEAST_STEP_NS;
    const byRealClock = clock.atNs + (now.realNs - clock.realNs);
    offsetNs = (byRealClock > atLeast ? byRealClock : atLeast) - now.monotonicNs;
  }
  const { endNs = 0n, tick = -1, missedTicks = 0, ownCpu = 0 } = last ?? {};
  const missed = ticksMissedSince(endNs, events);
  return { tick: tick + 1 + missed, missedTicks: missedTicks + missed, ownCpu, offsetNs, version, isSameBoot };
}

/** No frame tells of them: the writer ended before its next one. */
function ticksMissedSince(timeNs: bigint, events: readonly StampedEvent[]): number {
  let missed = 0;
  for (const stamped of events) {
    if (stamped.event.type === 'gap' && stamped.timeNs > timeNs) missed += stamped.event.ticks;
  }
  return missed;
}

function lastFrame(walk: FrameWalk): { endNs: bigint; tick: number; missedTicks: number; ownCpu: number } | undefined {
  let last: ReturnType<typeof lastFrame>;
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    last = {
      endNs: walk.endNs,
      tick: walk.tick,
      missedTicks: walk.scalar('missedTicks'),
      ownCpu: walk.scalar('ownCpu'),
    };
  }
  return last;
}
