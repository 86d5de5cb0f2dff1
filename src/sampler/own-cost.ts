/**
 * What recording costs the recorder.
 *
 * The trap: in a worker, the CPU time and the memory of the process are mostly its host's. So a worker counts its own
 * thread's CPU time, and only a recorder with a process of its own counts the process.
 */
import { readFileSync } from 'node:fs';
import { processCpuNs, threadCpuNs } from '../engine/clocks.js';
import { readHostUnits } from '../procfs/host-units.js';
import { pad } from '../procfs/padding.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';

const RSS_EVERY_NS = 1_000_000_000n;

export class OwnCost {
  readonly #scope: 'thread' | 'process';
  readonly #startNs: number;
  readonly #statm = new StatmValues();
  #rss = 0;
  #rssReadAt: bigint | undefined;

  constructor(scope: 'thread' | 'process') {
    this.#scope = scope;
    this.#startNs = this.#now();
  }

  /** CPU nanoseconds since this object was made. */
  cpuNs(): number {
    return this.#now() - this.#startNs;
  }

  /** Resident bytes of this process, read at most once a second. */
  rssBytes(nowNs: bigint): number {
    if (this.#rssReadAt === undefined || nowNs - this.#rssReadAt >= RSS_EVERY_NS) {
      this.#rssReadAt = nowNs;
      const { bytes, length } = pad(readFileSync('/proc/self/statm'));
      if (tokenizeStatm(bytes, length, this.#statm)) {
        this.#rss = Number(this.#statm.fields[1]) * readHostUnits().pageSize;
      }
    }
    return this.#rss;
  }

  #now(): number {
    return this.#scope === 'thread' ? threadCpuNs() : processCpuNs();
  }
}
