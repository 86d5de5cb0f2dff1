import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELLS_ALL, CELLS_BITS, CELLS_GAPS, CELLS_HALVES } from './layout.js';
import {
  ALL_PLACES,
  bytesOfForm,
  formOfPlaces,
  howToTell,
  readPlaces,
  roomForForm,
  writePlaces,
} from './place-forms.js';
import { ByteCursor, VARINT_BYTES_MAX } from './varint.js';

const FORMS = [CELLS_BITS, CELLS_HALVES];

/** Writes places in one form between bytes of others; returns the bytes of the form. */
function written(form: number, count: number, places: readonly number[]): number[] {
  const out = new Uint8Array(2 * count + 40).fill(0xee);
  // As a list of cells that have places, with others before and behind.
  const list = Uint32Array.of(9, 9, ...places.map((_, at) => at + 3), 9);
  const place = Uint32Array.of(0, 0, 0, ...places, ...Array(10).fill(0));
  const end = writePlaces(out, 3, form, count, list, 2, 2 + places.length, place);
  expect([out[2], out[end]]).toEqual([0xee, 0xee]);
  return [...out.subarray(3, end)];
}

function read(form: number, count: number, bytes: readonly number[]): number | number[] {
  const source = new ByteCursor();
  const array = Uint8Array.of(...bytes, 1, 1, 1);
  source.reset(array, new DataView(array.buffer), 0, bytes.length);
  const into = new Uint32Array(count + 1).fill(77);
  const found = readPlaces(source, form, count, into);
  expect(into[count]).toBe(77);
  if (found < 0) return found;
  expect([source.at, source.failed]).toEqual([bytes.length, false]);
  return [...into.subarray(0, found)];
}

describe('places', () => {
  it.each([
    [CELLS_BITS, 3, [0, 2], [0b101]],
    [CELLS_BITS, 8, [7], [0x80]],
    [CELLS_BITS, 9, [0, 8], [1, 1]],
    [CELLS_BITS, 17, [], [0, 0, 0]],
    [CELLS_HALVES, 3, [0, 2], [1, 0x21]],
    [CELLS_HALVES, 3, [], [0]],
    [CELLS_HALVES, 40, [14], [1, 0x0f]],
    // Farther than one half-byte reaches: one of 0 goes on by 15.
    [CELLS_HALVES, 40, [15], [1, 0x10]],
    [CELLS_HALVES, 40, [29, 30], [2, 0xf0, 0x01]],
    [CELLS_HALVES, 40, [0, 31], [2, 0x01, 0x10]],
    [CELLS_HALVES, 60, [45], [2, 0x00, 0x10]],
    [CELLS_HALVES, 60, [0, 46], [3, 0x01, 0x00, 0x01]],
  ])('in form %d of %d: %j', (form, count, places, bytes) => {
    expect(written(form, count, places)).toEqual(bytes);
    expect(read(form, count, bytes)).toEqual(places);
  });

  it.each(FORMS)('in form %d come back, and take no more room than is asked for them', (form) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(699), { maxLength: 700 }), fc.integer({ min: 700, max: 900 }), (set, count) => {
        const places = set.sort((a, b) => a - b);
        const bytes = written(form, count, places);
        expect(read(form, count, bytes)).toEqual(places);
        expect(bytes.length).toBeLessThanOrEqual(roomForForm(form, places.length, count));
        expect(bytes.length).toBeLessThanOrEqual(bytesOfForm(form, places.length, count) + 1);
      }),
      { numRuns: 200 },
    );
  });

  it('by half-bytes move behind a length of two bytes', () => {
    const places = Array.from({ length: 300 }, (_, at) => at * 2);
    const bytes = written(CELLS_HALVES, 700, places);
    expect(bytes.slice(0, 4)).toEqual([128 | 22, 1, 0x21, 0x22]);
    expect([bytes.length, bytes.at(-1)]).toEqual([152, 0x22]);
  });

  it('by gaps are read as bytes', () => {
    expect(read(CELLS_GAPS, 200, [1, 2, 128 | 1, 1, 0])).toEqual([0, 2, 131]);
    expect(read(CELLS_GAPS, 131, [1, 2, 128 | 1, 1, 0])).toBe(-1);
    expect(read(CELLS_GAPS, 5, [5, 0])).toEqual([4]);
    expect(read(CELLS_GAPS, 5, [6, 0])).toBe(-1);
  });

  it('are all of them by one form, and none by an unknown one', () => {
    expect(read(CELLS_ALL, 5, [])).toBe(ALL_PLACES);
    expect([read(4, 5, [1, 1]), read(255, 5, [])]).toEqual([-1, -1]);
    expect(written(CELLS_ALL, 5, [0, 1, 2, 3, 4])).toEqual([]);
  });

  it('are refused where bytes are missing or places are too large', () => {
    expect(read(CELLS_BITS, 9, [1])).toBe(-1);
    expect(read(CELLS_HALVES, 9, [2, 1])).toBe(-1);
    expect(read(CELLS_HALVES, 9, [])).toBe(-1);
    expect(read(CELLS_HALVES, 9, [1, 0x0a])).toBe(-1);
    expect(read(CELLS_HALVES, 9, [1, 0x09])).toEqual([8]);
    // A half-byte of 0 names nothing, wherever it stands.
    expect(read(CELLS_HALVES, 9, [2, 0x09, 0x00])).toEqual([8]);
  });
});

describe('the form', () => {
  it.each([
    // All of them, few, more, many of a hundred.
    [100, 100, CELLS_ALL, CELLS_ALL],
    [0, 0, CELLS_ALL, CELLS_ALL],
    [1, 100, CELLS_GAPS, CELLS_GAPS],
    [9, 100, CELLS_GAPS, CELLS_GAPS],
    [10, 100, CELLS_GAPS, CELLS_HALVES],
    [12, 100, CELLS_GAPS, CELLS_HALVES],
    [13, 100, CELLS_BITS, CELLS_HALVES],
    [18, 100, CELLS_BITS, CELLS_BITS],
    [99, 100, CELLS_BITS, CELLS_BITS],
    [0, 8, CELLS_GAPS, CELLS_GAPS],
    [1, 8, CELLS_BITS, CELLS_BITS],
  ])('of %d in %d is the shortest: %d where half-bytes are not known, else %d', (changes, count, earlier, now) => {
    expect([howToTell(changes, count), formOfPlaces(changes, count)]).toEqual([earlier, now]);
  });

  it('takes so many bytes', () => {
    expect([CELLS_ALL, CELLS_BITS, CELLS_GAPS, CELLS_HALVES].map((form) => bytesOfForm(form, 10, 100))).toEqual([
      0, 13, 11, 10,
    ]);
    expect([CELLS_ALL, CELLS_BITS, CELLS_GAPS, CELLS_HALVES].map((form) => roomForForm(form, 10, 100))).toEqual(
      [0, 13, 11 * VARINT_BYTES_MAX, 10].map((bytes) => bytes + VARINT_BYTES_MAX),
    );
  });
});
