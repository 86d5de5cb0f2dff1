import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  encodeCloseRecord,
  encodeFileHeader,
  isBlockSize,
  layOutHeader,
  parseCloseRecord,
  parseFileHeader,
} from './file-header.js';
import { CLOSE_RECORD, FILE_HEADER, HEADER_REGION_MAX, HEADER_TAIL } from './layout.js';
import { RingFormatError } from './ring-format-error.js';
import { BLOCK, FILE_ID, HEADER, SPECS } from './rings.fixture.js';

const TABLE = { maxSlots: 9, rings: SPECS };

function region(metadata: object = { a: 'ü' }): Uint8Array {
  const { json, headerBytes } = layOutHeader(TABLE, metadata);
  return encodeFileHeader({ headerBytes, blockBytes: BLOCK, blockCount: 12, fileId: FILE_ID }, json);
}

/** Parses a region that `spoil` changed; the checksum is right again unless told otherwise. */
function parsed(spoil: (view: DataView, bytes: Uint8Array) => void = () => {}, seals = true) {
  const bytes = region();
  const view = new DataView(bytes.buffer);
  spoil(view, bytes);
  if (seals) {
    const end = FILE_HEADER.metadata + view.getUint32(FILE_HEADER.metadataBytes, true);
    const fixed = crc32(bytes.subarray(0, FILE_HEADER.crc));
    view.setUint32(FILE_HEADER.crc, crc32(bytes.subarray(FILE_HEADER.metadata, end), fixed), true);
  }
  return parseFileHeader((length) => bytes.subarray(0, length));
}

function refusal(act: () => unknown): [code: string, message: string] {
  try {
    act();
  } catch (error) {
    if (error instanceof RingFormatError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was taken');
}

/** Replaces the metadata. */
const withJson = (text: string | Uint8Array) => (view: DataView, bytes: Uint8Array) => {
  const json = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  bytes.set(json, FILE_HEADER.metadata);
  view.setUint32(FILE_HEADER.metadataBytes, json.length, true);
};

describe('a header', () => {
  it('comes back as it was written', () => {
    expect(parsed()).toEqual({
      ...{ major: 4, headerBytes: HEADER, blockBytes: BLOCK, blockCount: 12, fileId: FILE_ID, table: TABLE },
      metadata: { a: 'ü' },
    });
  });

  it('is as large as its metadata need, in steps, and leaves room behind them', () => {
    const sizeWith = (length: number) => layOutHeader(TABLE, { x: 'y'.repeat(length) });
    const bare = sizeWith(0).json.length;
    const room = (size: number) => size - FILE_HEADER.metadata - HEADER_TAIL - bare;
    expect(sizeWith(room(16384)).headerBytes).toBe(16384);
    expect(sizeWith(room(16384) + 1).headerBytes).toBe(20480);
    expect(sizeWith(room(20480)).headerBytes).toBe(20480);
    expect(sizeWith(room(HEADER_REGION_MAX)).headerBytes).toBe(HEADER_REGION_MAX);
    expect(() => sizeWith(room(HEADER_REGION_MAX) + 1)).toThrow(
      new RangeError('Expected metadata of less than 16777216 bytes'),
    );
  });

  it.each([
    ['a first version', (view: DataView) => view.setUint16(FILE_HEADER.major, 1, true), 1],
    ['a later version', (view: DataView) => view.setUint16(FILE_HEADER.major, 99, true), 99],
    ['a later minor version', (view: DataView) => view.setUint16(FILE_HEADER.minor, 7, true), 4],
  ])('of %s is read', (_what, spoil, major) => {
    expect(parsed(spoil).major).toBe(major);
  });

  const u32 = (at: number, value: number) => (view: DataView) => view.setUint32(at, value, true);
  it.each([
    ['version 0', (view: DataView) => view.setUint16(FILE_HEADER.major, 0, true)],
    ['blocks too small', u32(FILE_HEADER.blockBytes, 32 * 1024)],
    ['blocks too large', u32(FILE_HEADER.blockBytes, 128 * 1024 * 1024)],
    ['blocks that are no power of two', u32(FILE_HEADER.blockBytes, 96 * 1024)],
    ['a region too small', u32(FILE_HEADER.headerBytes, 12_288)],
    ['a region too large', u32(FILE_HEADER.headerBytes, HEADER_REGION_MAX + 4096)],
    ['a region of no steps', u32(FILE_HEADER.headerBytes, 16_385)],
    ['metadata beyond it', u32(FILE_HEADER.metadataBytes, HEADER - FILE_HEADER.metadata - CLOSE_RECORD.bytes + 1)],
  ])('of %s is damaged', (_what, spoil) => {
    expect(refusal(() => parsed(spoil, false))).toEqual([
      'damaged-header',
      'The header of the recording is damaged: its sizes are impossible',
    ]);
  });

  it('may have metadata up to the close record', () => {
    const full = HEADER - FILE_HEADER.metadata - CLOSE_RECORD.bytes;
    const json = JSON.stringify({ ...TABLE, metadata: {} }).padEnd(full);
    expect(parsed(withJson(json)).metadata).toEqual({});
  });

  it('of another checksum, or cut, is damaged', () => {
    for (const at of [FILE_HEADER.blockCount, FILE_HEADER.fileId, 50, FILE_HEADER.crc, FILE_HEADER.metadata + 3]) {
      const spoil = (_: DataView, bytes: Uint8Array) => {
        bytes[at]! ^= 1;
      };
      expect(refusal(() => parsed(spoil, false))[1], String(at)).toMatch(/its checksum is wrong$/);
    }
    const bytes = region();
    const end = FILE_HEADER.metadata + new DataView(bytes.buffer).getUint32(FILE_HEADER.metadataBytes, true);
    const cutTo = (size: number) => () => parseFileHeader((length) => bytes.subarray(0, Math.min(length, size)));
    expect(refusal(cutTo(end - 1))).toEqual(['damaged-header', 'The recording was cut inside its header']);
    expect(cutTo(end)().blockCount).toBe(12);
    expect(refusal(cutTo(63))[0]).toBe('not-a-ring');
  });

  it('that begins otherwise is none', () => {
    for (let at = 0; at < 8; at++) {
      const spoil = (_: DataView, bytes: Uint8Array) => {
        bytes[at]! ^= 32;
      };
      expect(refusal(() => parsed(spoil))).toEqual([
        'not-a-ring',
        'This is not a tidemark recording: it does not begin with TIDEMARK',
      ]);
    }
  });

  it.each([
    ['{"rings":', /cannot be used: .*JSON/],
    ['5', /cannot be used: Expected ring table to be an object$/],
    [JSON.stringify(TABLE), /cannot be used: Expected metadata to be an object$/],
    [JSON.stringify({ ...TABLE, metadata: null }), /Expected metadata to be an object$/],
    [JSON.stringify({ ...TABLE, metadata: 'text' }), /Expected metadata to be an object$/],
    [Uint8Array.of(34, 255, 34), /cannot be used: .*(?:encoded|utf-8)/i],
  ])('with metadata %j is damaged', (json, message) => {
    const [code, text] = refusal(() => parsed(withJson(json)));
    expect([code, text]).toEqual(['damaged-header', expect.stringMatching(message)]);
    expect(text).toMatch(/^The metadata of the recording /);
  });
});

describe('a close record', () => {
  it('says how many blocks there are, in its own file only', () => {
    const bytes = encodeCloseRecord(0x01020304, 77);
    expect(bytes.length).toBe(CLOSE_RECORD.bytes);
    expect([...bytes.subarray(0, 8)]).toEqual([...Buffer.from('TEND'), 4, 3, 2, 1]);
    expect([parseCloseRecord(bytes, 77), parseCloseRecord(bytes, 78)]).toEqual([0x01020304, -1]);
    for (let at = 0; at < bytes.length; at++) {
      const spoilt = bytes.slice();
      spoilt[at]! ^= 16;
      expect(parseCloseRecord(spoilt, 77), String(at)).toBe(-1);
    }
    expect(parseCloseRecord(bytes.subarray(0, 15), 77)).toBe(-1);
    expect(parseCloseRecord(new Uint8Array(16), 0)).toBe(-1);
  });

  it('is read from the middle of a larger buffer', () => {
    const around = new Uint8Array(40);
    around.set(encodeCloseRecord(5, 77), 9);
    expect(parseCloseRecord(around.subarray(9, 25), 77)).toBe(5);
  });
});

it('blocks are powers of two between their bounds', () => {
  const [least, most] = [64 * 1024, 64 * 1024 * 1024];
  expect([least, 2 * least, most].map(isBlockSize)).toEqual([true, true, true]);
  expect([0, 1, least / 2, least + 1, 3 * least, most * 2, most + 1].some(isBlockSize)).toBe(false);
});
