/**
 * By how much a process had grown when it was read, since its counters were swept at the begin of the same tick.
 *
 * The trap: the sweep comes first and the read later, and a process that grows meanwhile has that growth in its USS already. Counted
 * from the sweep, the tick after would add it once more, up to all that the process shares.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import { ROLLUP_COLUMNS } from '../schema.js';

const PSS_ANON = ROLLUP_COLUMNS.indexOf('pssAnon');
const PSS = ROLLUP_COLUMNS.indexOf('pss');
const USS = ROLLUP_COLUMNS.indexOf('uss');

const beyond = (walk: FrameWalk, slot: number, column: number, swept: number) =>
  Math.max(0, walk.rollup(column, slot) - swept || 0);

/**
 * Bytes of anonymous memory, of a slot that the walk's frame has read. A least value: shares are no more than what is resident,
 * and what was let go of meanwhile looks like memory that is shared.
 */
export function grownAnonymous(walk: FrameWalk, slot: number, anonymous: number): number {
  return beyond(walk, slot, PSS_ANON, anonymous);
}

/**
 * Bytes of any kind, and what it had probably grown by where the read does not tell the kinds, as one of single mappings: if it
 * shares as much as it did when it was read before (undefined: not known).
 */
export function grownInAll(walk: FrameWalk, slot: number, rss: number, sharedBefore?: number): number {
  const isTold = sharedBefore === undefined || !Number.isNaN(walk.rollup(PSS_ANON, slot));
  const asBefore = isTold ? 0 : beyond(walk, slot, USS, rss - sharedBefore);
  return Math.max(beyond(walk, slot, PSS, rss), beyond(walk, slot, USS, rss), asBefore);
}
