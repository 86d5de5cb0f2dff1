/**
 * Which process is in which slot of a frame.
 *
 * The trap: whoever keeps a frame shares this with the walk that goes on, so that what is shared is copied before it changes.
 */
import { decodeIdentity, identityKey, type ProcessIdentity } from '../engine/identity.js';

export class SlotProcesses {
  readonly identities: (ProcessIdentity | undefined)[];
  /** By slot: the identity's key, made once per label and not per frame. */
  readonly keys: (string | undefined)[];
  readonly slotOfKey: Map<string, number>;
  #isShared = false;

  constructor(from?: SlotProcesses) {
    this.identities = from ? from.identities.slice() : [];
    this.keys = from ? from.keys.slice() : [];
    this.slotOfKey = new Map(from?.slotOfKey);
  }

  /** For whoever keeps it: it does not change any more. */
  share(): this {
    this.#isShared = true;
    return this;
  }

  /** What may be changed: this, or a copy. */
  toChange(): SlotProcesses {
    return this.#isShared ? new SlotProcesses(this) : this;
  }

  /** What is empty: this, or another. */
  emptied(): SlotProcesses {
    if (this.#isShared) return new SlotProcesses();
    this.identities.fill(undefined);
    this.keys.fill(undefined);
    this.slotOfKey.clear();
    return this;
  }

  /** Takes in the labels of the slots that were named or freed. */
  relabel(
    { slots, count }: { readonly slots: Uint32Array; readonly count: number },
    labels: readonly (Uint8Array | undefined)[],
  ): void {
    const { identities, keys, slotOfKey } = this;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const before = keys[slot];
      if (before !== undefined && slotOfKey.get(before) === slot) slotOfKey.delete(before);
      const label = labels[slot];
      const identity = label && decodeIdentity(label);
      const key = identity && identityKey(identity);
      identities[slot] = identity;
      keys[slot] = key;
      if (key !== undefined) slotOfKey.set(key, slot);
    }
  }
}
