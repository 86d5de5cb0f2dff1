/**
 * How late this host wakes a sleeping thread: the floor under every tick of a recording.
 *
 * The trap: one sleep says nothing, since the first ones are late and some are hit by other work. So the median of
 * several, and the worst beside it.
 */
import { sleepUntil } from '../engine/wait.js';

const SLEEPS = 20;
const SLEEP_NS = 1_000_000n;

export interface WakeUpLateness {
  readonly sleeps: number;
  readonly medianNs: number;
  readonly worstNs: number;
}

/** Blocks this thread for about 20 ms and measures how much later than asked it woke, in nanoseconds. */
export function measureWakeUpLateness(): WakeUpLateness {
  const lateNs: number[] = [];
  for (let sleep = 0; sleep < SLEEPS; sleep++) {
    const deadlineNs = process.hrtime.bigint() + SLEEP_NS;
    sleepUntil(deadlineNs);
    lateNs.push(Number(process.hrtime.bigint() - deadlineNs));
  }
  lateNs.sort((a, b) => a - b);
  return { sleeps: SLEEPS, medianNs: lateNs[SLEEPS / 2], worstNs: lateNs[SLEEPS - 1] };
}
