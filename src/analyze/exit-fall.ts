/**
 * What a process had before it began to end: the last ticks of one may be taken while its memory is freed, by the program that
 * cleans up or by the kernel, and say nothing of what it was.
 *
 * The trap: no event tells when a process begins to end, since that of the kernel comes when its memory has gone. So the
 * rule is of what was recorded: of a process that ended, the ticks at its end belong to its exit in which resident memory is
 * lower, by more than 2 % in all, than at the tick before them, and which lie within 100 ms of that tick and the time that
 * freeing as much takes at 512 MiB/s, or are the one tick that came within a second of it. What grew again meanwhile was in use,
 * and what another program left behind at an exec is no exit.
 */

export interface ExitFall {
  /** Of the tick before the fall; nanoseconds of the clock of the points. */
  readonly fromNs: bigint;
  readonly fromBytes: number;
  /** Of the last tick. */
  readonly lastNs: bigint;
  readonly lastBytes: number;
}

/** A smaller part comes and goes without an exit. */
const TRIFLE = 0.02;
const FREED_PER_SECOND = 512 * 2 ** 20;
const CLEANING_UP_S = 0.1;
/** Where ticks are further apart the last one is hardly ever a part of an exit. */
const ONE_TICK_S = 1;

/** Holds back the points of one process that may be a part of its exit, and passes all others on. */
export class ExitFallMeter {
  #topNs = 0n;
  #topBytes = Number.NaN;
  #low = Number.NaN;
  readonly #fallen: { readonly timeNs: bigint; readonly bytes: number }[] = [];

  /** `settled` is given each point that is no part of an exit, in order. */
  constructor(private readonly settled: (timeNs: bigint, bytes: number) => void) {}

  /** The resident bytes of a tick, which are known. */
  take(timeNs: bigint, bytes: number): void {
    if (this.#isFalling(timeNs, bytes)) {
      this.#fallen.push({ timeNs, bytes });
      this.#low = Math.min(this.#low, bytes);
      return;
    }
    this.renew();
    this.#topNs = timeNs;
    this.#topBytes = this.#low = bytes;
  }

  /** All that was held back was no exit: the process is another program from now on. */
  renew(): void {
    if (!Number.isNaN(this.#topBytes)) this.settled(this.#topNs, this.#topBytes);
    for (const { timeNs, bytes } of this.#fallen) this.settled(timeNs, bytes);
    this.#fallen.length = 0;
    this.#topBytes = Number.NaN;
  }

  /** There are no more. Returns the exit, which is not passed on, where the process ended and the rule finds one. */
  end(hasEnded: boolean): ExitFall | undefined {
    const last = this.#fallen.at(-1);
    const [fromNs, fromBytes] = [this.#topNs, this.#topBytes];
    const isExit = hasEnded && last !== undefined && last.bytes < (1 - TRIFLE) * fromBytes;
    if (isExit) this.#fallen.length = 0;
    this.renew();
    return isExit ? { fromNs, fromBytes, lastNs: last.timeNs, lastBytes: last.bytes } : undefined;
  }

  #isFalling(timeNs: bigint, bytes: number): boolean {
    const fall = this.#topBytes - bytes;
    // Not true either where nothing was there before.
    if (!(fall > 0)) return false;
    const seconds = Number(timeNs - this.#topNs) / 1e9;
    // A very large process takes many ticks to free a trifle of it.
    if (fall <= TRIFLE * this.#topBytes && fall < FREED_PER_SECOND * seconds) return false;
    if (bytes > this.#low + TRIFLE * this.#topBytes) return false;
    if (seconds <= CLEANING_UP_S + fall / FREED_PER_SECOND) return true;
    return this.#fallen.length === 0 && seconds <= ONE_TICK_S;
  }
}
