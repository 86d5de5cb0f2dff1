/**
 * What recording costs the recorder.
 *
 * The trap: in a worker, the CPU time and the memory of the process are mostly its host's. So a worker counts its own
 * thread's CPU time and that of the engine's threads, and only a recorder with a process of its own counts the process.
 */
import { processCpuNs, threadCpuNs } from '../engine/clocks.js';
import { type KeptFile, KeptFiles } from '../engine/kept-files.js';
import { readHostUnits } from '../procfs/host-units.js';
import { PADDING } from '../procfs/padding.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';

const RSS_EVERY_NS = 1_000_000_000n;
const STATM_BYTES = 256;

export class OwnCost {
  readonly #scope: 'thread' | 'process';
  readonly #startNs: number;
  readonly #statm = new StatmValues();
  readonly #text = new Uint8Array(STATM_BYTES + PADDING);
  /** Kept open: the program around us may have no descriptor left just when this is wanted. */
  readonly #files = new KeptFiles(1);
  readonly #file: KeptFile = { path: '/proc/self/statm', fd: -1 };
  #rss = 0;
  #rssReadAt: bigint | undefined;

  /** `helpersNs`: CPU time of the threads that work for this one. */
  constructor(
    scope: 'thread' | 'process',
    private readonly helpersNs: () => number,
  ) {
    this.#scope = scope;
    this.#files.hold(this.#file);
    this.#startNs = this.#now();
  }

  /** CPU nanoseconds since this object was made. */
  cpuNs(): number {
    return this.#now() - this.#startNs;
  }

  /** Resident bytes of this process, read at most once a second. */
  rssBytes(nowNs: bigint): number {
    if (this.#rssReadAt === undefined || nowNs - this.#rssReadAt >= RSS_EVERY_NS) {
      const length = this.#readStatm();
      // When it fails the last one stands, and the next tick tries again: what a recording costs must not end it.
      if (length < 0) return this.#rss;
      this.#rssReadAt = nowNs;
      if (tokenizeStatm(this.#text, length, this.#statm)) {
        this.#rss = Number(this.#statm.fields[1]) * readHostUnits().pageSize;
      }
    }
    return this.#rss;
  }

  /** Bytes of its text, or -1. */
  #readStatm(): number {
    try {
      return this.#files.read(this.#file, this.#text, STATM_BYTES);
    } catch {
      return -1;
    }
  }

  close(): void {
    this.#files.closeAll();
  }

  #now(): number {
    return this.#scope === 'thread' ? threadCpuNs() + this.helpersNs() : processCpuNs();
  }
}
