/**
 * The number that the next frame of a ring gets when a writer goes on behind another, and its place.
 *
 * The trap: frames behind a damaged one cannot be used, but they had numbers, and no number may be given out twice.
 */
import { BlockCopy, frameAfter, takesNumber } from './block-copy.js';
import type { BlockEntry } from './block-index.js';
import { BLOCK_HEADER, KIND_END } from './layout.js';
import type { RingReader } from './ring-reader.js';

/**
 * Bytes from the begin of a block to the place of its next frame; undefined where it was closed or is damaged. Another writer must
 * not be in it any more.
 */
export function openEndOf(reader: RingReader, block: BlockEntry): number | undefined {
  const { blockBytes, fileSeed } = reader.layout;
  const copy = new BlockCopy(reader.storage, fileSeed, blockBytes);
  if (!copy.load(block)) return undefined;
  let sequence = block.firstFrameSequence;
  let at: number = BLOCK_HEADER.bytes;
  for (; copy.accept(at, sequence); at = frameAfter(at, copy.length)) {
    if (copy.kind === KIND_END) return undefined;
    if (takesNumber(copy.kind)) sequence++;
  }
  return copy.findLater(at, sequence) === -1 ? at : undefined;
}

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
