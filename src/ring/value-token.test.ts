import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readToken, writeToken } from './value-token.js';
import { ByteCursor, unzigzag, varintLength, writeVarint, zigzag } from './varint.js';

const out = new Uint8Array(16);
const view = new DataView(out.buffer);

function cursorOver(length: number): ByteCursor {
  const cursor = new ByteCursor();
  cursor.reset(out, view, 0, length);
  return cursor;
}

describe('varint', () => {
  it('keeps every integer up to 2^53 - 1', () => {
    const edges = Array.from({ length: 53 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat();
    for (const value of [...edges, Number.MAX_SAFE_INTEGER]) {
      const end = writeVarint(out, 0, value);
      expect(end).toBe(varintLength(value));
      expect(cursorOver(end).varint()).toBe(value);
    }
  });

  it('fails, and stays failed, on bytes that end too early or go on too long', () => {
    out.fill(0xff);
    for (const length of [0, 1, 7, 8, 16]) {
      const cursor = cursorOver(length);
      expect(cursor.varint()).toBe(0);
      expect(cursor.failed).toBe(true);
      expect(cursor.byte()).toBe(0);
      expect(cursor.float64()).toBeNaN();
    }
  });

  it('zigzags both ways', () => {
    for (const value of [0, 1, -1, 63, -64, 2 ** 30, -(2 ** 31), 2 ** 51 - 1, -(2 ** 51)]) {
      expect(unzigzag(zigzag(value))).toBe(value);
    }
  });
});

describe('value token', () => {
  const number = fc.oneof(
    fc.double(),
    fc.maxSafeInteger(),
    fc.nat(100_000).map((pages) => pages * 4096),
    fc.constant(-0),
  );
  const quantum = fc.oneof(fc.constantFrom(1, 1024, 4096, 1e7), fc.double({ min: 1e-9, max: 1e15, noNaN: true }));

  it('keeps the bits of any value after any other, for any quantum', () => {
    fc.assert(
      fc.property(number, number, quantum, (old, value, step) => {
        const end = writeToken(out, 0, old, value, step, 1 / step);
        const cursor = cursorOver(end);
        expect(readToken(cursor, old, step)).toBe(value);
        expect(cursor.at).toBe(end);
        expect(cursor.failed).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('takes one byte for up to 62 steps', () => {
    expect(writeToken(out, 0, 4096 * 1000, 4096 * 1062, 4096, 1 / 4096)).toBe(1);
    expect(writeToken(out, 0, 4096 * 1000, 4096 * 1063, 4096, 1 / 4096)).toBe(2);
    expect(writeToken(out, 0, 5e9, Number.NaN, 4096, 1 / 4096)).toBe(1);
  });
});
