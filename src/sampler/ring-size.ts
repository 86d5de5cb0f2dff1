/**
 * How large the blocks of a ring are, and how large a ring is that nobody gave a size.
 *
 * The traps: each block begins with the full state of all processes, and should be several times as large as that, or the
 * ring would hold little else; but a ring needs many blocks, because the oldest is lost as a whole; and its blocks stay as they are,
 * while a host that has just booted has a hundred processes where it will have thousands.
 */
import { listProcesses } from '../procfs/list-processes.js';
import { parseKeep } from '../recording/keep.js';
import { LADDER_KEY_BYTES } from '../recording/ladder-format.js';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from '../ring/layout.js';
import type { PlainTarget } from './target.js';

/**
 * Bytes of a block's key per process: label and about two bytes for each of its values, with room to spare.
 * A crowd of 32,000 takes 60.
 */
const KEY_BYTES_PER_PROCESS = 96;
/** The same for a control group: paths are long, and most values large. A block of theirs is to have room for more to come. */
const KEY_BYTES_PER_GROUP = 256;
const GROUP_KEYS_PER_BLOCK = 4;
const BLOCKS_PER_RING_AT_LEAST = 24;
const KEYS_PER_BLOCK = 8;
/** There is to be room for so many times as many processes as there are at the begin. */
const MORE_TO_COME = 1.5;
/** Opening a ring looks at each of them. */
const BLOCKS_AT_MOST = 4096;
const HEADER_BYTES = 64 * 1024;
/** Blocks that a recording with a ladder has at least, and more for each step. */
const TICK_BLOCKS = 16;
const STEP_BLOCKS = 8;
/** Processes may come between the choice of a size and the begin. */
const UNTIL_THE_BEGIN = 1.1;

export interface RingSize {
  readonly blockBytes: number;
  /** Processes that a key has room for at any values. */
  readonly maxSlots: number;
}

/** What a ring must have beside room for processes. */
export interface RingNeeds {
  /** Bytes of a key for each process. */
  readonly keyBytes?: number;
  readonly leastBlocks?: number;
  /** Control groups; there is room for them as far as the size allows. */
  readonly groups?: number;
  /** Processes that may be there one day: there is room for them as far as the size allows. */
  readonly mayCome?: number;
}

/** What a ladder of `--keep` needs. */
export function needsOfKeep(keep: string | undefined): RingNeeds {
  const steps = keep === undefined ? 0 : parseKeep(keep).steps.length;
  return steps === 0 ? {} : { keyBytes: LADDER_KEY_BYTES, leastBlocks: TICK_BLOCKS + STEP_BLOCKS * steps };
}

/**
 * Block size for a ring of `sizeBytes` that begins with `processes` processes. Throws a RangeError that names the least
 * size when that many cannot be recorded in it, or the most processes when no size is enough.
 */
export function sizeRing(sizeBytes: number, processes: number, needs: RingNeeds = {}): RingSize {
  const { keyBytes = KEY_BYTES_PER_PROCESS, leastBlocks = BLOCKS_PER_RING_AT_LEAST, groups = 0, mayCome = 0 } = needs;
  const key = keyOf(processes, keyBytes);
  const forGroups = Math.ceil(groups * MORE_TO_COME) * KEY_BYTES_PER_GROUP * GROUP_KEYS_PER_BLOCK;
  const wanted = powerOfTwoAbove(
    Math.max(key * KEYS_PER_BLOCK, forGroups, mayCome * keyBytes, sizeBytes / BLOCKS_AT_MOST),
  );
  const possible = powerOfTwoBelow((sizeBytes - HEADER_BYTES) / leastBlocks);
  const blockBytes = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, Math.min(wanted, possible)));
  if (possible < BLOCK_BYTES_MIN || key > blockBytes) {
    const least = leastRingBytes(processes, needs);
    if (least === Number.POSITIVE_INFINITY) {
      const most = Math.floor(BLOCK_BYTES_MAX / keyBytes / MORE_TO_COME);
      const sentence = `${processes} processes are too many for one recording: at most ${most} can be recorded`;
      throw Object.assign(new RangeError(sentence), { code: 'too-many-processes' });
    }
    const sentence = `${sizeBytes} bytes are too few to record ${processes} processes: at least ${least / 2 ** 20}M are needed`;
    throw Object.assign(new RangeError(sentence), { code: 'size-too-small' });
  }
  return { blockBytes, maxSlots: Math.max(1024, Math.ceil(blockBytes / KEY_BYTES_PER_PROCESS)) };
}

/** Bytes of the smallest ring for so many processes, in whole MiB; infinite when no size is enough. */
export function leastRingBytes(processes: number, needs: RingNeeds = {}): number {
  const { keyBytes = KEY_BYTES_PER_PROCESS, leastBlocks = BLOCKS_PER_RING_AT_LEAST } = needs;
  const block = Math.max(BLOCK_BYTES_MIN, powerOfTwoAbove(keyOf(processes, keyBytes)));
  if (block > BLOCK_BYTES_MAX) return Number.POSITIVE_INFINITY;
  return Math.ceil((block * leastBlocks + HEADER_BYTES) / 2 ** 20) * 2 ** 20;
}

/** Where nobody asked for a size: the usual one, or as many bytes as the processes that there are now need. */
export function sizeFor(usualBytes: number, root: string, target: PlainTarget, keep: string | undefined): number {
  const processes = target.kind === 'host' ? countProcesses(root) : target.kind === 'pids' ? target.pids.length : 0;
  const least = leastRingBytes(Math.ceil(processes * UNTIL_THE_BEGIN), needsOfKeep(keep));
  // Of more than any ring can have the begin says so.
  return least === Number.POSITIVE_INFINITY ? usualBytes : Math.max(usualBytes, least);
}

/** As many as the tree shows; 0 when it cannot be read, which the begin tells. */
function countProcesses(root: string): number {
  try {
    return listProcesses(root).length;
  } catch {
    return 0;
  }
}

/** Bytes of a key for as many processes as there is to be room for. */
function keyOf(processes: number, keyBytes: number): number {
  return Math.max(64, Math.ceil(processes * MORE_TO_COME)) * keyBytes;
}

function powerOfTwoAbove(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

function powerOfTwoBelow(value: number): number {
  return value < 1 ? 0 : 2 ** Math.floor(Math.log2(value));
}
