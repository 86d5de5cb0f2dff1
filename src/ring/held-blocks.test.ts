import { expect, it } from 'vitest';
import { RingReader } from './ring-reader.js';
import { BLOCK, DEEP, drain, EVENTS, memory, Recorder } from './rings.fixture.js';
import type { Storage } from './storage.js';

/** Passes reads on and counts those of blocks; while `isTorn`, what comes of a block is as of one that is just recycled. */
function watched(storage: Storage) {
  const seen = { blocksRead: 0, isTorn: false };
  const read = (at: number, into: Uint8Array, from: number, length: number) => {
    const isBlock = length > BLOCK / 2;
    if (isBlock) seen.blocksRead++;
    if (!isBlock || !seen.isTorn) return storage.read(at, into, from, length);
    into.fill(255, from, from + length);
    return length;
  };
  const proxy = new Proxy(storage, {
    get: (target, name) => (name === 'read' ? read : Reflect.get(target, name, target)),
  });
  return { storage: proxy, seen };
}

it('copies a block once for all cursors that stand in it', () => {
  const storage = memory(6);
  const recorder = new Recorder(storage);
  for (let event = 0; event < 20; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
  const { storage: counted, seen } = watched(storage);
  const reader = RingReader.open(counted);
  const cursors = [reader.cursor(EVENTS), reader.cursor(EVENTS), reader.cursor(EVENTS)];
  for (const cursor of cursors) expect(cursor.next()).toBe('block');
  expect(seen.blocksRead).toBe(1);
});

it('writes nothing into bytes that another cursor reads', () => {
  const inner = memory(6);
  const recorder = new Recorder(inner);
  const fill = (event: number) => new Uint8Array(1000).fill(event);
  for (let event = 1; event <= 5; event++) recorder.record(BigInt(event), 1, fill(event));
  const { storage, seen } = watched(inner);
  const reader = RingReader.open(storage);
  const [early, late] = [reader.cursor(EVENTS), reader.cursor(EVENTS)];
  const step = () => {
    for (let step = early.next(); step !== 'record'; step = early.next()) expect(step).not.toBeNull();
  };
  step();
  drain(late);
  const { payload } = early;
  for (let event = 6; event <= 10; event++) recorder.record(BigInt(event), 1, fill(event));
  // One has come to the end of the copy and wants more; another wants all of it as it is now.
  seen.isTorn = true;
  expect(late.next()).toBeNull();
  expect(reader.frameTimes(reader.blocks(EVENTS)[0])?.startNs).toEqual([]);
  seen.isTorn = false;
  expect(payload).toEqual(fill(1));
  // What came meanwhile is not in the copy that it stands in, and comes all the same.
  for (let event = 2; event <= 10; event++) {
    step();
    expect(early.payload).toEqual(fill(event));
  }
});

it('takes no old copy for a block that was overwritten, though its cursor was let go', () => {
  const storage = memory(6);
  const recorder = new Recorder(storage);
  for (let event = 0; event < 20; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
  const reader = RingReader.open(storage);
  const first = reader.cursor(EVENTS);
  drain(first);
  first.copy.release();
  for (let event = 20; event < 500; event++) recorder.record(BigInt(event), 1, new Uint8Array(1000));
  reader.refresh();
  const seen = drain(reader.cursor(EVENTS));
  expect(seen.frames.size).toBeGreaterThan(20);
  for (const [sequence, frame] of seen.frames) expect(frame).toEqual(recorder.truth[EVENTS].get(sequence));
  expect(reader.damage).toEqual([]);
});

it('gives what it let go to the next, which may stand in another ring', () => {
  const recorder = new Recorder(memory(6));
  recorder.label(DEEP, 0, 'd');
  for (let event = 0; event < 20; event++) {
    recorder.sweep(DEEP, BigInt(event), [event], () => event, [0]);
    recorder.record(BigInt(event), 1, new Uint8Array(1000));
  }
  const reader = RingReader.open(recorder.storage);
  for (let round = 0; round < 10; round++) {
    for (const ring of [DEEP, EVENTS]) {
      const cursor = reader.cursor(ring);
      expect(drain(cursor).frames).toEqual(recorder.truth[ring]);
      cursor.copy.release();
    }
  }
});
