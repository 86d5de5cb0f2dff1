import { describe, expect, it } from 'vitest';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';
import {
  BLOCK,
  bytesOf,
  COUNTERS,
  copyOf,
  DEEP,
  EVENTS,
  HEADER,
  memory,
  Recorder,
  readRing,
  SPECS,
} from './rings.fixture.js';

const payload = new Uint8Array(1000).fill(7);

describe('wrap', () => {
  it('evicts the oldest block and keeps the rest readable', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let slot = 0; slot < 300; slot++) recorder.label(COUNTERS, slot, `p${slot}`);
    for (let frame = 0; frame < 400; frame++) {
      if (frame % 50 === 49) recorder.clear(COUNTERS, frame % 300);
      recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], (slot) => ((slot * frame) % 1000) * 4096);
    }
    expect(recorder.writer.stats[COUNTERS].recycled).toBeGreaterThan(1);
    const { frames, lost } = readRing(storage, COUNTERS);
    const truth = recorder.truth[COUNTERS];
    const first = 400 - frames.size + 1;
    expect(lost).toBe(0);
    expect(frames.size).toBeGreaterThan(20);
    expect(frames.size).toBeLessThan(400);
    expect(frames).toEqual(new Map([...truth].filter(([sequence]) => sequence >= first)));
    expect(RingReader.open(storage).damage).toEqual([]);
  });

  it('does not let a storm of events evict counters', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    for (let frame = 0; frame < 20; frame++) recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], () => frame);
    for (let event = 0; event < 5000; event++) recorder.record(BigInt(event), 1, payload);
    recorder.sweep(COUNTERS, 21n, [21, 0], () => 21);
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    const events = [...readRing(storage, EVENTS).frames.keys()];
    expect(events.at(-1)).toBe(5000);
    expect(events.length).toBeGreaterThanOrEqual(64);
  });

  it('gives every ring at least two blocks', () => {
    const rings = SPECS.map((spec, at) => ({ ...spec, share: at === 0 ? 1_000_000 : 1 }));
    const recorder = new Recorder(memory(6), rings);
    for (let event = 0; event < 500; event++) recorder.record(BigInt(event), 1, payload);
    const { blocks, recycled } = recorder.writer.stats[EVENTS];
    expect(blocks - recycled).toBe(2);
    expect(() => new Recorder(memory(5))).toThrow('at least 6 blocks');
  });

  it('never passes a stale frame of an earlier lap', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    // Frames of one size fall on the same offsets in each lap, so each newest frame is followed by an intact old one.
    for (let event = 0; event < 1000; event++) {
      recorder.record(BigInt(event), 1, payload);
      if (event % 7 !== 0) continue;
      const keys = [...readRing(storage, EVENTS).frames.keys()];
      expect(keys.at(-1)).toBe(event + 1);
      expect(keys).toEqual(keys.map((_, at) => keys[0] + at));
    }
    expect(recorder.writer.stats[EVENTS].recycled).toBeGreaterThan(10);
  });
});

describe('close', () => {
  it('trims a ring that never filled, and readers find nothing missing', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    recorder.sweep(COUNTERS, 1n, [0, 0], () => 4096);
    recorder.record(2n, 1, payload);
    let trimmedTo = 0;
    storage.trim = (size) => {
      trimmedTo = size;
    };
    recorder.writer.close({ trim: true });
    expect(trimmedTo).toBe(HEADER + 2 * BLOCK);
    const trimmed = copyOf(storage, trimmedTo);
    expect(readRing(trimmed, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    expect(readRing(trimmed, EVENTS).frames).toEqual(recorder.truth[EVENTS]);
    expect(RingReader.open(trimmed).damage).toEqual([]);
    expect(RingReader.open(copyOf(storage, trimmedTo - 1)).damage).toMatchObject([{ reason: 'truncated' }]);
  });

  it('drops what comes later, counted', () => {
    const recorder = new Recorder(memory(8));
    recorder.writer.close();
    expect(recorder.record(0n, 1, payload)).toEqual({ ok: false, reason: 'closed' });
    expect(recorder.writer.stats[EVENTS]).toMatchObject({ attempted: 1, stored: 0, dropped: { closed: 1 } });
  });
});

describe('too large', () => {
  it('drops a key that no block holds, and destroys nothing', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    recorder.sweep(COUNTERS, 0n, [0, 0], () => 1);
    for (let slot = 1; slot < 3000; slot++) recorder.label(COUNTERS, slot, 'a'.repeat(30));
    const before = bytesOf(storage);
    for (let frame = 1; frame < 20; frame++) {
      const result = recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], (slot) => slot / 3);
      expect(result).toEqual({ ok: false, reason: 'key-too-large' });
    }
    expect(Buffer.compare(before, bytesOf(storage))).toBe(0);
    for (let slot = 100; slot < 3000; slot++) recorder.clear(COUNTERS, slot);
    expect(recorder.sweep(COUNTERS, 30n, [30, 0], (slot) => slot / 3).ok).toBe(true);
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    expect(recorder.writer.stats[COUNTERS]).toMatchObject({
      attempted: 21,
      stored: 2,
      dropped: { 'key-too-large': 19 },
    });
  });

  it('keeps no pile of label changes in a ring that is never swept', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'stays');
    recorder.sweep(COUNTERS, 0n, [0, 0], () => 1);
    for (let turn = 0; turn < 40_000; turn++) {
      recorder.label(COUNTERS, 1, `${turn}`);
      recorder.clear(COUNTERS, 1);
    }
    recorder.label(COUNTERS, 2, 'last');
    expect(recorder.sweep(COUNTERS, 1n, [1, 0], () => 2)).toMatchObject({ ok: true });
    expect(recorder.writer.stats[COUNTERS].bytes).toBeLessThan(1000);
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
  });

  it('drops a key whose values alone are too large', () => {
    const recorder = new Recorder(memory(8));
    for (let slot = 0; slot < 3000; slot++) recorder.label(COUNTERS, slot, 'a');
    const result = recorder.sweep(COUNTERS, 0n, [0, 0], (slot) => slot / 3 + 0.1);
    expect(result).toEqual({ ok: false, reason: 'key-too-large' });
    expect(recorder.sweep(COUNTERS, 0n, [0, 0], () => 0).ok).toBe(true);
  });

  it('drops a record that no block holds, up to the byte', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    const largest = BLOCK - 64 - 16 - 16 - 10;
    expect(recorder.record(0n, 1, new Uint8Array(largest)).ok).toBe(true);
    expect(recorder.record(0n, 1, new Uint8Array(largest + 1))).toEqual({ ok: false, reason: 'record-too-large' });
    expect(readRing(storage, EVENTS).frames).toEqual(recorder.truth[EVENTS]);
  });
});

describe('a programmer who errs', () => {
  const { writer } = new Recorder(memory(8));
  const bare = { scalars: new Float64Array(2), status: new Uint8Array(1), startNs: 0n, endNs: 0n };

  it('is told at once', () => {
    writer.setLabel(COUNTERS, 5, new Uint8Array([1]));
    const columns = SPECS[COUNTERS].columns.map(() => new Float64Array(5));
    expect(() => writer.appendColumns(COUNTERS, { ...bare, rows: 'all', columns })).toThrow('cover 6 slots');
    expect(() => writer.appendColumns(EVENTS, { ...bare, rows: 'all', columns })).toThrow('holds records');
    expect(() => writer.appendColumns(DEEP, { ...bare, rows: 'all', columns })).toThrow('to be a list');
    expect(() => writer.appendRecord(DEEP, 0n, 1, payload)).toThrow('holds columns');
    expect(() => writer.setLabel(COUNTERS, 65_536, payload)).toThrow('slot from 0 to 65535');
    expect(() => writer.setLabel(COUNTERS, 0, new Uint8Array(0))).toThrow('at least one byte');
    const options = { rings: SPECS, metadata: {}, blockBytes: 100_000 };
    expect(() => RingWriter.create(memory(8), options)).toThrow('blockBytes');
  });
});
