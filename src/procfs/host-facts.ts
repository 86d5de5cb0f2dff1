/**
 * What a process list needs of the host beside its processes: when it booted, how long it is up, how much memory it has
 * and how wide a pid can be. Each is read from the tree when it is asked for, once.
 *
 * The trap: `uptime` and the start of a process count the same clock, but `/proc/stat`, which tells when that clock
 * started, costs more than all the others on a host with many interrupts.
 */
import { readBoundedText } from './bounded-file.js';

export class HostFacts {
  readonly #root: string;
  readonly #known = new Map<string, number>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Seconds since boot, in hundredths; NaN when the tree does not tell. */
  get uptime(): number {
    return this.#number('uptime', /^(\d+\.\d+)/);
  }

  /** Seconds from the epoch to boot. */
  get bootTime(): number {
    return this.#number('stat', /^btime (\d+)/m);
  }

  /** Bytes of memory. */
  get memoryTotal(): number {
    return this.#number('meminfo', /^MemTotal:\s*(\d+) kB/m) * 1024;
  }

  /** Digits of the largest pid, as procps counts them: 5 where the tree does not tell. */
  get pidDigits(): number {
    const largest = this.#number('sys/kernel/pid_max', /^(\d+)/);
    return Number.isNaN(largest) ? 5 : String(largest).length;
  }

  #number(file: string, pattern: RegExp): number {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    let value = Number.NaN;
    try {
      value = Number(pattern.exec(readBoundedText(`${this.#root}/${file}`))?.[1] ?? Number.NaN);
    } catch {
      // A captured tree may lack any of them.
    }
    this.#known.set(file, value);
    return value;
  }
}
