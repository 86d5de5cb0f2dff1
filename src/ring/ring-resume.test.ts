/** A writer that goes on where another ended or died. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockPool } from './block-pool.js';
import { BLOCK_HEADER, CONTINUED_MAJOR, FILE_HEADER, FORMAT_MAJOR } from './layout.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import { BLOCK, COUNTERS, copyOf, DEEP, drain, EVENTS, HEADER, memory, Recorder, readRing } from './rings.fixture.js';
import type { SharedStorage } from './shared-storage.js';

function fill(recorder: Recorder, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    recorder.label(COUNTERS, at % 5, `c${at}`);
    recorder.label(DEEP, at % 3, `d${at}`);
    recorder.sweep(COUNTERS, BigInt(at) * 1000n, [at, 1], (slot, c) => at * 4096 * (slot + c));
    recorder.sweep(DEEP, BigInt(at) * 1000n, [at], (slot) => slot * 1024, [0, 1, 2]);
    recorder.record(BigInt(at), 7, new Uint8Array(at % 900).fill(at));
  }
}

/** Everything that is still there reads as it was written, without damage. */
function expectWhole(storage: SharedStorage, recorder: Recorder): void {
  const reader = RingReader.open(copyOf(storage));
  for (const ring of [COUNTERS, DEEP, EVENTS]) {
    const first = reader.blocks(ring)[0]?.firstFrameSequence ?? 1;
    const { frames, lost } = drain(reader.cursor(ring));
    expect(frames).toEqual(new Map([...recorder.truth[ring]!].filter(([at]) => at >= first)));
    expect(lost).toBe(0);
  }
  expect(reader.damage).toEqual([]);
}

/** Says in its header that the ring is of another version. */
function setMajor(storage: SharedStorage, major: number): void {
  const bytes = new Uint8Array(storage.buffer);
  const view = new DataView(storage.buffer);
  view.setUint16(FILE_HEADER.major, major, true);
  const metadataEnd = FILE_HEADER.metadata + view.getUint32(FILE_HEADER.metadataBytes, true);
  const metadata = bytes.slice(FILE_HEADER.metadata, metadataEnd);
  view.setUint32(FILE_HEADER.crc, crc32(metadata, crc32(bytes.slice(0, FILE_HEADER.crc))), true);
}

describe('a resumed ring', () => {
  it('of an earlier version goes on by the rules of that one', () => {
    const storage = memory(9);
    const recorder = new Recorder(storage);
    setMajor(storage, CONTINUED_MAJOR);
    recorder.resume();
    fill(recorder, 0, 400);
    expectWhole(storage, recorder);
    // By its own rules the same bytes are broken, if they are those of a later one.
    const later = memory(9);
    fill(new Recorder(later), 0, 10);
    setMajor(later, CONTINUED_MAJOR);
    const reader = RingReader.open(copyOf(later));
    expect(drain(reader.cursor(COUNTERS)).frames.size).toBe(0);
    expect(reader.damage.map(({ reason }) => reason)).toEqual(['bad-payload']);
  });

  it.each([
    [CONTINUED_MAJOR - 1, 'older-version'],
    [FORMAT_MAJOR + 1, 'newer-version'],
  ])('of version %d is refused, and stays as it is', (major, code) => {
    const storage = memory(9);
    fill(new Recorder(storage), 0, 10);
    setMajor(storage, major);
    const before = new Uint8Array(storage.buffer).slice();
    expect(() => RingWriter.resume(storage)).toThrow(expect.objectContaining({ code }));
    expect(new Uint8Array(storage.buffer)).toEqual(before);
  });

  it.each(['killed', 'closed', 'closed and trimmed'])('goes on behind a writer that was %s, lap after lap', (how) => {
    const storage = memory(9);
    const recorder = new Recorder(storage);
    let at = 0;
    for (const steps of [1, 40, 300, 3, 500]) {
      fill(recorder, at, at + steps);
      at += steps;
      expectWhole(storage, recorder);
      if (how !== 'killed') recorder.writer.close({ trim: how !== 'closed' });
      expectWhole(storage, recorder);
      recorder.resume();
      expectWhole(storage, recorder);
    }
    fill(recorder, at, at + 20);
    expectWhole(storage, recorder);
  });

  it('is followed by a reader that was there before', () => {
    const storage = memory(9);
    const recorder = new Recorder(storage);
    const cursor = RingReader.open(storage).cursor(COUNTERS);
    fill(recorder, 0, 10);
    const seen = drain(cursor);
    recorder.resume();
    fill(recorder, 10, 20);
    drain(cursor, seen);
    expect(seen.frames).toEqual(recorder.truth[COUNTERS]);
    expect(seen.lost).toBe(0);
  });

  it('leaves out a frame that its writer had not committed', () => {
    const storage = memory(9);
    const recorder = new Recorder(storage);
    fill(recorder, 0, 10);
    const { commit } = storage;
    storage.commit = () => {
      throw new Error('killed');
    };
    recorder.writer.appendRecord(EVENTS, 11n, 7, new Uint8Array(100).fill(9));
    storage.commit = commit;
    recorder.resume();
    fill(recorder, 10, 20);
    expectWhole(storage, recorder);
  });

  it('gives no number twice, however the newest block was damaged', () => {
    const storage = memory(9);
    const recorder = new Recorder(storage);
    fill(recorder, 0, 30);
    const [block] = RingReader.open(storage).blocks(COUNTERS);
    // Inside the key: frames of the block can be used from its first snapshot on.
    new Uint8Array(storage.buffer)[block!.offset + BLOCK_HEADER.bytes + 17]! ^= 1;
    recorder.resume();
    fill(recorder, 30, 40);
    const { frames } = readRing(storage, COUNTERS);
    expect([...frames.keys()].slice(-10)).toEqual(Array.from({ length: 10 }, (_, index) => 31 + index));
    expect(frames.has(1)).toBe(false);
    for (const [number, frame] of frames) expect(frame).toEqual(recorder.truth[COUNTERS]!.get(number));
  });

  it('uses again what nobody owns, and lacks no block for a ring that lost all of its own', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    fill(recorder, 0, 2000);
    const bytes = new Uint8Array(storage.buffer);
    for (const { offset } of RingReader.open(storage).blocks(EVENTS)) bytes[offset + 9]! ^= 1;
    recorder.truth[EVENTS]!.clear();
    recorder.resume();
    fill(recorder, 2000, 2600);
    const reader = RingReader.open(storage);
    expect(reader.damage).toEqual([]);
    expect(reader.blocks(EVENTS).length).toBeGreaterThan(0);
    expect([COUNTERS, DEEP, EVENTS].reduce((sum, ring) => sum + reader.blocks(ring).length, 0)).toBe(6);
  });

  it('is refused when it is of another version, or no ring', () => {
    const storage = memory(6);
    new Recorder(storage);
    const bytes = new Uint8Array(storage.buffer);
    bytes[8] = 1;
    expect(() => RingWriter.resume(storage)).toThrow(/checksum|version 1/);
    expect(() => RingWriter.resume(memory(6))).toThrow('not a tidemark recording');
    expect(storage.sizeBytes).toBe(HEADER + 6 * BLOCK);
  });

  it('is signed by its writer until that ends in order', () => {
    const storage = memory(6);
    const { writer } = new Recorder(storage);
    const reader = RingReader.open(storage);
    expect(reader.owner).toBeUndefined();
    writer.sign({ pid: 77, startTicks: 2 ** 40, bootCrc: 0xdeadbeef });
    expect(reader.owner).toEqual({ pid: 77, startTicks: 2 ** 40, bootCrc: 0xdeadbeef });
    writer.close();
    expect(reader.owner).toBeUndefined();
  });
});

it('a pool that goes on hands out every block once before it recycles, oldest first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 60 }), fc.nat(60), (takes, stop) => {
      const quotas = [4, 2, 3];
      const whole = new BlockPool(quotas);
      const owned: number[][] = [[], [], []];
      const takeFrom = (pool: BlockPool, ring: number) => {
        const block = pool.next(ring);
        const recycled = pool.take(ring);
        if (recycled) expect(owned[ring]!.shift()).toBe(block);
        expect(owned.flat()).not.toContain(block);
        owned[ring]!.push(block);
        expect(owned[ring]!.length).toBeLessThanOrEqual(quotas[ring]!);
      };
      for (const ring of takes.slice(0, stop)) takeFrom(whole, ring);
      const resumed = BlockPool.resume(quotas, owned);
      expect(resumed.used).toBe(whole.used);
      for (const ring of takes.slice(stop)) takeFrom(resumed, ring);
    }),
  );
});
