/**
 * Processes that departed lately: the kernel may tell of an exit after the sweep that found the process gone.
 *
 * The trap: a host starts thousands of processes an hour, for months, so what is remembered is bounded by time and by
 * number, and forgetting costs nothing per process.
 */
const FORGOTTEN_NS = 10_000_000_000n;

/** So many of the last are remembered in any storm, and at most twice as many. */
const MOST = 32_768;

export class LatelyDeparted {
  #young = new Set<string>();
  #old = new Set<string>();
  #sinceNs = 0n;

  /** How many are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** `nowNs`: monotonic. Remembered for ten seconds at least, and until the next departure after those. */
  add(key: string, nowNs: bigint): void {
    if (this.#young.size >= MOST || nowNs - this.#sinceNs >= FORGOTTEN_NS) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#sinceNs = nowNs;
    }
    this.#young.add(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }
}
