/**
 * Where the agent pushes, each place with a queue of its own; places may come, go and change while it runs.
 *
 * The trap: what waits on disk must not be lost by a change, so a queue outlives whoever sends from it: the one before ends
 * first, and the next one takes up what it left.
 */
import type { Family } from '../exposition.js';
import { DiskQueue } from './disk-queue.js';
import { type PushCounts, Pusher, type PushKind, type PushTarget } from './pusher.js';

export interface PushPlan {
  readonly kind: PushKind;
  /** All that makes it another one when it changes. */
  readonly key: string;
  readonly everyNs: bigint;
  /** Most bytes that wait. */
  readonly queueBytes: number;
  readonly makeTarget: () => Promise<PushTarget>;
}

interface Running {
  readonly key: string;
  readonly pusher: Pusher;
}

export class Pushes {
  readonly #running = new Map<PushKind, Running>();
  /** Of those before, by kind. */
  readonly #ended = new Map<PushKind, PushCounts>();

  constructor(
    private readonly folderOf: (kind: PushKind) => string,
    private readonly families: (everyNs: bigint) => readonly Family[],
    private readonly onWarning: (sentence: string) => void,
  ) {}

  /** Since the agent was started, of those that there are. */
  get counts(): (readonly [kind: PushKind, counts: PushCounts])[] {
    return [...this.#running].map(([kind, { pusher }]) => [kind, sum(pusher.counts, this.#ended.get(kind))]);
  }

  /** Pushes to these from now on, and nowhere else. Rejects with the errno of a folder of a queue that cannot be used. */
  async change(plans: readonly PushPlan[]): Promise<void> {
    for (const [kind, { key }] of this.#running) {
      if (!plans.some((plan) => plan.kind === kind && plan.key === key)) await this.#end(kind);
    }
    for (const plan of plans) if (!this.#running.has(plan.kind)) await this.#begin(plan);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ pusher }) => pusher.close()));
  }

  async #begin({ kind, key, everyNs, queueBytes, makeTarget }: PushPlan): Promise<void> {
    const target = await makeTarget();
    const queue = new DiskQueue(this.folderOf(kind), queueBytes);
    const everyMs = Number(everyNs / 1_000_000n);
    const pusher = new Pusher(target, queue, everyMs, () => this.families(everyNs), this.onWarning);
    this.#running.set(kind, { key, pusher });
  }

  async #end(kind: PushKind): Promise<void> {
    const { pusher } = this.#running.get(kind)!;
    await pusher.close();
    this.#ended.set(kind, sum(pusher.counts, this.#ended.get(kind)));
    this.#running.delete(kind);
  }
}

/** What waits is what waits now. */
function sum(counts: PushCounts, before: PushCounts | undefined): PushCounts {
  if (!before) return counts;
  return {
    ...counts,
    sent: counts.sent + before.sent,
    dropped: counts.dropped + before.dropped,
    refused: counts.refused + before.refused,
    retries: counts.retries + before.retries,
  };
}
