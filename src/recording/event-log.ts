/**
 * The writing end of the ring of events.
 *
 * The trap: when nothing can be stored, neither can be stored what says so. So an event that was dropped waits and is tried
 * again with the next, and of those that are too many to wait it is told how many there were.
 */
import type { RingWriter } from '../ring/ring-writer.js';
import { EventType, encodeEvent } from './events.js';
import type { PlainRecord } from './packed-records.js';

/** Events that wait at most: those of minutes without a disk, of a recording that misses ticks all the time. */
const MOST_WAITING = 1024;

export class EventLog {
  #waiting: PlainRecord[] = [];
  /** What was given up, by tier and reason. */
  readonly #lost = new Map<string, { readonly tier: string; readonly reason: string; rows: number }>();

  constructor(
    private readonly ring: RingWriter,
    private readonly id: number,
  ) {}

  append(timeNs: bigint, type: number, payload: Uint8Array): void {
    const record = { timeNs, type, payload };
    if (this.#retry(timeNs)) {
      const reason = this.#store(record);
      if (reason === undefined) return;
      // What can never be stored does not hold up others.
      if (reason !== 'write-failed') {
        this.lost('ring/events', reason, 1);
        return;
      }
    }
    if (this.isFull) this.lost('ring/events', 'write-failed', 1);
    else this.#waiting.push(record);
  }

  /** Whether the next one cannot wait. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING;
  }

  /** Rows of a tier, or records of a ring (`ring/NAME`), were dropped: an event will say how many. */
  lost(tier: string, reason: string, rows: number): void {
    const key = `${tier} ${reason}`;
    const known = this.#lost.get(key);
    if (known) known.rows += rows;
    else this.#lost.set(key, { tier, reason, rows });
  }

  /** Stores what waits, as far as that is possible. */
  retry(timeNs: bigint): void {
    if (this.#waiting.length > 0 || this.#lost.size > 0) this.#retry(timeNs);
  }

  /** True when nothing waits any more. */
  #retry(timeNs: bigint): boolean {
    while (this.#waiting.length > 0) {
      if (this.#store(this.#waiting[0]!) === 'write-failed') return false;
      this.#waiting.shift();
    }
    for (const [key, loss] of this.#lost) {
      const payload = encodeEvent({ type: 'drop', ...loss });
      if (this.#store({ timeNs, type: EventType.drop, payload }) !== undefined) return false;
      this.#lost.delete(key);
    }
    return true;
  }

  /** The reason when it was dropped. */
  #store({ timeNs, type, payload }: PlainRecord): string | undefined {
    const stored = this.ring.appendRecord(this.id, timeNs, type, payload);
    return stored.ok ? undefined : stored.reason;
  }
}
