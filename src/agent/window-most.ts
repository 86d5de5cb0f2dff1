/** The largest of the numbers of the last one to two minutes. */
const HALF_NS = 60_000_000_000n;

export class WindowMost {
  #half = -1n;
  #now = Number.NaN;
  #before = Number.NaN;

  put(value: number, nowNs: bigint): void {
    const half = nowNs / HALF_NS;
    if (half !== this.#half) {
      this.#before = half === this.#half + 1n ? this.#now : Number.NaN;
      this.#now = Number.NaN;
      this.#half = half;
    }
    if (!(this.#now >= value)) this.#now = value;
  }

  /** NaN when there was none. */
  get most(): number {
    return this.#before > this.#now || Number.isNaN(this.#now) ? this.#before : this.#now;
  }
}
