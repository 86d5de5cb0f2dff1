/** Blocks that are put together byte by byte: what counts as a frame in one, and what is found behind what does not. */
import { describe, expect, it } from 'vitest';
import { BlockCopy } from './block-copy.js';
import { encodeBlockHeader } from './block-header.js';
import type { BlockEntry } from './block-index.js';
import { frameCrc } from './checksum.js';
import { firstFrameTime, frameTimes } from './frame-times.js';
import { BLOCK_HEADER, FRAME_HEAD, KIND_COLUMNS, KIND_END, KIND_LABELS, KIND_RECORD } from './layout.js';
import type { Storage } from './storage.js';

const BLOCK = 64 * 1024;
const FILE_SEED = 77;
const FIRST = 10;
const START = BLOCK_HEADER.bytes;

interface Frame {
  readonly at: number;
  readonly sequence: number;
  readonly length?: number;
  readonly kind?: number;
  readonly flags?: number;
}

/** A block with these frames; payloads are of one byte 2, which is a time of one nanosecond behind the block's, and zeros. */
function blockOf(frames: readonly Frame[], bytes = new Uint8Array(BLOCK)) {
  const header = { ring: 3, sequence: 5, firstFrameSequence: FIRST, baseTimeNs: 1000n };
  const frameSeed = encodeBlockHeader(bytes.subarray(0, BLOCK_HEADER.bytes), header, FILE_SEED);
  const view = new DataView(bytes.buffer);
  for (const { at, sequence, length = 32, kind = KIND_COLUMNS, flags = 0 } of frames) {
    view.setUint32(at + FRAME_HEAD.length, length, true);
    view.setUint32(at + FRAME_HEAD.sequence, sequence % 2 ** 32, true);
    bytes[at + FRAME_HEAD.kind] = kind;
    bytes[at + FRAME_HEAD.flags] = flags;
    bytes[at + FRAME_HEAD.bytes] = 2;
    view.setUint32(at + FRAME_HEAD.crc, frameCrc(bytes, at, length, frameSeed), true);
  }
  const entry: BlockEntry = { ...header, frameSeed, offset: 0 };
  const reads: number[] = [];
  const storage = {
    read: (from: number, into: Uint8Array, at: number, length: number) => {
      reads.push(length);
      const part = bytes.subarray(from, from + length);
      into.set(part, at);
      return part.length;
    },
  } as unknown as Storage;
  return { bytes, view, entry, frameSeed, copy: new BlockCopy(storage, FILE_SEED, BLOCK), reads };
}

describe('the search behind a frame that does not pass', () => {
  it('finds the next that does, with its number and kind', () => {
    const { copy, entry } = blockOf([{ at: START + 48, sequence: FIRST + 2, kind: KIND_RECORD }]);
    expect(copy.load(entry)).toBe(true);
    expect(copy.accept(START, FIRST)).toBe(false);
    expect(copy.findLater(START, FIRST)).toBe(START + 48);
    expect([copy.foundSequence, copy.foundKind]).toEqual([FIRST + 2, KIND_RECORD]);
  });

  it('finds one behind pages of nothing, and at the very end of the block', () => {
    for (const at of [START + 8, 4096, 40_960 + 8, BLOCK - 32]) {
      const { copy, entry } = blockOf([{ at, sequence: FIRST + 1 }]);
      copy.load(entry);
      expect(copy.findLater(START, FIRST), `at ${at}`).toBe(at === START + 8 ? -1 : at);
    }
  });

  it('finds a number that the frames between leave room for, and none beyond', () => {
    // One head has room for one frame, two heads for two.
    const at = START + 2 * FRAME_HEAD.bytes;
    for (const [ahead, isFound] of [
      [0, true],
      [2, true],
      [3, false],
      [1000, false],
      [-1, false],
    ] as const) {
      const { copy, entry } = blockOf([{ at, sequence: FIRST + ahead }]);
      copy.load(entry);
      expect(copy.findLater(START, FIRST), `${ahead} ahead`).toBe(isFound ? at : -1);
    }
  });

  it('goes by numbers of 32 bits, which come round', () => {
    const { copy, entry } = blockOf([{ at: START + 64, sequence: 2 ** 32 + 1 }]);
    copy.load(entry);
    expect(copy.findLater(START, 2 ** 32 - 1)).toBe(START + 64);
    expect(copy.foundSequence).toBe(1);
  });

  it('takes no frame with flags that it does not know, and none that goes on behind what was copied', () => {
    const frames = [
      { at: START + 64, sequence: FIRST + 1, flags: 4 },
      { at: START + 128, sequence: FIRST + 1 },
    ];
    const { copy, entry } = blockOf(frames);
    copy.load(entry);
    expect(copy.findLater(START, FIRST)).toBe(START + 128);
    copy.load(entry);
    copy.reload(BLOCK_HEADER.bytes, START + 128 + 31);
    expect(copy.findLater(START, FIRST)).toBe(-1);
    copy.reload(BLOCK_HEADER.bytes, START + 128 + 32);
    expect(copy.findLater(START, FIRST)).toBe(START + 128);
  });

  it('ends where a block was made to be checked again and again', { timeout: 10_000 }, () => {
    // Each place says to be a frame that goes to the end: 4,000 checks of up to 64 KiB, 128 MiB.
    const { copy, entry, bytes, view } = blockOf([]);
    for (let at = START; at + FRAME_HEAD.bytes <= BLOCK; at += FRAME_HEAD.bytes) {
      view.setUint32(at + FRAME_HEAD.length, BLOCK - at, true);
      view.setUint32(at + FRAME_HEAD.sequence, FIRST, true);
    }
    let checked = 0;
    copy.load(entry);
    const inner = copy.bytes.subarray.bind(copy.bytes);
    copy.bytes.subarray = (from, to) => {
      checked += (to ?? 0) - (from ?? 0);
      return inner(from, to);
    };
    expect(copy.findLater(START, FIRST)).toBe(-1);
    expect(checked).toBeGreaterThan(10 * bytes.length);
    expect(checked).toBeLessThan(20 * bytes.length);
  });
});

describe('a copy', () => {
  it('is none of a block that has become another, from what was copied before as well', () => {
    const { copy, entry, bytes } = blockOf([{ at: START, sequence: FIRST }]);
    expect(copy.load(entry)).toBe(true);
    expect(copy.accept(START, FIRST)).toBe(true);
    expect(copy.load(entry)).toBe(true);
    encodeBlockHeader(bytes, { ring: 3, sequence: 6, firstFrameSequence: 20, baseTimeNs: 0n }, FILE_SEED);
    expect(copy.load(entry)).toBe(false);
    expect(copy.accept(START, FIRST)).toBe(false);
    expect(copy.reload(START)).toBe(false);
  });

  it('is not made again for who has it', () => {
    const { copy, entry, reads } = blockOf([{ at: START, sequence: FIRST }]);
    copy.load(entry);
    const large = () => reads.filter((length) => length > BLOCK / 2).length;
    expect(large()).toBe(1);
    copy.load(entry);
    expect(large()).toBe(1);
    copy.loadNow(entry);
    expect(large()).toBe(2);
  });
});

describe('the times of a block', () => {
  const sweep = (at: number, sequence: number) => ({ at, sequence });

  it('are those of its sweeps, with what is missing between them and where the next will be', () => {
    const frames = [sweep(START, FIRST), sweep(START + 32, FIRST + 1), sweep(START + 96, FIRST + 3)];
    const { copy, entry } = blockOf(frames);
    copy.load(entry);
    expect(frameTimes(copy, entry)).toEqual({
      startNs: [1001n, 1001n, 1001n],
      holes: [{ before: 2, lost: 1 }],
      nextFrame: FIRST + 4,
      end: { position: START + 128, word: 0n },
    });
  });

  it('have no word of a next one where the block is full', () => {
    const { copy, entry } = blockOf([{ at: START, sequence: FIRST, length: BLOCK - START }]);
    copy.load(entry);
    expect(frameTimes(copy, entry).end).toEqual({ position: BLOCK, word: -1n });
    const { copy: one, entry: its } = blockOf([{ at: START, sequence: FIRST, length: BLOCK - START - 8 }]);
    one.load(its);
    expect(frameTimes(one, its).end).toEqual({ position: BLOCK - 8, word: 0n });
  });

  it('begin with the first sweep, behind labels and not behind what takes its number', () => {
    const first = (frames: readonly Frame[]) => {
      const { copy, entry } = blockOf(frames);
      copy.load(entry);
      return firstFrameTime(copy, entry);
    };
    expect(first([{ at: START, sequence: FIRST, kind: KIND_LABELS }, sweep(START + 32, FIRST)])).toBe(1001n);
    expect(first([{ at: START, sequence: FIRST, kind: KIND_RECORD }, sweep(START + 32, FIRST)])).toBeUndefined();
    expect(first([{ at: START, sequence: FIRST, kind: KIND_END }])).toBeUndefined();
    expect(first([sweep(START, FIRST + 1)])).toBeUndefined();
    expect(first([])).toBeUndefined();
  });
});
