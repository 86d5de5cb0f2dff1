/** Numbers at their edges: frames beyond the 32 bits that a head has room for, and clocks that step back. */
import { expect, it } from 'vitest';
import { encodeBlockHeader } from './block-header.js';
import { fileSeedOf } from './checksum.js';
import { BLOCK_HEADER } from './layout.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import { COUNTERS, copyOf, drain, EVENTS, FILE_ID, HEADER, memory, Recorder } from './rings.fixture.js';

const NEAR = 2 ** 32 - 6;

/** A ring whose events go on from frame number `NEAR`, as one that has been written for years. */
function oldRing() {
  const storage = memory(8);
  const recorder = new Recorder(storage);
  const header = new Uint8Array(BLOCK_HEADER.bytes);
  const fields = { ring: EVENTS, sequence: 2 ** 33, firstFrameSequence: NEAR, baseTimeNs: 0n };
  encodeBlockHeader(header, fields, fileSeedOf(FILE_ID));
  storage.write(HEADER, header, 0, header.length);
  recorder.writer = RingWriter.resume(storage);
  return { storage, writer: recorder.writer };
}

it('frames are numbered on beyond 32 bits, followed live, read again, and found behind damage', () => {
  const { storage, writer } = oldRing();
  const live = drain(RingReader.open(storage).cursor(EVENTS));
  const cursor = RingReader.open(storage).cursor(EVENTS);
  for (let at = 0; at < 12; at++) {
    expect(writer.appendRecord(EVENTS, BigInt(at), at, new Uint8Array(900).fill(at)).ok).toBe(true);
    drain(cursor, live);
  }
  const numbers = Array.from({ length: 12 }, (_, at) => NEAR + at);
  expect([...live.frames.keys()]).toEqual(numbers);
  expect(live.lost).toBe(0);
  for (let at = 0; at < 11; at++) {
    const spoilt = copyOf(storage);
    const block = RingReader.open(spoilt).blocks(EVENTS).at(-1)!;
    new Uint8Array(spoilt.buffer)[block.offset + BLOCK_HEADER.bytes + at * 928 + 100]! ^= 1;
    const seen = drain(RingReader.open(spoilt).cursor(EVENTS));
    expect([...seen.frames.keys()]).toEqual(numbers.filter((number) => number !== NEAR + at));
    expect(seen.lost).toBe(1);
    // And a writer that goes on gives none of them twice.
    const again = RingWriter.resume(spoilt);
    again.appendRecord(EVENTS, 99n, 1, new Uint8Array(1));
    expect([...drain(RingReader.open(spoilt).cursor(EVENTS)).frames.keys()].at(-1)).toBe(NEAR + 12);
  }
});

it('a range holds all that is in it when the clock was set back between blocks', () => {
  const storage = memory(8);
  const recorder = new Recorder(storage);
  for (let slot = 0; slot < 300; slot++) recorder.label(COUNTERS, slot, `p${slot}`);
  const times: bigint[] = [];
  for (let at = 0; at < 60; at++) {
    const time = BigInt(at < 30 ? 1000 + at * 10 : 500 + at * 10);
    times.push(time);
    recorder.sweep(COUNTERS, time, [at, 0], (slot) => ((slot * at * 7919) % 65_537) * 1.1);
  }
  expect(recorder.writer.stats[COUNTERS]!.blocks).toBeGreaterThan(3);
  const reader = RingReader.open(storage);
  for (const from of [0n, 850n, 1000n, 1100n, 1290n, 2000n]) {
    const seen = drain(reader.cursor(COUNTERS, { fromTimeNs: from }));
    const first = reader.blocks(COUNTERS)[0]!.firstFrameSequence;
    const expected = times.flatMap((time, at) => (time >= from && at + 1 >= first ? [at + 1] : []));
    expect([...seen.frames.keys()]).toEqual(expected);
  }
});
