/**
 * Keeps the sampler off the processor on which the program that embeds it runs.
 *
 * The traps: a thread that sleeps most of the time is woken on the processor on which it slept, which is often the one on which
 * the main thread of the program runs; that one then waits for the whole tick, though another processor is idle. So do the
 * threads that read for the sampler, and those of V8: a program of the sampler's own moves as a whole, which a worker must not
 * do to the program that it is a part of. docs/benchmarks.md has what the event loop of such a program notices.
 * And the main thread is moved about by others: who goes after each of its steps is in its way again, who waits for seconds
 * stays in it. So this moves when the main thread was seen elsewhere some times in a row, a fraction of a second in all.
 */
import { KeptText } from '../engine/kept-text.js';
import { stayOff } from '../engine/wait.js';

const CHECK_EVERY_NS = 100_000_000n;
/** So many times in a row it must have been seen on the same other processor. */
const SEEN_BEFORE_MOVE = 3;
const PROCESSOR_FIELD = 39;
/** The field behind the name. */
const STATE_FIELD = 3;
const [SPACE, ZERO, NINE, NAME_END] = [0x20, 0x30, 0x39, 0x29];

export class KeepOff {
  #checkedNs: bigint | undefined;
  #processor = -1;
  #other = -1;
  #seen = 0;

  /** `pid`: the program whose main thread is meant. The others are for tests. */
  constructor(
    pid: number,
    private readonly move: (processor: number) => boolean = (processor) => stayOff(processor, pid !== process.pid),
    private readonly processorOf: () => number | undefined = processorOfMainThread(pid),
  ) {}

  /** To be called at each tick, on the thread that is to move. */
  check(nowNs: bigint): void {
    if (this.#checkedNs !== undefined && nowNs - this.#checkedNs < CHECK_EVERY_NS) return;
    this.#checkedNs = nowNs;
    const processor = this.processorOf();
    if (processor === undefined) return;
    this.#seen = processor === this.#other ? this.#seen + 1 : 1;
    this.#other = processor;
    if (processor === this.#processor || (this.#processor !== -1 && this.#seen < SEEN_BEFORE_MOVE)) return;
    this.#processor = this.move(processor) ? processor : -1;
  }
}

/** Asks where the main thread of a process ran last; undefined when that cannot be read. The file stays open. */
export function processorOfMainThread(pid: number): () => number | undefined {
  const stat = new KeptText(`/proc/${pid}/task/${pid}/stat`, true);
  return () => {
    const length = stat.read();
    return length <= 0 ? undefined : processorIn(stat.bytes.subarray(0, length));
  };
}

/** Of a text of `stat`; undefined where it has no such field. */
function processorIn(stat: Buffer): number | undefined {
  // A name may hold anything, but what is behind its end may not.
  let at = stat.lastIndexOf(NAME_END) + 1;
  for (let field = STATE_FIELD; field <= PROCESSOR_FIELD && at > 0; field++) at = stat.indexOf(SPACE, at) + 1;
  if (at <= 0) return undefined;
  let processor: number | undefined;
  for (; stat[at]! >= ZERO && stat[at]! <= NINE; at++) processor = (processor ?? 0) * 10 + stat[at]! - ZERO;
  return processor;
}
