/**
 * Waiting for the next tick.
 *
 * The traps: timers of the event loop are up to a millisecond late, so the last stretch is slept in the kernel; and a loop
 * that never gives the event loop a turn never hears a message to stop.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { sleepUntil } from '../engine/wait.js';

const LAST_STRETCH_NS = 2_000_000n;
/**
 * Messages may wait for so long: a wait in the event loop, which is a timer and two wakes, takes as much of a processor as three
 * ticks of one process do.
 */
const TURN_EVERY_NS = 40_000_000n;
/** A turn takes a tenth of a tick at 1 kHz and a whole one at 10 kHz: where ticks are as short as the last stretch, they may wait longer. */
const SELDOM_TURN_EVERY_NS = 100_000_000n;
/** What the kernel tells between ticks is taken that often, and less often while it tells little, since every look is a wake. */
const DRAIN_EVERY_MS = 100;
const QUIET_DRAIN_EVERY_MS = 400;
const LITTLE = 25;
const MOST_WAIT_MS = 3_600_000;

export class TickWait {
  /** Nobody waits any more. */
  isStopping = false;
  #turnedNs = 0n;
  #wake: (() => void) | undefined;
  #drainEveryMs = DRAIN_EVERY_MS;

  /** `drain`, where there is something to drain, is called now and then during a long wait; it returns how much that was. */
  constructor(private readonly drain: (() => number) | undefined) {}

  /** Returns early, and at once from now on. */
  stop(): void {
    this.isStopping = true;
    this.#wake?.();
  }

  /** Sleeps without a turn of the event loop where the last was just now; undefined then, and the deadline is there. */
  untilTick(deadlineNs: bigint): Promise<void> | undefined {
    const nowNs = process.hrtime.bigint();
    const leftNs = deadlineNs - nowNs;
    const everyNs = leftNs > LAST_STRETCH_NS ? TURN_EVERY_NS : SELDOM_TURN_EVERY_NS;
    if (nowNs - this.#turnedNs >= everyNs || leftNs > TURN_EVERY_NS) return this.until(deadlineNs);
    sleepUntil(deadlineNs);
    return undefined;
  }

  async until(deadlineNs: bigint): Promise<void> {
    for (;;) {
      if (this.isStopping) return;
      const leftNs = deadlineNs - process.hrtime.bigint();
      if (leftNs <= LAST_STRETCH_NS) break;
      const most = this.drain ? this.#drainEveryMs : MOST_WAIT_MS;
      await this.#pause(Math.min(most, Math.max(1, Number((leftNs - LAST_STRETCH_NS) / 1_000_000n))));
      if (this.drain) this.#drainEveryMs = this.drain() > LITTLE ? DRAIN_EVERY_MS : QUIET_DRAIN_EVERY_MS;
    }
    await turn();
    this.#turnedNs = process.hrtime.bigint();
    if (!this.isStopping) sleepUntil(deadlineNs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
