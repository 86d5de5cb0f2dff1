/**
 * When all clocks are to be read and stored together: every ten seconds, and at the first tick at which somebody has put the time of
 * day, or the machine has slept.
 *
 * The trap: a clock that is only slewed moves too, by half a millisecond a second at most, and JavaScript's has whole milliseconds.
 */
import { type ClockReading, readClocks } from '../engine/clocks.js';

const EVERY_NS = 10_000_000_000n;
/** Ten seconds of slewing are 5 ms; a thread may lose its processor between two readings. */
const STEP_MS = 100;

export class ClockPace {
  #storedNs = 0n;
  /** Time of day less monotonic time, as it was stored. */
  #offsetMs: number | undefined;

  /** The reading to be stored at a tick that began at the monotonic time `startNs`, if one is due. */
  due(startNs: bigint): ClockReading | undefined {
    const isStepped =
      this.#offsetMs !== undefined &&
      Math.abs(Date.now() - Number(process.hrtime.bigint()) / 1e6 - this.#offsetMs) > STEP_MS;
    if (!isStepped && startNs - this.#storedNs < EVERY_NS) return undefined;
    this.#storedNs = startNs;
    const clocks = readClocks();
    this.#offsetMs = Number(clocks.realNs - clocks.monotonicNs) / 1e6;
    return isStepped ? earlier(clocks, startNs) : clocks;
  }
}

/** What was read in this tick already has the new time too. */
function earlier({ monotonicNs, realNs, boottimeNs }: ClockReading, startNs: bigint): ClockReading {
  const lateness = monotonicNs - startNs;
  return { monotonicNs: startNs, realNs: realNs - lateness, boottimeNs: boottimeNs - lateness };
}
