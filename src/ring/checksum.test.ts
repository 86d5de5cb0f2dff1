import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeBlockHeader } from './block-header.js';
import { changedByte, fileSeedOf } from './checksum.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import { BLOCK, drain, EVENTS, FILE_ID, HEADER, memory, SPECS } from './rings.fixture.js';

describe('the seed of a frame', () => {
  const seedOf = (ring: number, sequence: number, fileId = FILE_ID) => {
    const header = { ring, sequence, firstFrameSequence: 1, baseTimeNs: 0n };
    return encodeBlockHeader(new Uint8Array(64), header, fileSeedOf(fileId));
  };

  it('differs for every generation of a block, for every ring and for every file', () => {
    const generations = Array.from({ length: 5000 }, (_, at) => seedOf(0, at + 1));
    expect(new Set(generations).size).toBe(5000);
    expect(seedOf(1, 1)).not.toBe(seedOf(0, 1));
    expect(seedOf(0, 1, FILE_ID.toReversed())).not.toBe(seedOf(0, 1));
  });

  it('keeps out intact frames of another file at the same place', () => {
    const [mine, other] = [FILE_ID, FILE_ID.toReversed()].map((fileId) => {
      const storage = memory(8);
      const writer = RingWriter.create(storage, { rings: SPECS, metadata: {}, blockBytes: BLOCK, fileId });
      for (let event = 0; event < 5; event++) writer.appendRecord(EVENTS, BigInt(event), 1, new Uint8Array(100));
      return storage;
    });
    const frames = new Uint8Array(other.buffer, HEADER + 64, BLOCK - 64);
    new Uint8Array(mine.buffer).set(frames, HEADER + 64);
    expect(drain(RingReader.open(mine).cursor(EVENTS)).frames.size).toBe(0);
    expect(drain(RingReader.open(other).cursor(EVENTS)).frames.size).toBe(5);
  });
});

describe('a changed byte', () => {
  const sound = Uint8Array.from({ length: 5000 }, (_, at) => (at * 31) & 255);

  it.each([
    [0, 1],
    [4999, 255],
    [2500, 128],
    [17, 90],
  ])('at %i is found by what it does to the CRC, and which bits', (at, bits) => {
    const changed = sound.slice();
    changed[at]! ^= bits;
    expect(changedByte(5000, (crc32(sound) ^ crc32(changed)) >>> 0)).toEqual({ at, bits });
  });

  it('is none where nothing was changed, or two were', () => {
    expect(changedByte(5000, 0)).toBeUndefined();
    const changed = sound.slice();
    changed[10]! ^= 1;
    changed[4000]! ^= 2;
    expect(changedByte(5000, (crc32(sound) ^ crc32(changed)) >>> 0)).toBeUndefined();
  });
});
