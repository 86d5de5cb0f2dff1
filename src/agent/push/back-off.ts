/**
 * How long to wait before something is tried again: twice as long each time, and by chance between half and all of that, so
 * that the agents of a fleet whose store comes back do not all come back at once.
 */
const LEAST_MS = 1000;
const MOST_MS = 60_000;

export class BackOff {
  #failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  succeeded(): void {
    this.#failures = 0;
  }

  /** It failed once more; `askedMs` is what the other side asked to be waited. Milliseconds. */
  failed(askedMs = 0): number {
    const most = Math.min(MOST_MS, LEAST_MS * 2 ** this.#failures++);
    return Math.max(Math.min(askedMs, MOST_MS), most * (0.5 + this.random() / 2));
  }
}
