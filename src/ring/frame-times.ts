/**
 * When the sweeps of one block were, from the heads of its frames: nothing is decoded, so a block takes about as long as
 * its checksums do.
 *
 * The trap: a sweep behind damage may be told against what is lost; that it stands here does not mean that a cursor can
 * give it.
 */
import { type BlockCopy, frameAfter, takesNumber } from './block-copy.js';
import type { BlockEntry } from './block-index.js';
import { BLOCK_HEADER, FRAME_HEAD, KIND_COLUMNS, KIND_END } from './layout.js';
import type { Storage } from './storage.js';
import { ByteCursor, unzigzag } from './varint.js';

/** Length and checksum of a frame. */
const WORD_BYTES = 8;
/** What no eight bytes are. */
const NO_WORD = -1n;

/** One for all: nothing of it outlives a call. */
const payload = new ByteCursor();

export interface FrameTimes {
  /** Starts of the sweeps, monotonic nanoseconds, in their order. */
  readonly startNs: readonly bigint[];
  /** Where frames are missing inside the block: how many of `startNs` stand before, and how many are lost at least. */
  readonly holes: readonly { readonly before: number; readonly lost: number }[];
  /** Number of the frame that comes next. */
  readonly nextFrame: number;
  /** Where in the block that one will be, and the eight bytes that were there: as long as they are, it has not come. */
  readonly end: { readonly position: number; readonly word: bigint };
}

/** Of a block that was copied. */
export function frameTimes(copy: BlockCopy, entry: BlockEntry): FrameTimes {
  const startNs: bigint[] = [];
  const holes: { before: number; lost: number }[] = [];
  let sequence = entry.firstFrameSequence;
  let at: number = BLOCK_HEADER.bytes;
  for (;;) {
    if (!copy.accept(at, sequence)) {
      const later = copy.findLater(at, sequence);
      if (later < 0) break;
      const lost = ((copy.foundSequence - sequence) % 2 ** 32) >>> 0;
      holes.push({ before: startNs.length, lost: Math.max(1, lost) });
      sequence += lost;
      at = later;
      continue;
    }
    const { kind, length } = copy;
    if (kind === KIND_END) break;
    if (kind === KIND_COLUMNS) startNs.push(startOf(copy, entry, at));
    if (takesNumber(kind)) sequence++;
    at = frameAfter(at, length);
  }
  const word = at + WORD_BYTES <= copy.heldBytes ? copy.view.getBigUint64(at, true) : NO_WORD;
  return { startNs, holes, nextFrame: sequence, end: { position: at, word } };
}

/** When the first sweep was of a block whose begin was copied; undefined when it is not among what is whole there. */
export function firstFrameTime(copy: BlockCopy, entry: BlockEntry): bigint | undefined {
  for (
    let at: number = BLOCK_HEADER.bytes;
    copy.accept(at, entry.firstFrameSequence);
    at = frameAfter(at, copy.length)
  ) {
    if (copy.kind === KIND_COLUMNS) return startOf(copy, entry, at);
    if (takesNumber(copy.kind)) return undefined;
  }
  return undefined;
}

function startOf(copy: BlockCopy, entry: BlockEntry, at: number): bigint {
  payload.reset(copy.bytes, copy.view, at + FRAME_HEAD.bytes, at + copy.length);
  return entry.baseTimeNs + BigInt(unzigzag(payload.varint()));
}

/** Whether nothing has come to a block since its times were read. */
export function isStillWhole(storage: Storage, { offset }: BlockEntry, { end }: FrameTimes): boolean {
  const bytes = Buffer.alloc(WORD_BYTES);
  const isThere = storage.read(offset + end.position, bytes, 0, WORD_BYTES) === WORD_BYTES;
  return isThere && bytes.readBigUInt64LE() === end.word;
}
