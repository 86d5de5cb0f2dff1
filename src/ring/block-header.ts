/**
 * The 64 bytes at the start of each block: whose block it is and which generation.
 *
 * Writing it is what recycles a block: frames of the earlier lap behind it stop passing their CRC at that instant.
 */
import { blockHeaderCrc, frameSeedOf } from './checksum.js';
import { BLOCK_HEADER, BLOCK_MAGIC } from './layout.js';

export interface BlockHeader {
  ring: number;
  /** Generation: counts the blocks of this ring from 1. */
  sequence: number;
  /** Number of the first frame that counts (COLUMNS, RECORD) in this block; the ring's very first is 1. */
  firstFrameSequence: number;
  /** Start of that frame in monotonic ns; times inside the block are relative to it. */
  baseTimeNs: bigint;
  /** Seed of the CRCs of the frames in this block. */
  frameSeed: number;
}

/** Fills `bytes` (64 of them) and returns the seed for the frames of the block. */
export function encodeBlockHeader(bytes: Uint8Array, header: Omit<BlockHeader, 'frameSeed'>, fileSeed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOCK_HEADER.bytes);
  bytes.fill(0, 0, BLOCK_HEADER.bytes);
  view.setUint32(BLOCK_HEADER.magic, BLOCK_MAGIC, true);
  setUint53(view, BLOCK_HEADER.sequence, header.sequence);
  view.setUint32(BLOCK_HEADER.ring, header.ring, true);
  setUint53(view, BLOCK_HEADER.firstFrameSequence, header.firstFrameSequence);
  view.setBigInt64(BLOCK_HEADER.baseTimeNs, header.baseTimeNs, true);
  view.setUint32(BLOCK_HEADER.crc, blockHeaderCrc(bytes, fileSeed), true);
  return frameSeedOf(bytes, fileSeed);
}

/** `unused`: nothing was ever written here; `damaged`: anything else that is not a header of this file. */
export function parseBlockHeader(bytes: Uint8Array, fileSeed: number): BlockHeader | 'unused' | 'damaged' {
  if (bytes.length < BLOCK_HEADER.bytes) return 'damaged';
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOCK_HEADER.bytes);
  if (view.getUint32(BLOCK_HEADER.magic, true) !== BLOCK_MAGIC) {
    return bytes.subarray(0, BLOCK_HEADER.bytes).every((byte) => byte === 0) ? 'unused' : 'damaged';
  }
  if (view.getUint32(BLOCK_HEADER.crc, true) !== blockHeaderCrc(bytes, fileSeed)) return 'damaged';
  const sequence = getUint53(view, BLOCK_HEADER.sequence);
  const firstFrameSequence = getUint53(view, BLOCK_HEADER.firstFrameSequence);
  if (!(sequence >= 1) || !(firstFrameSequence >= 1)) return 'damaged';
  return {
    ring: view.getUint32(BLOCK_HEADER.ring, true),
    sequence,
    firstFrameSequence,
    baseTimeNs: view.getBigInt64(BLOCK_HEADER.baseTimeNs, true),
    frameSeed: frameSeedOf(bytes, fileSeed),
  };
}

function setUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** NaN beyond 2^53 - 1, which no writer reaches. */
function getUint53(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
