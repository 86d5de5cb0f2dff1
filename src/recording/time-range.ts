/** A range of times of day, and what it is by the clock of the ring. */
import { checkNames, timeOption } from '../text/option-checks.js';
import type { ClockLine } from './clock-line.js';
import type { WalkRange } from './frame-walk.js';

/** Unix nanoseconds; both ends belong to it. */
export interface TimeRange {
  readonly from?: bigint;
  readonly to?: bigint;
}

/** Throws a TypeError for an option that is no end of a range. */
export function checkRange(range: TimeRange): void {
  checkNames(range, ['from', 'to']);
}

/** The same range by the monotonic clock; times that were twice are in it both times. Throws a TypeError for an end that is no time. */
export function monotonicRange(range: TimeRange, clock: ClockLine): Pick<WalkRange, 'fromNs' | 'toNs'> {
  timeOption('from', range.from);
  timeOption('to', range.to);
  return {
    ...(range.from === undefined ? {} : { fromNs: clock.toMonotonic(range.from, 'earliest') }),
    ...(range.to === undefined ? {} : { toNs: clock.toMonotonic(range.to) }),
  };
}
