/**
 * The number that the next frame of a ring gets when a writer goes on behind another.
 *
 * The trap: frames behind a damaged one cannot be used, but they had numbers, and no number may be given out twice.
 */
import { BlockCopy, takesNumber } from './block-copy.js';
import type { BlockEntry } from './block-index.js';
import { BLOCK_HEADER } from './layout.js';
import type { RingReader } from './ring-reader.js';

/** `newest` is the newest block of the ring. */
export function nextFrameAfter(reader: RingReader, ring: number, newest: BlockEntry): number {
  const cursor = reader.cursor(ring, { fromBlock: newest.sequence });
  while (cursor.next() !== null);
  let next = Math.max(newest.firstFrameSequence, cursor.nextFrame);
  const isDamaged = reader.damage.some((one) => one.ring === ring && one.blockSequence === newest.sequence);
  if (!isDamaged) return next;
  const { blockBytes, fileSeed } = reader.layout;
  const copy = new BlockCopy(reader.storage, fileSeed, blockBytes);
  if (!copy.load(newest)) return next;
  let sequence = newest.firstFrameSequence;
  for (let at: number = BLOCK_HEADER.bytes; ; ) {
    at = copy.findLater(at, sequence);
    if (at === -1) break;
    // Numbers are compared by their low 32 bits, and only ever grow inside a block.
    sequence += ((copy.foundSequence - sequence) % 2 ** 32) >>> 0;
    next = Math.max(next, takesNumber(copy.foundKind) ? sequence + 1 : sequence);
  }
  return next;
}
