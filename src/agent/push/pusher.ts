/**
 * Pushes what an agent tells to a store, every so often: each request is put into a queue on disk and sent from there, the oldest
 * first, one at a time.
 *
 * The traps: a request whose answer was lost is sent again, which is the same samples once more and does no harm; one that the
 * store refuses would be refused for ever, so it is dropped and counted; and hosts that were started at once must not push at
 * once for ever.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Family } from '../exposition.js';
import { BackOff } from './back-off.js';
import type { DiskQueue } from './disk-queue.js';
import type { Outcome, Poster } from './post.js';

/** By what protocol. */
export type PushKind = 'remote-write' | 'otlp';

export interface PushTarget {
  /** The body of a request, as it is sent, and how many samples are in it. */
  encode(families: readonly Family[], unixMs: number): { readonly body: Uint8Array; readonly samples: number };
  readonly poster: Poster;
}

/** Of samples since the agent was started. */
export interface PushCounts {
  readonly sent: number;
  /** For want of room in the queue, or on the disk. */
  readonly dropped: number;
  readonly refused: number;
  /** Requests that have to be tried again. */
  readonly retries: number;
  readonly queuedBytes: number;
  readonly queuedRequests: number;
}

/** An answer that is under way at the end is waited for, or the same samples would be sent again by the next start. */
const LAST_ANSWER_MS = 2000;
/** A store that refuses all is told of now and then. */
const TELL_EVERY_MS = 60_000;

export class Pusher {
  #sent = 0;
  #refused = 0;
  #retries = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  readonly #stop = new AbortController();
  /** Ends the request that is under way. */
  readonly #cut = new AbortController();
  readonly #done: Promise<unknown>;
  #wake: (() => void) | undefined;

  constructor(
    private readonly target: PushTarget,
    private readonly queue: DiskQueue,
    private readonly everyMs: number,
    private readonly families: () => readonly Family[],
    private readonly onWarning: (sentence: string) => void,
    private readonly backOff = new BackOff(),
  ) {
    this.#done = Promise.all([this.#collect(), this.#send()]);
  }

  get counts(): PushCounts {
    const { dropped, bytes: queuedBytes, length: queuedRequests } = this.queue;
    return { sent: this.#sent, refused: this.#refused, retries: this.#retries, dropped, queuedBytes, queuedRequests };
  }

  /** Ends; what was not sent waits for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    const cut = setTimeout(() => this.#cut.abort(), LAST_ANSWER_MS);
    await this.#done;
    clearTimeout(cut);
    this.target.poster.close();
  }

  async #collect(): Promise<void> {
    const startMs = performance.now() + Math.random() * this.everyMs;
    for (let push = 0; ; push++) {
      if (!(await this.#rest(startMs + push * this.everyMs - performance.now()))) return;
      const { body, samples } = this.target.encode(this.families(), Date.now());
      if (samples === 0) continue;
      this.queue.add(body, samples);
      this.#wake?.();
    }
  }

  async #send(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const request = this.queue.first;
      if (!request) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const body = this.queue.read(request);
      if (!body) continue;
      const outcome = await this.target.poster.post(body, this.#cut.signal);
      if (outcome.result === 'failed') {
        if (signal.aborted) return;
        this.#retries++;
        this.#tell('failed, and is tried again', outcome);
        if (!(await this.#rest(this.backOff.failed(outcome.retryAfterMs)))) return;
        continue;
      }
      this.backOff.succeeded();
      this.queue.remove(request);
      if (outcome.result === 'sent') this.#sent += request.samples;
      else {
        this.#refused += request.samples;
        this.#tell(`was refused: ${request.samples} samples are dropped`, outcome);
      }
    }
  }

  #tell(what: string, { reason }: Extract<Outcome, { reason: string }>): void {
    if (performance.now() - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = performance.now();
    this.onWarning(`A push ${what} (${reason})`);
  }

  /** Whether to go on. */
  async #rest(ms: number): Promise<boolean> {
    try {
      await pause(Math.max(0, ms), undefined, { signal: this.#stop.signal });
      return true;
    } catch {
      return false;
    }
  }
}
