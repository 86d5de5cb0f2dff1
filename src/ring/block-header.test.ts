import { describe, expect, it } from 'vitest';
import { encodeBlockHeader, parseBlockHeader } from './block-header.js';
import { blockHeaderCrc } from './checksum.js';
import { BLOCK_HEADER } from './layout.js';

const SEED = 0x12345678;
const HEADER = { ring: 7, sequence: 2 ** 40 + 5, firstFrameSequence: 2 ** 33 + 3, baseTimeNs: -9n };

/** In the middle of a larger buffer that held something before. */
function encoded(): { around: Uint8Array; bytes: Uint8Array; seed: number } {
  const around = new Uint8Array(128).fill(0xee);
  const bytes = around.subarray(8, 8 + BLOCK_HEADER.bytes + 4);
  return { around, bytes, seed: encodeBlockHeader(bytes, HEADER, SEED) };
}

describe('the header of a block', () => {
  it('comes back whole, with the seed of its frames', () => {
    const { around, bytes, seed } = encoded();
    expect(parseBlockHeader(bytes, SEED)).toEqual({ ...HEADER, frameSeed: seed });
    expect([around[7], around[8 + 64]]).toEqual([0xee, 0xee]);
    expect([...bytes.subarray(0, 4), ...bytes.subarray(40, 64)]).toEqual([
      ...Buffer.from('TBLK'),
      ...Array(24).fill(0),
    ]);
  });

  it('is damaged with any bit changed, by another seed, or when it is cut', () => {
    for (let at = 0; at < BLOCK_HEADER.bytes; at++) {
      const { bytes } = encoded();
      bytes[at]! ^= 1 << (at % 8);
      expect(parseBlockHeader(bytes, SEED), String(at)).toBe('damaged');
    }
    const { bytes } = encoded();
    expect(parseBlockHeader(bytes, SEED + 1)).toBe('damaged');
    expect(parseBlockHeader(bytes.subarray(0, 63), SEED)).toBe('damaged');
    expect(parseBlockHeader(bytes.subarray(0, 64), SEED)).toMatchObject(HEADER);
  });

  it('of nothing but zeros is unused', () => {
    const bytes = new Uint8Array(80);
    bytes[64] = 1;
    expect(parseBlockHeader(bytes, SEED)).toBe('unused');
    bytes[63] = 1;
    expect(parseBlockHeader(bytes, SEED)).toBe('damaged');
  });

  it.each([
    ['block 0', BLOCK_HEADER.sequence, 0, 0],
    ['frame 0', BLOCK_HEADER.firstFrameSequence, 0, 0],
    ['a block beyond 2^53', BLOCK_HEADER.sequence, 0, 2 ** 21],
    ['a frame beyond 2^53', BLOCK_HEADER.firstFrameSequence, 5, 2 ** 31],
  ])('of %s is damaged, though its checksum is right', (_what, at, low, high) => {
    const { bytes } = encoded();
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
    view.setUint32(BLOCK_HEADER.crc, blockHeaderCrc(bytes, SEED), true);
    expect(parseBlockHeader(bytes, SEED)).toBe('damaged');
    view.setUint32(at, 0xffffffff, true);
    view.setUint32(at + 4, 2 ** 21 - 1, true);
    view.setUint32(BLOCK_HEADER.crc, blockHeaderCrc(bytes, SEED), true);
    expect(parseBlockHeader(bytes, SEED)).not.toBe('damaged');
  });
});
