import { describe, expect, it, vi } from 'vitest';
import { RingReader } from './ring-reader.js';
import {
  BLOCK,
  COUNTERS,
  copyOf,
  DEEP,
  drain,
  EVENTS,
  HEADER,
  memory,
  noneSeen,
  Recorder,
  readRing,
} from './rings.fixture.js';
import { SharedStorage } from './shared-storage.js';

describe('following a live writer', () => {
  it('sees each frame once it is committed, over blocks and laps', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    const reader = RingReader.open(storage);
    const cursors = [reader.cursor(COUNTERS), reader.cursor(DEEP), reader.cursor(EVENTS)];
    const seen = [noneSeen(), noneSeen(), noneSeen()];
    for (let slot = 0; slot < 300; slot++) recorder.label(COUNTERS, slot, `p${slot}`);
    recorder.label(DEEP, 0, 'd');
    for (let frame = 0; frame < 300; frame++) {
      recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], (slot) => ((slot * frame) % 1000) * 4096);
      recorder.sweep(DEEP, BigInt(frame), [frame], () => frame, [0]);
      recorder.record(BigInt(frame), frame, new Uint8Array(1000));
      cursors.forEach((cursor, ring) => void drain(cursor, seen[ring]));
      for (const each of seen) expect(each.frames.size).toBe(frame + 1);
    }
    seen.forEach((each, ring) => void expect(each.frames).toEqual(recorder.truth[ring]));
    expect(recorder.writer.stats[COUNTERS].recycled).toBeGreaterThan(2);
    expect(reader.damage).toEqual([]);
  });

  it('reports how many frames it lost when the writer lapped it, and goes on', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    const cursor = RingReader.open(storage).cursor(EVENTS);
    const seen = noneSeen();
    for (let event = 0; event < 10; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
    drain(cursor, seen);
    expect(seen.frames.size).toBe(10);
    for (let event = 10; event < 500; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
    drain(cursor, seen);
    expect(seen.steps.filter((step) => step === 'gap').length).toBe(1);
    expect(seen.frames.size + seen.lost).toBe(500);
    expect(seen.lost).toBeGreaterThan(300);
    for (const [sequence, frame] of seen.frames) expect(frame).toEqual(recorder.truth[EVENTS].get(sequence));
  });

  it('counts what was overwritten before it read for the first time', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    const cursor = RingReader.open(storage).cursor(EVENTS);
    for (let event = 0; event < 500; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
    const seen = drain(cursor);
    expect(seen.frames.size + seen.lost).toBe(500);
  });

  it('passes over a block whose header goes bad while it is open', () => {
    const storage = memory(24);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 100; event++) recorder.record(BigInt(event), 1, new Uint8Array(3000));
    const reader = RingReader.open(storage);
    const [, second, third] = reader.blocks(EVENTS).map((block) => block);
    const cursor = reader.cursor(EVENTS);
    expect(cursor.next()).toBe('block');
    new Uint8Array(storage.buffer)[second.offset + 30] ^= 1;
    const seen = drain(cursor);
    expect(seen.lost).toBe(third.firstFrameSequence - second.firstFrameSequence);
    expect(seen.frames.size + seen.lost).toBe(100);
  });

  it('finds what stands behind a damaged frame of an open block once nothing has come for long', () => {
    const storage = memory(24);
    const recorder = new Recorder(storage);
    const reader = RingReader.open(storage);
    const cursor = reader.cursor(EVENTS);
    const seen = noneSeen();
    recorder.record(0n, 1, new Uint8Array(500));
    drain(cursor, seen);
    const [block] = reader.blocks(EVENTS);
    const damaged = block!.offset + cursor.blockBytesRead + 100;
    for (let event = 1; event < 4; event++) recorder.record(BigInt(event), 1, new Uint8Array(500));
    new Uint8Array(storage.buffer)[damaged] ^= 1;
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      drain(cursor, seen);
      expect(seen.frames.size).toBe(1);
      vi.advanceTimersByTime(6000);
      drain(cursor, seen);
      expect(seen.lost).toBe(1);
      expect([...seen.frames.keys()]).toEqual([1, 3, 4]);
      expect(reader.damage.map(({ reason }) => reason)).toEqual(['bad-frame']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not mistake a frame in the making for damage', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    const reader = RingReader.open(storage);
    const cursor = reader.cursor(EVENTS);
    const seen = noneSeen();
    const commit = storage.commit.bind(storage);
    storage.commit = (at, length, crc) => {
      drain(cursor, seen);
      commit(at, length, crc);
    };
    for (let event = 0; event < 400; event++) recorder.record(BigInt(event), 1, new Uint8Array(500 + (event % 7)));
    drain(cursor, seen);
    expect(seen.frames).toEqual(recorder.truth[EVENTS]);
    expect(reader.damage).toEqual([]);
  });

  it('does not mistake a torn copy for damage', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    let event = 0;
    const write = () => recorder.record(BigInt(event++), 1, new Uint8Array(500 + (event % 7)));
    // The writer goes on in the middle of each long copy: the frame at its start is older than those behind it.
    const torn = new SharedStorage(storage.buffer);
    let busy = false;
    torn.read = (at, into, from, length) => {
      if (length < 2000 || busy) return storage.read(at, into, from, length);
      busy = true;
      const half = 256;
      storage.read(at, into, from, half);
      if (event < 2000) for (let i = 0; i < 5; i++) write();
      storage.read(at + half, into, from + half, length - half);
      busy = false;
      return length;
    };
    write();
    const reader = RingReader.open(torn);
    const cursor = reader.cursor(EVENTS);
    const seen = noneSeen();
    for (let round = 0; round < 500; round++) {
      write();
      drain(cursor, seen);
    }
    expect(event).toBeGreaterThan(1000);
    expect(seen.frames.size + seen.lost).toBe(event);
    for (const [sequence, frame] of seen.frames) expect(frame).toEqual(recorder.truth[EVENTS].get(sequence));
    expect(reader.damage).toEqual([]);
  });
});

describe('a writer killed at any instant', () => {
  it('leaves every frame that it had reported as stored', () => {
    const script = (recorder: Recorder, stored: number[]) => {
      for (let slot = 0; slot < 300; slot++) recorder.label(COUNTERS, slot, `p${slot}`);
      for (let frame = 0; frame < 90; frame++) {
        if (frame % 9 === 4) recorder.clear(COUNTERS, frame);
        if (recorder.sweep(COUNTERS, BigInt(frame), [frame, 0], (slot) => slot * frame).ok) stored[COUNTERS]++;
        if (recorder.record(BigInt(frame), 1, new Uint8Array(3000)).ok) stored[EVENTS]++;
      }
    };
    const full = new Recorder(memory(6));
    script(full, [0, 0, 0]);
    for (let instant = 1; instant < 600; instant += 7) {
      const storage = memory(6);
      const stored = [0, 0, 0];
      const dead = new Error('killed');
      let operations = 0;
      const recorder = new Recorder(storage);
      const write = storage.write.bind(storage);
      const commit = storage.commit.bind(storage);
      storage.write = (at, bytes, from, length) => {
        if (++operations >= instant) {
          // A block header is one small write and goes whole or not at all; a frame's body may be torn.
          if (operations === instant && length !== 64) write(at, bytes, from, length >>> 1);
          throw dead;
        }
        write(at, bytes, from, length);
      };
      storage.commit = (at, length, crc) => {
        if (++operations >= instant) throw dead;
        commit(at, length, crc);
      };
      script(recorder, stored);
      const left = copyOf(storage);
      const reader = RingReader.open(left);
      for (const ring of [COUNTERS, EVENTS]) {
        const { frames } = drain(reader.cursor(ring));
        for (const [sequence, frame] of frames) expect(frame).toEqual(full.truth[ring].get(sequence));
        expect(Math.max(0, ...frames.keys())).toBe(stored[ring]);
      }
      expect(reader.damage).toEqual([]);
    }
  });

  it('whose storage fails for a while goes on, and counts', () => {
    const storage = memory(6);
    const recorder = new Recorder(storage);
    recorder.label(COUNTERS, 0, 'a');
    recorder.sweep(COUNTERS, 0n, [0, 0], () => 1);
    const write = storage.write;
    storage.write = () => {
      throw new Error('EIO');
    };
    expect(recorder.sweep(COUNTERS, 1n, [1, 0], () => 2)).toEqual({ ok: false, reason: 'write-failed' });
    expect(recorder.sweep(COUNTERS, 2n, [2, 0], () => 3)).toEqual({ ok: false, reason: 'write-failed' });
    storage.write = write;
    expect(recorder.sweep(COUNTERS, 3n, [3, 0], () => 4).ok).toBe(true);
    expect(recorder.writer.lastError).toMatchObject({ message: 'EIO' });
    expect(recorder.writer.stats[COUNTERS]).toMatchObject({ attempted: 4, stored: 2, dropped: { 'write-failed': 2 } });
    expect(readRing(storage, COUNTERS).frames).toEqual(recorder.truth[COUNTERS]);
    expect(storage.sizeBytes).toBe(HEADER + 6 * BLOCK);
  });
});
