/**
 * Whether a reading of the clocks tells anything new.
 *
 * The trap: the clocks of a ladder must last for a month, and a month of readings that say the same would push the marks out of
 * their ring; but a reading must be found within an age, or nobody knew whether the clock stood right in between.
 */
const CLOCK_AGE_NS = 600_000_000_000n;
const CLOCK_STEP_NS = 1_000_000n;

export class StoredClock {
  #stored: { readonly offsetNs: bigint; readonly atNs: bigint } | undefined;

  /** Whether a clock so far ahead is what was stored last, not long ago. */
  isKnown(atNs: bigint, offsetNs: bigint): boolean {
    const stored = this.#stored;
    if (stored === undefined || atNs - stored.atNs >= CLOCK_AGE_NS) return false;
    const off = offsetNs - stored.offsetNs;
    return off < CLOCK_STEP_NS && off > -CLOCK_STEP_NS;
  }

  store(atNs: bigint, offsetNs: bigint): void {
    this.#stored = { offsetNs, atNs };
  }
}
