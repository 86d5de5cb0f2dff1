/**
 * `/dev/kmsg`: the kernel's log, here for whom it killed when memory ran out.
 *
 * The traps: it is open to root or with CAP_SYSLOG only, and its ring has lost what is old; each read gives one record, or
 * EPIPE where records were overwritten meanwhile, and blocks at the end unless told not to; times are microseconds of the
 * monotonic clock, which stands still while the host sleeps; and the name of the victim is the victim's own choice.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** A process that the kernel killed because memory ran out. */
export interface OomVictim {
  readonly pid: number;
  /** Raw, as the kernel printed it; a character for each byte. */
  readonly comm: string;
  /** Nanoseconds of the monotonic clock. */
  readonly monotonicNs: bigint;
  /** Killed for the limit of a control group, not of the host. */
  readonly ofCgroup: boolean;
}

/** Priorities from 8 on are those of programs, which can write into the log too. */
const RECORD = /^[0-7],\d+,(\d+),[^;]*;([^\n]*)/;
const KILLED = /^(Memory cgroup out of memory|Out of memory[^:]*): Killed process (\d+) \((.*)\)(?:,| total-vm)/;
/** Before Linux 5.0 the sentence began with a lower case letter and other words. */
const KILLED_BEFORE = /^()(?:Killed|killed) process (\d+) \((.*)\)(?:,| total-vm)/;
const RECORD_BYTES = 8192;

/** The victim in one record, or undefined. */
export function oomVictimIn(record: string): OomVictim | undefined {
  const [, microseconds, message] = RECORD.exec(record) ?? [];
  const found = message === undefined ? null : (KILLED.exec(message) ?? KILLED_BEFORE.exec(message));
  if (!found || microseconds === undefined) return undefined;
  return {
    pid: Number(found[2]),
    comm: unescaped(found[3]!),
    monotonicNs: BigInt(microseconds) * 1000n,
    ofCgroup: found[1]!.startsWith('Memory cgroup'),
  };
}

/** The kernel's log from its oldest record on; what is new is read at each call. */
export class KernelLog {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(RECORD_BYTES);

  /** Throws the errno when the log is closed to us. */
  constructor(file = '/dev/kmsg') {
    this.#fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** The last process that was killed in the records since the last call, or undefined. */
  lastVictim(): OomVictim | undefined {
    let last: OomVictim | undefined;
    for (let record = this.#next(); record !== undefined; record = this.#next()) last = oomVictimIn(record) ?? last;
    return last;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Undefined at the end, and at whatever else the kernel says. */
  #next(): string | undefined {
    for (;;) {
      try {
        const length = readSync(this.#fd, this.#bytes, 0, RECORD_BYTES, null);
        return length === 0 ? undefined : this.#bytes.toString('latin1', 0, length);
      } catch (error) {
        // Records were overwritten before we came to them: the next read goes on behind them.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return undefined;
      }
    }
  }
}

/** The kernel writes bytes that do not print as `\xHH`. */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
