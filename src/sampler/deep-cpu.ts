/** The CPU time of deep reads, which is what the sampler's thread and the reader threads take for them. */
import type { Engine } from '../engine/engine.js';
import type { OwnCost } from './own-cost.js';

export class DeepCpu {
  /** So far, ns. */
  ns = 0;
  /** Of the reader threads, when it was last looked at. */
  #readersNs = 0;

  constructor(
    private readonly cost: OwnCost,
    private readonly engine: Engine,
  ) {}

  /** Charges what `read` takes, and what reader threads did since the last call: between the ticks that was deep reading too. Returns what everything took so far, ns. */
  charge(read: () => void): number {
    const before = this.cost.cpuNs();
    const inBackground = this.engine.readerCpuNs() - this.#readersNs;
    read();
    this.#readersNs = this.engine.readerCpuNs();
    const after = this.cost.cpuNs();
    this.ns += after - before + inBackground;
    return after;
  }
}
