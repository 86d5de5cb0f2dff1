/**
 * When the frames of a batch are due: from deadline to deadline, so that the work between two does not add up.
 *
 * The traps: a timer may fire a little before its time, which must not make two frames of one deadline; and it takes no
 * more than 2^31 - 1 milliseconds, of which a longer delay would make one.
 */
import { setTimeout as delay } from 'node:timers/promises';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The deadline after `last`; those that have passed already are left out. All in milliseconds of one clock. */
export function nextDeadline(last: number, periodMs: number, now: number): number {
  const next = last + periodMs;
  if (next > now) return next;
  return periodMs > 0 ? next + Math.ceil((now - next) / periodMs) * periodMs : now;
}

/** Waits until `performance.now()` has reached the deadline, or is within a millisecond of it. */
export async function waitUntil(deadline: number): Promise<void> {
  do {
    await delay(Math.min(LONGEST_TIMER_MS, Math.max(0, deadline - performance.now())));
  } while (deadline - performance.now() >= 1);
}
