/**
 * How large the blocks of a ring are.
 *
 * The trap: each block begins with the full state of all processes, and must be several times as large as that, or the
 * ring would hold little else; but a ring needs many blocks, because the oldest is lost as a whole.
 */
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from '../ring/layout.js';

/** Bytes of a block's key per process: label and about two bytes for each of its values, with room to spare. */
const KEY_BYTES_PER_PROCESS = 96;
/** The same for a control group: paths are long, and most values large. A block of theirs is to have room for more to come. */
const KEY_BYTES_PER_GROUP = 256;
const GROUP_KEYS_PER_BLOCK = 4;
const BLOCKS_PER_RING_AT_LEAST = 24;
const KEYS_PER_BLOCK = 8;
/** Opening a ring looks at each of them. */
const BLOCKS_AT_MOST = 4096;
const HEADER_BYTES = 64 * 1024;

export interface RingSize {
  readonly blockBytes: number;
  /** Processes that a key has room for at any values. */
  readonly maxSlots: number;
}

/**
 * Block size for a ring of `sizeBytes` that begins with `processes` processes, whose keys take `keyBytes` for each and
 * which has `leastBlocks` at least, with room for `groups` control groups as far as that size allows. Throws a RangeError that names the least
 * size when that many cannot be recorded in it, or the most processes when no size is enough.
 */
export function sizeRing(
  sizeBytes: number,
  processes: number,
  { keyBytes = KEY_BYTES_PER_PROCESS, leastBlocks = BLOCKS_PER_RING_AT_LEAST, groups = 0 } = {},
): RingSize {
  const expected = Math.max(64, Math.ceil(processes * 1.5));
  const forGroups = Math.ceil(groups * 1.5) * KEY_BYTES_PER_GROUP * GROUP_KEYS_PER_BLOCK;
  const wanted = powerOfTwoAbove(Math.max(expected * keyBytes * KEYS_PER_BLOCK, forGroups, sizeBytes / BLOCKS_AT_MOST));
  const possible = powerOfTwoBelow((sizeBytes - HEADER_BYTES) / leastBlocks);
  const blockBytes = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, Math.min(wanted, possible)));
  if (possible < BLOCK_BYTES_MIN || expected * keyBytes * 2 > blockBytes) {
    if (expected * keyBytes * 2 > BLOCK_BYTES_MAX) {
      const most = Math.floor(BLOCK_BYTES_MAX / (keyBytes * 2) / 1.5);
      const sentence = `${processes} processes are too many for one recording: at most ${most} can be recorded`;
      throw Object.assign(new RangeError(sentence), { code: 'too-many-processes' });
    }
    const block = Math.max(BLOCK_BYTES_MIN, powerOfTwoAbove(expected * keyBytes * 2));
    const least = Math.ceil((block * leastBlocks + HEADER_BYTES) / 2 ** 20);
    const sentence = `${sizeBytes} bytes are too few to record ${processes} processes: at least ${least}M are needed`;
    throw Object.assign(new RangeError(sentence), { code: 'size-too-small' });
  }
  return { blockBytes, maxSlots: Math.max(1024, Math.ceil(blockBytes / KEY_BYTES_PER_PROCESS)) };
}

function powerOfTwoAbove(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

function powerOfTwoBelow(value: number): number {
  return value < 1 ? 0 : 2 ** Math.floor(Math.log2(value));
}
