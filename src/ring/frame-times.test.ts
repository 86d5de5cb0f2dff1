/** When the sweeps of a block were, without their values: also behind damage, while it is written, and when it was overwritten. */
import { describe, expect, it } from 'vitest';
import { BLOCK_HEADER, FRAME_HEAD } from './layout.js';
import { RingReader } from './ring-reader.js';
import { BLOCK, COUNTERS, EVENTS, HEADER, memory, Recorder } from './rings.fixture.js';

/** A block with a labelled slot, and a sweep at each of these times. */
function swept(...times: bigint[]) {
  const storage = memory(6);
  const recorder = new Recorder(storage);
  recorder.label(COUNTERS, 0, 'a');
  for (const [at, time] of times.entries()) recorder.sweep(COUNTERS, time, [at, 0], () => at * 4096);
  const reader = RingReader.open(storage);
  return { storage, recorder, reader, block: reader.blocks(COUNTERS)[0]! };
}

/** Where the frames of the first block are. */
function framesIn(storage: ReturnType<typeof memory>): number[] {
  const view = new DataView(storage.buffer, HEADER);
  const places: number[] = [];
  for (let at: number = BLOCK_HEADER.bytes; view.getUint32(at, true) !== 0; at += (view.getUint32(at, true) + 7) & -8) {
    places.push(at);
  }
  return places;
}

describe('the times of a block', () => {
  it('are those of its sweeps, before the first one too', () => {
    const { reader, block, storage } = swept(500n, 1500n, 400n);
    const times = reader.frameTimes(block)!;
    expect(times).toMatchObject({ startNs: [500n, 1500n, 400n], holes: [], nextFrame: 4 });
    const last = framesIn(storage).at(-1)!;
    expect(times.end.position).toBeGreaterThan(last);
    expect(times.end.word).toBe(0n);
    expect(reader.firstFrameTime(block)).toBe(500n);
  });

  it('stand as long as nothing has come', () => {
    const { reader, block, recorder } = swept(500n, 1500n);
    const times = reader.frameTimes(block)!;
    expect(reader.frameTimes(block, times)).toBe(times);
    recorder.sweep(COUNTERS, 2500n, [9, 9], () => 1);
    const more = reader.frameTimes(block, times)!;
    expect(more).not.toBe(times);
    expect(more).toMatchObject({ startNs: [500n, 1500n, 2500n], nextFrame: 4 });
    recorder.writer.close();
    // The frame that ends the block has come, and no sweep with it.
    expect(reader.frameTimes(block, more)).toMatchObject({ startNs: more.startNs, nextFrame: 4 });
    expect(reader.frameTimes(block, more)).not.toBe(more);
  });

  it('have holes where frames are damaged', () => {
    const { reader, block, storage } = swept(10n, 20n, 30n, 40n, 50n);
    const places = framesIn(storage);
    const spoil = (at: number) => {
      new Uint8Array(storage.buffer)[HEADER + at + FRAME_HEAD.bytes]! ^= 1;
    };
    // The label of the first sweep stands in a frame before it.
    spoil(places[2]!);
    spoil(places[3]!);
    const times = reader.frameTimes(block)!;
    expect(times).toMatchObject({ startNs: [10n, 40n, 50n], holes: [{ before: 1, lost: 2 }], nextFrame: 6 });
    spoil(places[1]!);
    expect(RingReader.open(storage).firstFrameTime(block)).toBe(40n);
    spoil(places[0]!);
    expect(RingReader.open(storage).frameTimes(block)).toMatchObject({
      ...{ startNs: [40n, 50n], nextFrame: 6 },
      holes: [{ before: 0, lost: 3 }],
    });
  });

  it('of records are none, but their frames count', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 3; event++) recorder.record(7n, event, new Uint8Array(9));
    const reader = RingReader.open(storage);
    const block = reader.blocks(EVENTS)[0]!;
    expect(reader.frameTimes(block)).toMatchObject({ startNs: [], holes: [], nextFrame: 4 });
    expect(reader.firstFrameTime(block)).toBeUndefined();
  });

  it('are none of a block that was overwritten, or is empty', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    recorder.record(7n, 1, new Uint8Array(40_000));
    const reader = RingReader.open(storage);
    const block = reader.blocks(EVENTS)[0]!;
    expect(reader.frameTimes(block)?.nextFrame).toBe(2);
    for (let event = 0; event < 6; event++) recorder.record(7n, 1, new Uint8Array(40_000));
    expect([reader.frameTimes(block), reader.firstFrameTime(block)]).toEqual([undefined, undefined]);
    const known = { startNs: [], holes: [], nextFrame: 2, end: { position: BLOCK - 4, word: 0n } };
    expect(reader.frameTimes(block, known)).toBeUndefined();
  });

  it('end where the block is full', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 2; event++) recorder.record(7n, 1, new Uint8Array(BLOCK - 64 - 16 - 16 - 10));
    const reader = RingReader.open(storage);
    const [first] = reader.blocks(EVENTS);
    const times = reader.frameTimes(first!)!;
    expect(times).toMatchObject({ nextFrame: 2, end: { position: BLOCK - 16 } });
    expect(reader.frameTimes(first!, times)).toBe(times);
  });
});

describe('a reader', () => {
  it('follows the blocks of all rings, and finds a file that was cut or went on', () => {
    const { storage, recorder, reader } = swept(1n);
    for (let event = 0; event < 3; event++) recorder.record(7n, 1, new Uint8Array(40_000));
    expect(reader.blocks(EVENTS)).toHaveLength(0);
    reader.follow();
    expect(reader.blocks(EVENTS).map(({ sequence }) => sequence)).toEqual([2, 3]);
    expect([reader.sizeBytes, reader.major, reader.ringId('none')]).toEqual([storage.sizeBytes, 4, -1]);
    const { read } = storage;
    const cut = HEADER + 2 * BLOCK;
    Object.defineProperty(storage, 'sizeBytes', { get: () => cut, configurable: true });
    storage.read = (at, into, from, length) =>
      read.call(storage, at, into, from, Math.min(length, Math.max(0, cut - at)));
    reader.follow();
    expect(reader.damage).toEqual([{ offset: cut, ring: -1, blockSequence: 0, reason: 'truncated' }]);
    expect([reader.blocks(COUNTERS), reader.blocks(EVENTS)].map((blocks) => blocks.length)).toEqual([1, 1]);
  });

  it('takes one of two blocks with the same number, and says which it left out', () => {
    const { storage, recorder } = swept(1n);
    recorder.record(7n, 1, new Uint8Array(40_000));
    const bytes = new Uint8Array(storage.buffer);
    bytes.copyWithin(HEADER + 4 * BLOCK, HEADER + BLOCK, HEADER + 2 * BLOCK);
    const reader = RingReader.open(storage);
    expect(reader.blocks(EVENTS).map(({ offset }) => offset)).toEqual([HEADER + BLOCK]);
    expect(reader.damage).toContainEqual({
      ...{ offset: HEADER + 4 * BLOCK, ring: EVENTS, blockSequence: 1, reason: 'duplicate-block' },
    });
  });
});
