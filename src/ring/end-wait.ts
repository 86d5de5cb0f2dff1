/**
 * How long a reader has waited at one place for the next frame.
 *
 * The trap: behind a frame that is missing others may stand, and to look for them takes the whole rest of a block, megabytes. A
 * reader that comes once has to; one that follows a writer finds nothing new at every second look, and a writer leaves no
 * frame out, so it looks only where nothing has come for long.
 */
const LONG_MS = 5000;

export class EndWait {
  /** Whether it has come to the end before: set by who has looked for more in vain. */
  isBegun = false;
  #block = 0;
  #position = -1;
  #sinceMs = 0;

  /** There is nothing more now. */
  begin(): 'end' {
    this.isBegun = true;
    return 'end';
  }

  /** Whether there is no reason yet to look behind the place that nothing stands at. */
  isShort(block: number, position: number): boolean {
    if (!this.isBegun) return false;
    const nowMs = performance.now();
    if (block !== this.#block || position !== this.#position) {
      this.#block = block;
      this.#position = position;
      this.#sinceMs = nowMs;
    }
    return nowMs - this.#sinceMs < LONG_MS;
  }
}
