/**
 * The chain of CRC-32 seeds that ties a frame to its place: file id -> block generation -> frame.
 *
 * The trap: a recycled block still holds intact frames of its earlier lap just behind the newest one. They differ from
 * good frames only by generation, so the generation is in the seed. Sequence comes first in the seeding bytes: two
 * laps differ within one 32-bit run, and for such a difference CRC-32 is certain to differ, not merely likely.
 */
import { crc32 } from 'node:zlib';
import { BLOCK_HEADER, FRAME_HEAD } from './layout.js';

/** Seed of the block headers: CRC-32 of the 16-byte file id. */
export function fileSeedOf(fileId: Uint8Array): number {
  return crc32(fileId, 0);
}

/** Seed of a block's frames: CRC-32 over sequence and ring id as they stand in the block's header. */
export function frameSeedOf(blockHeader: Uint8Array, fileSeed: number): number {
  return crc32(blockHeader.subarray(BLOCK_HEADER.sequence, BLOCK_HEADER.ring + 4), fileSeed);
}

/** CRC-32 of a block header, over everything behind the CRC itself. */
export function blockHeaderCrc(blockHeader: Uint8Array, fileSeed: number): number {
  return crc32(blockHeader.subarray(BLOCK_HEADER.sequence, BLOCK_HEADER.bytes), fileSeed);
}

/** CRC-32 of the frame at `at`, over everything behind the commit word; padding is not covered. */
export function frameCrc(bytes: Uint8Array, at: number, length: number, frameSeed: number): number {
  return crc32(bytes.subarray(at + FRAME_HEAD.sequence, at + length), frameSeed);
}

/**
 * Which byte of `length` was changed, and by which bits, where a change of one byte explains that the CRC-32 of these bytes differs from
 * what it was by `difference` (their exclusive or); undefined where none does. What several changed bytes look like by chance is one
 * time in three thousand for 5 KiB, so what comes of it has to be looked at.
 */
export function changedByte(
  length: number,
  difference: number,
): { readonly at: number; readonly bits: number } | undefined {
  // The CRC of an exclusive or is that of both, but for a constant: so a difference goes on by zeros only.
  const none = crc32(Uint8Array.of(0));
  const steps = Uint32Array.from({ length: 256 }, (_, bits) => crc32(Uint8Array.of(bits)) ^ none);
  for (let bits = 1; bits < 256; bits++) {
    let state = steps[bits]!;
    for (let at = length - 1; at >= 0; at--) {
      if (state === difference >>> 0) return { at, bits };
      state = ((state >>> 8) ^ steps[state & 255]!) >>> 0;
    }
  }
  return undefined;
}
