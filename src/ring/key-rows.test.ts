/** The rows of a key: every double comes back by its bits, what rows have in common costs nothing, hostile bytes are refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyRowsWriter, readKeyColumn } from './key-rows.js';
import { skipColumn } from './skip-column.js';
import { ByteCursor } from './varint.js';

const QUANTA = [1, 4096, 1e7, 0.1];
const COLUMNS = QUANTA.map((quantum, index) => ({ name: `c${index}`, quantum }));
const CAPACITY = 400;

function cursorOver(bytes: Uint8Array, end: number): ByteCursor {
  const cursor = new ByteCursor();
  cursor.reset(bytes, new DataView(bytes.buffer), 0, end);
  return cursor;
}

/** Writes the rows of these slots, and reads them back into arrays of their own, or passes over a column. */
function roundTrip(values: Float64Array[], slots: Uint32Array, skipped = -1) {
  const out = new Uint8Array(CAPACITY * COLUMNS.length * 20);
  const held = values.map(() => new Float64Array(CAPACITY).fill(Number.NaN));
  const writer = new KeyRowsWriter(COLUMNS);
  const bytes = writer.write(out, 0, out.length, values, held, slots, slots.length);
  const source = cursorOver(out, bytes);
  const read = values.map(() => new Float64Array(CAPACITY).fill(Number.NaN));
  const places = new Uint32Array(CAPACITY);
  let told = 0;
  for (let c = -1; ; ) {
    const gap = source.varint();
    if (gap === 0) break;
    c += gap;
    told +=
      c === skipped
        ? skipColumn(source, slots.length, places)
        : readKeyColumn(source, read[c]!, slots, slots.length, QUANTA[c]!, places);
  }
  expect([source.failed, source.at, told]).toEqual([false, bytes, writer.changed]);
  return { bytes, held, read };
}

const arbitraryValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 4096, 8192, 1e7, Number.NaN) },
  fc.constantFrom(-0, Number.POSITIVE_INFINITY, 2 ** 53, -1e300, 5e-324),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.double(),
);
const arbitraryKey = fc.uniqueArray(fc.nat(CAPACITY - 1), { maxLength: 120 }).chain((slots) =>
  fc.record({
    slots: fc.constant(Uint32Array.from(slots).sort()),
    rows: fc.array(fc.array(arbitraryValue, { minLength: slots.length, maxLength: slots.length }), {
      minLength: COLUMNS.length,
      maxLength: COLUMNS.length,
    }),
  }),
);

describe('rows of a key', () => {
  it('come back by their bits, and leave other slots alone', () => {
    fc.assert(
      fc.property(arbitraryKey, fc.integer({ min: -1, max: COLUMNS.length - 1 }), ({ slots, rows }, skipped) => {
        const truth = rows.map((row) => {
          const column = new Float64Array(CAPACITY).fill(Number.NaN);
          row.forEach((value, index) => {
            column[slots[index]!] = value;
          });
          return column;
        });
        // Slots that are not named may hold anything in what the sweep brings.
        const swept = truth.map((column) => column.map((value, slot) => (slots.includes(slot) ? value : 77)));
        const { held, read } = roundTrip(swept, slots, skipped);
        expect(held).toEqual(truth);
        read.forEach((column, c) => {
          expect(column).toEqual(c === skipped ? new Float64Array(CAPACITY).fill(Number.NaN) : truth[c]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('cost one value for all that is the same, and nothing for what was not measured', () => {
    const slots = Uint32Array.from({ length: CAPACITY }, (_, slot) => slot);
    const same = COLUMNS.map((_, c) => new Float64Array(CAPACITY).fill(c === 3 ? Number.NaN : 1e9 * (c + 1)));
    // Each of three columns: its gap, the form, the length and one half-byte of a place, and at most five bytes of a value.
    expect(roundTrip(same, slots).bytes).toBeLessThanOrEqual(3 * 36 + 1);
  });

  it.each([0, 1, 7, 40])('say that they do not fit into %d bytes, and write none behind them', (limit) => {
    const out = new Uint8Array(400).fill(0xee);
    const slots = Uint32Array.from({ length: 60 }, (_, slot) => slot);
    const values = COLUMNS.map((_, c) => Float64Array.from({ length: 60 }, (_, slot) => slot ** 3 * (c + 0.5)));
    const held = values.map(() => new Float64Array(60));
    expect(new KeyRowsWriter(COLUMNS).write(out, 0, limit, values, held, slots, 60)).toBe(-1);
    expect(out.subarray(limit).every((byte) => byte === 0xee)).toBe(true);
  });

  it('that are any bytes end in a refusal or inside their bounds', () => {
    const places = new Uint32Array(CAPACITY);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (bytes, count) => {
        const slots = Uint32Array.from({ length: count }, (_, row) => row * 3);
        const held = new Float64Array(CAPACITY).fill(-5);
        const source = cursorOver(bytes, bytes.length);
        const told = readKeyColumn(source, held, slots, count, 4096, places);
        expect(told).toBeGreaterThanOrEqual(-1);
        expect(told).toBeLessThanOrEqual(count);
        expect(source.at).toBeLessThanOrEqual(bytes.length);
        for (let slot = 0; slot < CAPACITY; slot++) {
          if (slot % 3 !== 0 || slot >= count * 3) expect(held[slot]).toBe(-5);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
