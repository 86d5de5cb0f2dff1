/**
 * Hosts that push what an agent told: our own encoder and sender, one of each per host, over what was collected here once a second.
 *
 * The traps: hosts that all send the same would be stored in less room than they need, so each goes its own way through what was
 * collected, a step forth, back or none at a time; and hosts that push at once would measure a burst, so they are spread over the
 * time between two pushes, as those of a fleet are by chance.
 */
import type { Family } from '../src/agent/exposition.js';
import type { PushTarget } from '../src/agent/push/pusher.js';
import { remoteWriteTo } from '../src/agent/push/remote-write.js';

export interface Sent {
  requests: number;
  samples: number;
  /** Bodies as they go over the wire, by request. */
  readonly bytes: number[];
  /** From sending to the answer, milliseconds. */
  readonly waits: number[];
  failures: string[];
}

export class SimulatedHost {
  readonly #target: PushTarget;
  readonly #random: () => number;
  #at: number;

  constructor(
    origin: string,
    number: number,
    private readonly collected: readonly (readonly Family[])[],
  ) {
    const name = `host-${String(number).padStart(4, '0')}`;
    this.#target = remoteWriteTo(new URL(`${origin}/api/v1/write`), undefined, [
      ['instance', name],
      ['job', 'tidemark'],
    ]);
    this.#random = randomOf(number + 1);
    this.#at = Math.floor(this.#random() * collected.length);
  }

  /** Sends one request for this time, and adds to the sums what became of it. */
  async push(unixMs: number, sent: Sent): Promise<void> {
    const step = Math.floor(this.#random() * 3) - 1;
    this.#at = Math.min(this.collected.length - 1, Math.max(0, this.#at + step));
    const { body, samples } = this.#target.encode(this.collected[this.#at]!, unixMs);
    const from = performance.now();
    const outcome = await this.#target.poster.post(body, new AbortController().signal);
    if (outcome.result !== 'sent') sent.failures.push(outcome.reason);
    sent.requests++;
    sent.samples += samples;
    sent.bytes.push(body.length);
    sent.waits.push(performance.now() - from);
  }

  close(): void {
    this.#target.poster.close();
  }
}

export function nothingSent(): Sent {
  return { requests: 0, samples: 0, bytes: [], waits: [], failures: [] };
}

/** Numbers from 0 to 1 that are the same for the same seed (xorshift). */
function randomOf(seed: number): () => number {
  let state = (seed * 2_654_435_769) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
