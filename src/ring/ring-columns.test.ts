/** A cursor that wants some columns only: the same values in those, nothing in the others, whatever form a frame has. */
import { describe, expect, it } from 'vitest';
import { RingReader } from './ring-reader.js';
import { COUNTERS, DEEP, memory, Recorder } from './rings.fixture.js';

const SLOTS = 120;
const FRAMES = 1200;
const START = 5_000_000n;

/** The share of the cells that move, in turn: none, few (gaps), more (half-bytes), many (bits), all. */
const SHARES = [0, 0.01, 0.15, 0.6, 1];

function write() {
  const storage = memory(12);
  const recorder = new Recorder(storage);
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let slot = 0; slot < SLOTS; slot++) {
    recorder.label(COUNTERS, slot, `p${slot}`);
    recorder.label(DEEP, slot, `p${slot}`);
  }
  const values = [0, 1, 2].map(() => new Float64Array(SLOTS));
  const quanta = [4096, 1, 1e7];
  for (let frame = 0; frame < FRAMES; frame++) {
    for (const [c, column] of values.entries()) {
      const share = SHARES[(frame + c) % SHARES.length]!;
      for (let slot = 0; slot < SLOTS; slot++) {
        if (random() >= share) continue;
        const kind = random();
        // One byte, several, a raw float, not measured.
        if (kind < 0.7) column[slot]! += quanta[c]! * (1 + Math.floor(random() * 20));
        else if (kind < 0.9) column[slot]! -= quanta[c]! * Math.floor(random() * 1e6);
        else column[slot] = kind < 0.95 ? random() : Number.NaN;
      }
    }
    const at = START + BigInt(frame) * 1000n;
    recorder.sweep(COUNTERS, at, [frame, frame % 7], (slot, c) => values[c]![slot]!);
    const rows = Array.from({ length: SLOTS }, (_, slot) => slot).filter(() => random() < 0.3);
    recorder.sweep(DEEP, at, [frame], (slot, c) => values[c]![slot]! * 1024, rows);
  }
  return storage;
}

const storage = write();

describe.each([
  { ring: COUNTERS, name: 'all rows', of: 3 },
  { ring: DEEP, name: 'listed rows', of: 2 },
])('a cursor for some columns, $name', ({ ring, of }) => {
  it.each([
    { from: 'the begin', fromTimeNs: undefined },
    { from: 'the middle of a block', fromTimeNs: START + 1_111_000n },
  ])('from $from', ({ fromTimeNs }) => {
    const reader = RingReader.open(storage);
    const names = reader.rings[ring]!.columns.map((column) => column.name);
    const start = fromTimeNs === undefined ? {} : { fromTimeNs };
    for (let chosen = 0; chosen < 1 << of; chosen++) {
      const whole = reader.cursor(ring, start);
      const part = reader.cursor(ring, { ...start, columns: names.filter((_, c) => (chosen & (1 << c)) !== 0) });
      let frames = 0;
      for (let step = whole.next(); step !== null; step = whole.next()) {
        expect(part.next()).toBe(step);
        if (step !== 'columns') continue;
        frames++;
        expect(part.told.values).toBe(whole.told.values);
        for (let c = 0; c < of; c++) {
          const expected = (chosen & (1 << c)) !== 0 ? whole.columns[c]! : new Float64Array(SLOTS).fill(Number.NaN);
          // Bit for bit, since NaN is a value too.
          if (!sameBits(part.columns[c]!, expected)) {
            expect(part.columns[c]!.slice(0, SLOTS)).toEqual(expected.slice(0, SLOTS));
          }
        }
      }
      expect(part.next()).toBeNull();
      expect(frames).toBeGreaterThanOrEqual(FRAMES - 1111);
    }
    expect(reader.damage).toEqual([]);
  });
});

function sameBits(a: Float64Array, b: Float64Array): boolean {
  return Buffer.from(a.buffer, 0, SLOTS * 8).equals(Buffer.from(b.buffer, 0, SLOTS * 8));
}
