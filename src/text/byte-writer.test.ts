/** Numbers as digits in bytes, against those that JavaScript writes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.js';

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return Buffer.from(out.written()).toString();
}

describe('whole', () => {
  it('writes every digit of numbers of any size', () => {
    for (const value of [0, 9, 10, 2 ** 31 - 1, 2 ** 31, 999_999_999, 1e9, 1e9 + 7, 1e18, 2 ** 53 - 1, 2 ** 76]) {
      expect(written((out) => out.whole(value))).toBe(BigInt(value).toString());
    }
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(written((out) => out.whole(value))).toBe(String(value));
      }),
    );
  });

  it('goes on where the buffer ends', () => {
    const text = written((out) => {
      for (let count = 0; count < 20_000; count++) {
        out.whole(1e15 + count);
        out.newline();
      }
    });
    expect(text).toBe(Array.from({ length: 20_000 }, (_, count) => `${1e15 + count}\n`).join(''));
  });
});
