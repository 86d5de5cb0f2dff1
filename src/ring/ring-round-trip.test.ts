import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStorage } from './file-storage.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import {
  BLOCK,
  bytesOf,
  COUNTERS,
  DEEP,
  EVENTS,
  FILE_ID,
  HEADER,
  memory,
  Recorder,
  readRing,
  SPECS,
} from './rings.fixture.js';

const directory = mkdtempSync(join(tmpdir(), 'ring-'));
afterAll(() => rmSync(directory, { recursive: true }));

function recordABit(recorder: Recorder): void {
  for (let slot = 0; slot < 5; slot++) recorder.label(COUNTERS, slot, `process ${slot}`);
  for (let slot = 0; slot < 5; slot++) recorder.label(DEEP, slot, `process ${slot}`);
  for (let frame = 0; frame < 40; frame++) {
    const time = 5_000_000n + BigInt(frame) * 1_000_000n;
    if (frame === 10) recorder.clear(COUNTERS, 4);
    if (frame === 20) recorder.label(COUNTERS, 3, 'renamed');
    if (frame === 30) {
      recorder.clear(COUNTERS, 2);
      recorder.label(COUNTERS, 2, 'successor');
    }
    recorder.sweep(COUNTERS, time, [frame, frame * 37], (slot, c) => (slot + 1) * 4096 * (frame >> 2) + c);
    recorder.sweep(DEEP, time, [frame], (slot, c) => slot * 1024 + c + frame, [frame % 5, (frame + 2) % 5]);
    recorder.record(time, frame, new Uint8Array([frame, 1, 2]));
  }
}

describe('round trip', () => {
  it('gives back every frame of every ring', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recordABit(recorder);
    for (const ring of [COUNTERS, DEEP, EVENTS]) {
      const seen = readRing(storage, ring);
      expect(seen.frames).toEqual(recorder.truth[ring]);
      expect(seen.frames.size).toBe(40);
      expect(seen.lost).toBe(0);
    }
    expect(RingReader.open(storage).damage).toEqual([]);
  });

  it('writes the same bytes to a file as to shared memory', () => {
    const path = join(directory, 'same.tide');
    const storage = memory(8);
    recordABit(new Recorder(storage));
    const file = FileStorage.create(path, HEADER + 8 * BLOCK);
    const recorder = new Recorder(file);
    recordABit(recorder);
    expect(Buffer.compare(readFileSync(path), bytesOf(storage))).toBe(0);
    const reopened = FileStorage.open(path);
    expect(readRing(reopened, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    reopened.close();
    recorder.writer.close();
  });

  it('gives back metadata and the ring table', () => {
    const storage = memory(8);
    RingWriter.create(storage, { rings: SPECS, metadata: { a: [1, 'é'] }, blockBytes: BLOCK, maxSlots: 100 });
    const reader = RingReader.open(storage);
    expect(reader.metadata).toEqual({ a: [1, 'é'] });
    expect(reader.rings).toEqual(SPECS);
    expect(reader.maxSlots).toBe(100);
    expect(reader.ringId('deep')).toBe(DEEP);
  });

  it('grows the header for large metadata', () => {
    const storage = memory(8);
    const metadata = { long: 'x'.repeat(20_000) };
    const writer = RingWriter.create(storage, { rings: SPECS, metadata, blockBytes: BLOCK, fileId: FILE_ID });
    writer.appendRecord(EVENTS, 5n, 1, new Uint8Array([9]));
    expect(RingReader.open(storage).metadata).toEqual(metadata);
    expect(readRing(storage, EVENTS).frames.size).toBe(1);
  });

  it.each([
    ['not measured', [Number.NaN, 4096, Number.NaN, Number.NaN, 0, Number.NaN]],
    ['minus zero', [0, -0, 0, -0, 4096, -0, Number.NaN, -0]],
    ['not finite', [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, Number.NaN, Number.POSITIVE_INFINITY]],
    ['huge', [2 ** 53, 2 ** 53 + 2, 1e300, -1e300, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 63]],
    ['no multiple of the quantum', [1, 4097, 0.1, 0.1 + 4096, 1 / 3, -5.5, 4096 * 3]],
  ])('keeps values that are %s', (_, values) => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    recorder.label(COUNTERS, 1, 'b');
    values.forEach((value, at) => {
      const sweep = (slot: number) => (slot === 0 ? value : values[values.length - 1 - at]);
      recorder.sweep(COUNTERS, BigInt(at), [value, at], sweep);
    });
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
  });

  it('keeps the bits of values that round to the same step', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    const values = [0.1, 0.1 + 1e7, 0.30000000000000004, 4096.000000000001, 4096];
    values.forEach((value, at) => void recorder.sweep(COUNTERS, BigInt(at), [0, 0], () => value));
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
  });

  it('reads one array with a stride like separate columns', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    writer.setLabel(COUNTERS, 1, new Uint8Array([1]));
    const columns = Float64Array.of(0, 11, 0, 22, 0, 33);
    const scalars = new Float64Array(2);
    const status = new Uint8Array(2);
    writer.appendColumns(COUNTERS, { startNs: 0n, endNs: 1n, scalars, rows: 'all', status, columns, stride: 2 });
    columns[3] = 23;
    writer.appendColumns(COUNTERS, { startNs: 1n, endNs: 2n, scalars, rows: 'all', status, columns, stride: 2 });
    const cursor = RingReader.open(storage).cursor(COUNTERS);
    while (cursor.next() !== null);
    expect(cursor.columns.map((column) => column[1])).toEqual([11, 23, 33]);
  });

  it('never credits a newcomer with the values of the departed', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(DEEP, 0, 'old');
    recorder.label(DEEP, 1, 'other');
    recorder.sweep(DEEP, 0n, [0], () => 4096, [0, 1]);
    recorder.clear(DEEP, 0);
    recorder.label(DEEP, 0, 'new');
    recorder.sweep(DEEP, 1n, [0], () => 8192, [1]);
    const { frames } = readRing(storage, DEEP);
    expect(frames).toEqual(recorder.truth[DEEP]);
    expect(frames.get(2)).toMatchObject({
      slots: new Map([
        [0, ['new', 255, Number.NaN, Number.NaN]],
        [1, ['other', 0, 8192, 8192]],
      ]),
    });
  });

  it('takes listed rows in any order and leaves out slots without a label', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (const slot of [0, 3, 9]) recorder.label(DEEP, slot, `s${slot}`);
    recorder.sweep(DEEP, 0n, [0], (slot) => slot * 1024, [9, 0, 5, 3, 9]);
    const { frames } = readRing(storage, DEEP);
    expect(frames).toEqual(recorder.truth[DEEP]);
    expect(frames.get(1)).toMatchObject({ updated: [0, 3, 9] });
  });

  it('starts a new block when the clock runs out of range', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    for (const time of [0n, 5n, 2n ** 60n, 3n]) recorder.sweep(COUNTERS, time, [0, 0], () => 1);
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    expect(recorder.writer.stats[COUNTERS].blocks).toBe(3);
  });

  it('serves a cursor from a point in time', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recordABit(recorder);
    const reader = RingReader.open(storage);
    const from = reader.cursor(COUNTERS, { fromTimeNs: 35_000_000n });
    while (from.next() !== 'columns');
    expect(from.startNs).toBe(35_000_000n);
    expect(from.labels[2]).toEqual(new TextEncoder().encode('successor'));
    const events = reader.cursor(EVENTS, { fromTimeNs: 35_000_000n });
    while (events.next() !== 'record');
    expect(events.timeNs).toBe(35_000_000n);
  });
});

describe('size of a frame', () => {
  const slots = 2000;

  function fill(): Recorder {
    const recorder = new Recorder(memory(64));
    for (let slot = 0; slot < slots; slot++) recorder.label(COUNTERS, slot, `${slot}`);
    return recorder;
  }

  it('is at most 60 bytes when nothing changed', () => {
    const recorder = fill();
    for (let frame = 0; frame < 10; frame++) {
      const time = BigInt(frame) * 10_000_000_000n;
      const result = recorder.sweep(COUNTERS, time, [frame, 50_000 + frame * 977], (slot) => slot * 4096);
      expect(result.ok).toBe(true);
      if (frame > 0 && result.ok) expect(result.bytes).toBeLessThanOrEqual(60);
    }
  });

  it('is about one byte and a half for each changed value', () => {
    const recorder = fill();
    recorder.sweep(COUNTERS, 0n, [0, 0], (slot) => slot * 40_960_000);
    const step = (slot: number, c: number) => (slot % 10 === 0 ? SPECS[COUNTERS].columns[c].quantum * 9 : 0);
    const result = recorder.sweep(COUNTERS, 1n, [0, 0], (slot, c) => slot * 40_960_000 + step(slot, c));
    expect(result.ok && result.bytes).toBeLessThanOrEqual(1.4 * 600 + 60);
  });

  it('names a process once, whichever of its columns move', () => {
    const recorder = fill();
    recorder.sweep(COUNTERS, 0n, [0, 0], () => 0);
    // A third of the moved ones in each column: too many for gaps, too few for all.
    const moves = (slot: number, c: number) =>
      slot % 10 === 0 && slot % 3 === c ? SPECS[COUNTERS].columns[c].quantum : 0;
    const result = recorder.sweep(COUNTERS, 1n, [0, 0], moves);
    expect(result.ok && result.bytes).toBeLessThanOrEqual(200 + 3 * 25 + 200 + 40);
    // One in a hundred of the moved ones: by gaps.
    const few = (slot: number, c: number) =>
      moves(slot, c) + (slot % 10 === 1 && (c === 0 || slot % 1000 === 1) ? SPECS[COUNTERS].columns[c].quantum : 0);
    const next = recorder.sweep(COUNTERS, 2n, [0, 0], few);
    expect(next.ok && next.bytes).toBeLessThanOrEqual(200 + 200 + 2 * 5 + 40);
    expect(readRing(recorder.storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
  });
});
