/**
 * How far ahead of other work the sampler's thread runs, and beside whom.
 *
 * The traps: a better nice value still lets whoever is running finish a slice of some milliseconds, in which at 1 kHz
 * several ticks pass; and a thread that runs ahead of everything and never sleeps takes a processor away from all others.
 * So it is ahead only at rates at which a slice is a large part of a tick, and only while it sleeps for a part of the time.
 */
import { threadCpuNs } from '../engine/clocks.js';
import { runAhead } from '../engine/wait.js';
import type { KeepOff } from './keep-off.js';

/** At lower rates a tick that begins some milliseconds late is read in time all the same. */
const LEAST_HZ = 100;
const MOST_SHARE = 0.8;
const CHECK_EVERY_NS = 1_000_000_000n;
const REST_NS = 10_000_000_000n;

export class Urgency {
  #isAhead = false;
  #checkedNs = 0n;
  #cpuNs = 0;
  #restUntilNs: bigint | undefined;

  /** `turn` and `cpuNs` are those of the calling thread. */
  constructor(
    private readonly hz: number,
    private readonly turn: (isAhead: boolean) => boolean = runAhead,
    private readonly cpuNs: () => number = threadCpuNs,
    private readonly keepOff?: KeepOff,
  ) {}

  /** Whether the thread runs ahead of ordinary work now. */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  begin(nowNs: bigint): void {
    if (this.hz < LEAST_HZ) return;
    this.#isAhead = this.turn(true);
    this.#restUntilNs = undefined;
    this.#checkedNs = nowNs;
    this.#cpuNs = this.cpuNs();
  }

  /** To be called at each tick. */
  check(nowNs: bigint): void {
    this.keepOff?.check(nowNs);
    if (this.#restUntilNs !== undefined && nowNs >= this.#restUntilNs) this.begin(nowNs);
    if (!this.#isAhead || nowNs - this.#checkedNs < CHECK_EVERY_NS) return;
    const cpuNs = this.cpuNs();
    const share = (cpuNs - this.#cpuNs) / Number(nowNs - this.#checkedNs);
    this.#cpuNs = cpuNs;
    this.#checkedNs = nowNs;
    if (share <= MOST_SHARE) return;
    this.turn(false);
    this.#isAhead = false;
    this.#restUntilNs = nowNs + REST_NS;
  }
}
