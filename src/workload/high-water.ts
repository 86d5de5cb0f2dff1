/**
 * The kernel's high-water mark of resident memory (`VmHWM`) of the processes of a workload, read again and again while they
 * live, since nobody can ask for it when they have ended.
 *
 * The traps: exec begins a new one, and what `wait` tells (`ru_maxrss`) survives exec, so it is never used. And with
 * thousands of processes a reading of all takes longer than a tick: a few of them are read each time, in turn.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { TreeMeter } from '../analyze/tree-meter.js';

const MOST_NS = 300_000n;
const FIELD = 'VmHWM:';

export class HighWater {
  readonly #root: string;
  readonly #bytes = Buffer.alloc(4096);
  #cursor = 0;

  constructor(root = '/proc') {
    this.#root = root;
  }

  /** Reads for as long as it may. */
  look(meter: TreeMeter): void {
    const living = [...meter.living];
    const endNs = process.hrtime.bigint() + MOST_NS;
    for (let step = 0; step < living.length; step++) {
      const [key, { pid }] = living[(this.#cursor + step) % living.length]!;
      const bytes = this.#read(pid);
      if (bytes !== undefined) meter.highWater(key, bytes);
      if (process.hrtime.bigint() < endNs) continue;
      this.#cursor += step + 1;
      return;
    }
  }

  #read(pid: number): number | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(`${this.#root}/${pid}/status`, 'r');
      const length = readSync(fd, this.#bytes, 0, this.#bytes.length, 0);
      const text = this.#bytes.toString('latin1', 0, length);
      const at = text.indexOf(FIELD);
      return at < 0 ? undefined : Number.parseInt(text.slice(at + FIELD.length), 10) * 1024;
    } catch {
      // It has ended.
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }
}
