/**
 * The CPU time of deep reads, which is what the sampler's thread and the reader threads take for them.
 *
 * The trap: reader threads work between the ticks too, and a read of theirs may begin in one tick and end in another, while the
 * CPU time of the process has it as it goes on. So each thread is asked for its own time: by differences of the whole a read
 * that spans the end of a tick would count twice.
 */
import { threadCpuNs } from '../engine/clocks.js';
import type { Engine } from '../engine/engine.js';

export class DeepCpu {
  /** Of the sampler's thread. */
  #ownNs = 0;

  /** `threadNs`: CPU time of the calling thread. */
  constructor(
    private readonly engine: Pick<Engine, 'readerCpuNs'>,
    private readonly threadNs: () => number = threadCpuNs,
  ) {}

  /** So far, ns; of a reader thread with its last read that has ended. */
  get ns(): number {
    return this.#ownNs + this.engine.readerCpuNs();
  }

  /** Charges what `read` takes of the sampler's thread. */
  charge(read: () => void): void {
    const before = this.threadNs();
    read();
    this.#ownNs += this.threadNs() - before;
  }
}
