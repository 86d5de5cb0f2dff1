/**
 * Which process has which slot.
 *
 * A slot is a small integer that stands for one live process in every column. The trap: a slot is reused, but only after
 * its process has gone and its row has been cleared, so no value of one process is ever read as another's.
 */
import type { ProcessIdentity } from '../engine/identity.js';

export class ProcessTable {
  /** Slots of all live processes, ascending; as many as `count`. */
  live = new Uint32Array(64);
  count = 0;
  readonly #maxSlots: number;
  readonly #identities: (ProcessIdentity | undefined)[] = [];
  readonly #slotOfPid = new Map<number, number>();
  /** Slots that were used and are free; largest first once sorted. */
  readonly #free: number[] = [];
  #isFreeSorted = true;
  #isStale = false;

  constructor(maxSlots: number) {
    this.#maxSlots = maxSlots;
  }

  /** Slots that were ever used: all are below this. */
  get highWater(): number {
    return this.#identities.length;
  }

  /** A slot for a process that is about to be bound, or -1 when all are taken. It stays free until `bind`. */
  nextSlot(): number {
    if (this.#free.length > 0) {
      // Low slots first: rows stay dense and frames short.
      if (!this.#isFreeSorted) this.#free.sort((a, b) => b - a);
      this.#isFreeSorted = true;
      return this.#free[this.#free.length - 1]!;
    }
    return this.#identities.length < this.#maxSlots ? this.#identities.length : -1;
  }

  bind(slot: number, identity: ProcessIdentity): void {
    if (slot === this.#identities.length) this.#identities.push(identity);
    else {
      this.#free.pop();
      this.#identities[slot] = identity;
    }
    this.#slotOfPid.set(identity.pid, slot);
    this.#isStale = true;
  }

  release(slot: number): ProcessIdentity {
    const identity = this.#identities[slot]!;
    this.#identities[slot] = undefined;
    if (this.#slotOfPid.get(identity.pid) === slot) this.#slotOfPid.delete(identity.pid);
    this.#free.push(slot);
    this.#isFreeSorted = false;
    this.#isStale = true;
    return identity;
  }

  has(pid: number): boolean {
    return this.#slotOfPid.has(pid);
  }

  /** Of this very process; undefined when it has none. */
  slotOf({ pid, startTicks }: Pick<ProcessIdentity, 'pid' | 'startTicks'>): number | undefined {
    const slot = this.#slotOfPid.get(pid);
    return slot !== undefined && this.#identities[slot]?.startTicks === startTicks ? slot : undefined;
  }

  identity(slot: number): ProcessIdentity | undefined {
    return this.#identities[slot];
  }

  rename(slot: number, comm: Uint8Array): ProcessIdentity {
    const renamed = { ...this.#identities[slot]!, comm };
    this.#identities[slot] = renamed;
    return renamed;
  }

  /** Brings `live` and `count` up to date. */
  refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    if (this.live.length < this.#identities.length) this.live = new Uint32Array(this.#identities.length * 2);
    this.count = 0;
    for (let slot = 0; slot < this.#identities.length; slot++) {
      if (this.#identities[slot]) this.live[this.count++] = slot;
    }
  }
}
