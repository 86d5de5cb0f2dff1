/**
 * What a reader gives behind damage inside a block: exactly what was written anew since, up to the next snapshot.
 *
 * The truth is kept beside the writer: for each frame, which slots were freed or taken in it, and where its bytes stand.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_HEADER, FLAG_ALONE, FRAME_HEAD, KIND_COLUMNS, KIND_LABELS, KIND_SNAPSHOT } from './layout.js';
import { RingReader } from './ring-reader.js';
import {
  COUNTERS,
  copyOf,
  DEEP,
  drain,
  EVENTS,
  memory,
  Recorder,
  type Seen,
  type SweepTruth,
} from './rings.fixture.js';
import type { SharedStorage } from './shared-storage.js';

interface FrameAt {
  readonly position: number;
  readonly length: number;
  readonly kind: number;
  readonly sequence: number;
  readonly isAlone: boolean;
  readonly cells: number;
}

/** The frames of the first block of a ring, as they stand. */
function framesOf(storage: SharedStorage, ring: number): { offset: number; frames: FrameAt[] } {
  const { offset } = RingReader.open(storage).blocks(ring)[0]!;
  const view = new DataView(storage.buffer, offset);
  const frames: FrameAt[] = [];
  for (let position: number = BLOCK_HEADER.bytes; ; ) {
    const length = view.getUint32(position + FRAME_HEAD.length, true);
    if (length === 0) return { offset, frames };
    const kind = view.getUint8(position + FRAME_HEAD.kind);
    const isAlone = (view.getUint8(position + FRAME_HEAD.flags) & FLAG_ALONE) !== 0;
    const cells = view.getUint16(position + FRAME_HEAD.cells, true);
    const sequence = view.getUint32(position + FRAME_HEAD.sequence, true);
    frames.push({ position, length, kind, sequence, isAlone, cells });
    position += (length + 7) & -8;
  }
}

/** Flips a bit in one frame and reads the ring. */
function readSpoilt(storage: SharedStorage, ring: number, at: number): { seen: Seen; damage: number[] } {
  const spoilt = copyOf(storage);
  new Uint8Array(spoilt.buffer)[at]! ^= 8;
  const reader = RingReader.open(spoilt);
  const seen = drain(reader.cursor(ring));
  return { seen, damage: reader.damage.map(({ offset }) => offset) };
}

const act = fc.record({
  ring: fc.constantFrom(COUNTERS, DEEP),
  free: fc.array(fc.nat(9), { maxLength: 2 }),
  take: fc.array(fc.nat(9), { maxLength: 2 }),
  rename: fc.array(fc.nat(9), { maxLength: 1 }),
  rows: fc.array(fc.nat(9)),
  moves: fc.array(fc.nat(9)),
  step: fc.integer({ min: -3000, max: 3000 }),
});

it('behind any damaged frame comes what was written anew, all of it, and nothing else', { timeout: 120_000 }, () => {
  let parts = 0;
  let afterSnapshot = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 8, maxLength: 60 }), fc.nat(), fc.nat(), (acts, which, byte) => {
      const storage = memory(8);
      const recorder = new Recorder(storage);
      const live = [new Set<number>(), new Set<number>()];
      const values = new Map<string, number>();
      /** By ring and frame: slots that an entry of it freed. */
      const freed: Map<number, Set<number>>[] = [new Map(), new Map()];
      for (const [at, { ring, free, take, rename, rows, moves, step }] of acts.entries()) {
        const told = new Set<number>();
        for (const slot of rename) {
          if (!live[ring]!.has(slot)) continue;
          recorder.label(ring, slot, `r${at}`);
        }
        for (const slot of free) {
          if (live[ring]!.delete(slot)) told.add(slot);
          recorder.clear(ring, slot);
        }
        for (const slot of take) {
          if (!live[ring]!.has(slot)) told.add(slot);
          live[ring]!.add(slot);
          recorder.label(ring, slot, `t${at}`);
        }
        for (const slot of moves) for (let c = 0; c < 3; c++) values.set(`${slot} ${c}`, at * 4096 + step * c);
        const of = (slot: number, c: number) => values.get(`${slot} ${c}`) ?? slot;
        recorder.sweep(ring, BigInt(at) * 1000n, [at, step].slice(0, 2 - ring), of, ring === DEEP ? rows : 'all');
        const number = recorder.writer.stats[ring]!.stored;
        freed[ring]!.set(number, told);
      }
      for (const ring of [COUNTERS, DEEP]) {
        const truth = recorder.truth[ring]!;
        if (truth.size < 3) continue;
        const { offset, frames } = framesOf(storage, ring);
        // The last frame of an open block would not be damaged, but not committed.
        const spoilt = frames[which % (frames.length - 1)]!;
        const { seen, damage } = readSpoilt(storage, ring, offset + spoilt.position + 8 + (byte % (spoilt.length - 8)));
        expect(damage).toEqual([offset + spoilt.position]);
        expect(seen.frames.size + seen.parts.size + seen.lost).toBe(truth.size);
        const behind = frames.filter(({ position }) => position > spoilt.position);
        const snapshot = behind.find(({ kind }) => kind === KIND_SNAPSHOT);
        for (const [number, frame] of truth) {
          const own = frames.find(({ kind, sequence }) => kind === KIND_COLUMNS && sequence === number)!;
          if (own.position < spoilt.position || (snapshot && own.position > snapshot.position)) {
            if (snapshot && own.position > snapshot.position) afterSnapshot++;
            expect(seen.frames.get(number)).toEqual(frame);
            continue;
          }
          expect(seen.frames.has(number)).toBe(false);
          if (own === spoilt) continue;
          // Entries count when their own frame stands behind the damage; scalars as soon as they stand alone.
          const told = behind.filter(({ kind, position }) => kind === KIND_LABELS && position < own.position);
          const isAlone = ({ position, ...one }: FrameAt) =>
            one.isAlone && position <= own.position && (ring === DEEP || one.cells > 0);
          if (!behind.some(isAlone) || (ring === COUNTERS && own.cells === 0)) {
            expect(seen.parts.has(number)).toBe(false);
            continue;
          }
          const known = new Set(told.flatMap(({ sequence }) => [...freed[ring]!.get(sequence)!]));
          const { slots, updated, ...rest } = frame as SweepTruth;
          expect(seen.parts.get(number)).toEqual({
            ...rest,
            slots: new Map([...slots].filter(([slot]) => known.has(slot))),
            updated: updated.filter((slot) => known.has(slot)),
          });
          parts++;
        }
      }
    }),
    { numRuns: 400 },
  );
  // A fair test: both happened often.
  expect(parts).toBeGreaterThan(300);
  expect(afterSnapshot).toBeGreaterThan(300);
});

describe('a ring of records', () => {
  it('lacks the damaged record only', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let event = 0; event < 40; event++) recorder.record(BigInt(event), 1, new Uint8Array(event * 9).fill(event));
    const { offset, frames } = framesOf(storage, EVENTS);
    for (const { position, sequence } of frames.slice(0, -1)) {
      const { seen, damage } = readSpoilt(storage, EVENTS, offset + position + 20);
      expect(damage).toEqual([offset + position]);
      expect([...seen.frames.keys()]).toEqual([...recorder.truth[EVENTS]!.keys()].filter((at) => at !== sequence));
      expect(seen.lost).toBe(1);
    }
  });
});

describe('a range', () => {
  it('begins at the last snapshot before it and gives the same frames as the whole block', () => {
    const storage = memory(8);
    const recorder = new Recorder(storage);
    for (let at = 0; at < 400; at++) {
      if (at % 9 === 0) recorder.label(COUNTERS, at % 31, `p${at}`);
      if (at % 13 === 0) recorder.clear(COUNTERS, (at * 7) % 31);
      recorder.sweep(COUNTERS, BigInt(at) * 1000n, [at, -at], (slot, c) => (slot + at * c) * 4096);
    }
    const { offset, frames } = framesOf(storage, COUNTERS);
    expect(frames.filter(({ kind }) => kind === KIND_SNAPSHOT).length).toBeGreaterThan(5);
    const whole = [...recorder.truth[COUNTERS]!];
    for (const from of [0, 1, 7, 100, 101, 250, 399, 400]) {
      const {
        frames: seen,
        lost,
        parts,
      } = drain(RingReader.open(storage).cursor(COUNTERS, { fromTimeNs: BigInt(from) * 1000n }));
      expect([...seen]).toEqual(whole.filter(([, frame]) => (frame as SweepTruth).startNs >= BigInt(from) * 1000n));
      expect([lost, parts.size]).toEqual([0, 0]);
    }
    // What lies before the snapshot is not read: damage there is not met. A damaged snapshot is gone around.
    const at = 250;
    const place = frames.findLast(({ kind, sequence }) => kind === KIND_SNAPSHOT && sequence <= at + 1)!;
    for (const [spoilt, met] of [
      [offset + frames[1]!.position + 20, 0],
      [offset + place.position + 20, 1],
    ] as const) {
      const copy = copyOf(storage);
      new Uint8Array(copy.buffer)[spoilt]! ^= 1;
      const reader = RingReader.open(copy);
      const { frames: seen } = drain(reader.cursor(COUNTERS, { fromTimeNs: BigInt(at) * 1000n }));
      for (const [number, frame] of seen) expect(frame).toEqual(recorder.truth[COUNTERS]!.get(number));
      expect(reader.damage.length).toBe(met);
      if (met === 0) expect(seen.size).toBe(400 - at);
    }
  });
});
