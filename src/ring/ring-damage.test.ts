import { describe, expect, it } from 'vitest';
import { RingFormatError } from './ring-format-error.js';
import { RingReader } from './ring-reader.js';
import {
  BLOCK,
  bytesOf,
  COUNTERS,
  copyOf,
  DEEP,
  drain,
  EVENTS,
  HEADER,
  memory,
  Recorder,
  readRing,
  type SweepTruth,
} from './rings.fixture.js';
import { SharedStorage } from './shared-storage.js';
import type { Storage } from './storage.js';

/** A small recording; the events ring has wrapped, so blocks of all ages are in it. */
function recording(): { storage: SharedStorage; recorder: Recorder } {
  const storage = memory(6);
  const recorder = new Recorder(storage);
  for (let slot = 0; slot < 4; slot++) recorder.label(COUNTERS, slot, `c${slot}`);
  for (let slot = 0; slot < 4; slot++) recorder.label(DEEP, slot, `d${slot}`);
  for (let frame = 0; frame < 12; frame++) {
    if (frame === 6) recorder.clear(COUNTERS, 1);
    if (frame === 8) recorder.label(COUNTERS, 1, 'again');
    recorder.sweep(COUNTERS, BigInt(frame) * 1000n, [frame, frame * frame], (slot, c) => slot * 4096 * frame + c);
    recorder.sweep(DEEP, BigInt(frame) * 1000n, [frame], (slot) => slot / (frame + 1), [frame % 4]);
  }
  for (let event = 0; event < 14; event++) recorder.record(BigInt(event), event, new Uint8Array(15_000).fill(event));
  return { storage, recorder };
}

/** Reads all rings of a spoilt recording: nothing may throw, and whatever is returned must be the truth. */
function expectTruth(storage: Storage, recorder: Recorder): number {
  let count = 0;
  let reader: RingReader;
  try {
    reader = RingReader.open(storage);
  } catch (error) {
    expect(error).toBeInstanceOf(RingFormatError);
    return -1;
  }
  for (const ring of [COUNTERS, DEEP, EVENTS]) {
    const seen = drain(reader.cursor(ring));
    for (const [sequence, frame] of seen.parts) {
      expectPart(frame, recorder.truth[ring].get(sequence) as SweepTruth);
      count++;
    }
    for (const [sequence, frame] of seen.frames) {
      if (!sameFrame(frame, recorder.truth[ring].get(sequence)))
        expect(frame).toEqual(recorder.truth[ring].get(sequence));
      count++;
    }
  }
  return count;
}

/** What is returned of a frame behind damage must be the truth; how much it must be is for `ring-parts.test.ts`. */
function expectPart(part: SweepTruth, truth: SweepTruth): void {
  const slots = new Map([...truth.slots].filter(([slot]) => part.slots.has(slot)));
  const updated = truth.updated.filter((slot) => part.slots.has(slot));
  if (!sameFrame(part, { ...truth, slots, updated })) expect(part).toEqual({ ...truth, slots, updated });
}

/** `toEqual` on every frame of 100,000 readings would take minutes; it is only asked for the difference. */
function sameFrame(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(frame: unknown): string {
  return JSON.stringify(frame, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Map) return [...value];
    return Number.isNaN(value) ? 'NaN' : value;
  });
}

/** Offsets worth spoiling one by one: every byte around anything that is not a long run of the same byte. */
function interesting(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const inRun = at >= 8 && bytes[at] === bytes[at - 1] && bytes[at] === bytes[at - 8] && bytes[at] === bytes[at + 1];
    if (!inRun || at % 4096 === 0) offsets.push(at);
  }
  return offsets;
}

describe('damage anywhere', () => {
  const { storage, recorder } = recording();
  const clean = bytesOf(storage);
  const all = expectTruth(storage, recorder);

  it('is a fair test: the recording reads whole, and holds what is needed', () => {
    expect(all).toBeGreaterThan(24);
    expect(recorder.writer.stats[EVENTS].recycled).toBeGreaterThan(0);
    expect(interesting(clean).length).toBeGreaterThan(1500);
  });

  it('a flipped bit in any byte never yields a false value', { timeout: 120_000 }, () => {
    const spoilt = copyOf(storage);
    const bytes = new Uint8Array(spoilt.buffer);
    let lossy = 0;
    for (const at of interesting(clean)) {
      const bit = 1 << ((at * 5) % 8);
      bytes[at] ^= bit;
      if (expectTruth(spoilt, recorder) < all) lossy++;
      bytes[at] ^= bit;
    }
    // Only padding, reserved bytes and unused space may be hit without a loss.
    expect(lossy).toBeGreaterThan(1000);
  });

  it('a file cut at any length reads as far as it goes', { timeout: 120_000 }, () => {
    for (const length of [...interesting(clean), clean.length]) {
      const cut = copyOf(storage, length);
      const count = expectTruth(cut, recorder);
      if (length < HEADER) continue;
      expect(count).toBeGreaterThanOrEqual(0);
      if (length < clean.length)
        expect(RingReader.open(cut).damage).toContainEqual(expect.objectContaining({ reason: 'truncated' }));
    }
  });

  it('random overwrites never throw, hang or lie', { timeout: 120_000 }, () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % below;
    };
    for (let round = 0; round < 300; round++) {
      const spoilt = copyOf(storage);
      const bytes = new Uint8Array(spoilt.buffer);
      for (let hit = 0; hit < 5; hit++) {
        const at = HEADER + random(bytes.length - HEADER);
        bytes.fill(random(256), at, at + random(hit === 0 ? 20_000 : 50));
      }
      expectTruth(spoilt, recorder);
    }
  });
});

describe('damage that is reported', () => {
  it('ends a closed block, with offset, and the next block goes on after a gap', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let slot = 0; slot < 400; slot++) recorder.label(COUNTERS, slot, `p${slot}`);
    for (let frame = 0; frame < 20; frame++)
      recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], (slot) => slot * frame);
    const reader = RingReader.open(storage);
    const [first, second] = reader.blocks(COUNTERS);
    const at = first.offset + BLOCK / 2;
    new Uint8Array(storage.buffer)[at] ^= 4;
    const seen = drain(reader.cursor(COUNTERS));
    expect(seen.frames.size + seen.lost).toBe(20);
    expect(seen.lost).toBeGreaterThan(0);
    for (const [sequence, frame] of seen.frames) expect(frame).toEqual(recorder.truth[COUNTERS].get(sequence));
    expect([...seen.frames.keys()]).toContain(second.firstFrameSequence);
    expect(reader.damage).toMatchObject([{ ring: COUNTERS, blockSequence: 1, reason: 'bad-frame' }]);
    expect(reader.damage[0].offset).toBeLessThanOrEqual(at);
    expect(reader.damage[0].offset).toBeGreaterThan(at - 20_000);
  });

  it('skips just the damaged record in a ring of records', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 10; event++) recorder.record(BigInt(event), 1, new Uint8Array(100).fill(event));
    const bytes = new Uint8Array(storage.buffer);
    bytes[HEADER + 64 + 4 * 128 + 50] ^= 1;
    const reader = RingReader.open(storage);
    const seen = drain(reader.cursor(EVENTS));
    expect([...seen.frames.keys()]).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
    expect(seen.lost).toBe(1);
    expect(reader.damage).toEqual([
      { offset: HEADER + 64 + 4 * 128, ring: EVENTS, blockSequence: 1, reason: 'bad-frame' },
    ]);
  });

  it('a torn last frame is not damage, it was never committed', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 10; event++) recorder.record(BigInt(event), 1, new Uint8Array(100).fill(event));
    new Uint8Array(storage.buffer)[HEADER + 64 + 9 * 128 + 50] ^= 1;
    const reader = RingReader.open(storage);
    expect(drain(reader.cursor(EVENTS)).frames.size).toBe(9);
    expect(reader.damage).toEqual([]);
  });

  it('a closed block without END lacks nothing when the next one begins where it stops', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 70; event++) recorder.record(BigInt(event), 1, new Uint8Array(998).fill(event));
    new Uint8Array(storage.buffer)[HEADER + 64 + 63 * 1024] ^= 1;
    const reader = RingReader.open(storage);
    const seen = drain(reader.cursor(EVENTS));
    expect(seen.frames.size).toBe(70);
    expect(seen.lost).toBe(0);
    expect(reader.damage).toEqual([]);
  });

  it('a block header of zeros is damage where a later block is in use, and nothing otherwise', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 100; event++) recorder.record(BigInt(event), 1, new Uint8Array(998).fill(event));
    expect(RingReader.open(storage).damage).toEqual([]);
    new Uint8Array(storage.buffer).fill(0, HEADER, HEADER + 4096);
    expect(RingReader.open(storage).damage).toMatchObject([{ offset: HEADER, ring: -1, reason: 'bad-block-header' }]);
  });

  it('a damaged block header costs its block', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 100; event++) recorder.record(BigInt(event), 1, new Uint8Array(998).fill(event));
    new Uint8Array(storage.buffer)[HEADER + 20] ^= 1;
    const reader = RingReader.open(storage);
    expect(reader.damage).toMatchObject([{ offset: HEADER, ring: -1, reason: 'bad-block-header' }]);
    expect([...drain(reader.cursor(EVENTS)).frames.keys()].at(0)).toBe(64);
  });
});

describe('a file that is no ring', () => {
  const codeOf = (storage: Storage) => {
    try {
      RingReader.open(storage);
    } catch (error) {
      return error instanceof RingFormatError ? error.code : error;
    }
    return undefined;
  };

  it('is refused with a code', () => {
    const { storage } = recording();
    expect(codeOf(new SharedStorage(new SharedArrayBuffer(0)))).toBe('not-a-ring');
    expect(codeOf(memory(2))).toBe('not-a-ring');
    expect(codeOf(copyOf(storage, 63))).toBe('not-a-ring');
    expect(codeOf(copyOf(storage, 100))).toBe('damaged-header');
    const spoilt = copyOf(storage);
    new Uint8Array(spoilt.buffer)[70] ^= 1;
    expect(codeOf(spoilt)).toBe('damaged-header');
    expect(readRing(storage, COUNTERS).frames.size).toBe(12);
  });
});
