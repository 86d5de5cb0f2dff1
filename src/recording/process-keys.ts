/** Whose the slots of a ring are, for walks that know processes by their key. */
import { decodeIdentity, identityKey } from '../engine/identity.js';
import type { RingCursor } from '../ring/ring-cursor.js';

/** Enters the processes of the slots whose labels the cursor has just met; undefined for a slot that is nobody's. */
export function enterKeys({ changedSlots, labels }: RingCursor, keys: (string | undefined)[]): void {
  const { slots, count } = changedSlots;
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    const label = labels[slot];
    const identity = label && decodeIdentity(label);
    keys[slot] = identity && identityKey(identity);
  }
}
