/**
 * What a recorder has told its sampler and may be on its way still.
 *
 * The trap: what a sampler has taken is in its ring a moment later, where another thread stores it. So what one report counts is
 * known to be there with the next, a second later.
 */
import type { StampedEvent } from '../recording/event-reading.js';
import type { TideEvent } from '../recording/events.js';

/** More are marks without end by a thread that hears no report meanwhile: the sampler has long taken the oldest. */
const MOST_HELD = 65_536;

/** `T`: of what kinds they are. */
export class ToldEvents<T extends TideEvent = TideEvent> {
  #events: (StampedEvent & { readonly event: T })[] = [];
  /** How many were told before the first that is held. */
  #before = 0;
  #reported = 0;

  /** Those that may not be in the ring, oldest first. */
  get latest(): readonly (StampedEvent & { readonly event: T })[] {
    return this.#events;
  }

  add(timeNs: bigint, event: T): void {
    this.#events.push({ timeNs, event });
    if (this.#events.length >= 2 * MOST_HELD) this.#forget(MOST_HELD);
  }

  /** The sampler reports how many it has taken of all. */
  taken(events: number): void {
    this.#forget(this.#reported - this.#before);
    this.#reported = events;
  }

  #forget(count: number): void {
    if (count <= 0) return;
    this.#events.splice(0, count);
    this.#before += count;
  }
}
