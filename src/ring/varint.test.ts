/** Reading forward through hostile bytes: each read at the end of what there is, and behind it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTokens, skipTokens, TOKEN_BYTES_MAX, writeToken } from './value-token.js';
import { ByteCursor, unzigzag, VARINT_BYTES_MAX, varintLength, writeVarint, zigzag } from './varint.js';

/** Between bytes of others. */
function over(...bytes: number[]): ByteCursor {
  const all = Uint8Array.of(9, ...bytes, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5);
  const cursor = new ByteCursor();
  cursor.reset(all, new DataView(all.buffer), 1, 1 + bytes.length);
  return cursor;
}

describe('a cursor', () => {
  it('reads bytes up to its end, and looks at the next without taking it', () => {
    const cursor = over(7, 8);
    expect([cursor.peek(), cursor.byte(), cursor.peek(), cursor.byte(), cursor.peek()]).toEqual([7, 7, 8, 8, -1]);
    expect([cursor.failed, cursor.byte(), cursor.failed]).toEqual([false, 0, true]);
  });

  it('passes over as much as there is', () => {
    const cursor = over(7, 8, 9);
    expect([cursor.skip(2), cursor.byteAt(1), cursor.byteAt(2), cursor.at, cursor.failed]).toEqual([1, 7, 8, 3, false]);
    expect([cursor.skip(1), cursor.failed, cursor.skip(0), cursor.failed]).toEqual([3, false, 4, false]);
    expect([cursor.skip(1), cursor.failed, cursor.at]).toEqual([0, true, 4]);
    expect(over(1, 2).skip(3)).toBe(0);
  });

  it('takes a byte for a number only where it is a whole one', () => {
    const cursor = over(0x7f, 0x80, 1);
    expect([cursor.short(), cursor.short(), cursor.at, cursor.varint(), cursor.short()]).toEqual([127, -1, 2, 128, -1]);
    expect(cursor.failed).toBe(false);
  });

  it('reads a float of eight bytes or none', () => {
    const bytes = [...new Uint8Array(Float64Array.of(-1.5).buffer)];
    const cursor = over(...bytes, 3);
    expect([cursor.float64(), cursor.at, cursor.byte()]).toEqual([-1.5, 9, 3]);
    const cut = over(...bytes.slice(0, 7));
    expect([cut.float64(), cut.failed, cut.at]).toEqual([Number.NaN, true, 8]);
  });

  it('is whole again when it is pointed at other bytes', () => {
    const cursor = over();
    cursor.byte();
    const bytes = Uint8Array.of(4);
    cursor.reset(bytes, new DataView(bytes.buffer), 0, 1);
    expect([cursor.failed, cursor.byte()]).toEqual([false, 4]);
  });
});

describe('a varint', () => {
  it('is as long as its number, of eight bytes at most', () => {
    const lengths = [0, 127, 128, 16383, 16384, 2 ** 31 - 1, 2 ** 31, 2 ** 42 - 1, 2 ** 42, 2 ** 53 - 1].map(
      varintLength,
    );
    expect(lengths).toEqual([1, 1, 2, 2, 3, 5, 5, 6, 7, 8]);
    const out = new Uint8Array(12).fill(0xee);
    expect(writeVarint(out, 1, 300)).toBe(3);
    expect([...out.subarray(0, 4)]).toEqual([0xee, 0xac, 2, 0xee]);
  });

  it('is refused beyond 2^53 - 1, beyond eight bytes and at the end', () => {
    const most = [255, 255, 255, 255, 255, 255, 255, 15];
    expect([over(...most).varint(), over(...most.slice(0, 7), 16).varint()]).toEqual([2 ** 53 - 1, 0]);
    const long = over(...Array(VARINT_BYTES_MAX).fill(0x80), 0);
    expect([long.varint(), long.failed]).toEqual([0, true]);
    // Zeros at its end are allowed: a number has more than one form.
    const padded = over(...Array(VARINT_BYTES_MAX - 1).fill(0x80), 0);
    expect([padded.varint(), padded.failed, padded.at]).toEqual([0, false, 9]);
    const cut = over(0x81);
    expect([cut.varint(), cut.failed, cut.at]).toEqual([0, true, 2]);
    const none = over();
    expect([none.varint(), none.failed]).toEqual([0, true]);
  });

  it('of a signed number has the sign in its lowest bit', () => {
    expect([0, -1, 1, -2, 2, 2 ** 51, -(2 ** 51)].map(zigzag)).toEqual([0, 1, 2, 3, 4, 2 ** 52, 2 ** 52 - 1]);
    expect([0, 1, 2, 3, 4, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 52, 2 ** 52 - 1].map(unzigzag)).toEqual([
      0,
      -1,
      1,
      -2,
      2,
      -(2 ** 30),
      2 ** 30,
      -(2 ** 30) - 1,
      2 ** 51,
      -(2 ** 51),
    ]);
  });
});

describe('tokens of many cells', () => {
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -70, max: 70 }).map((steps) => steps * 4096) },
    fc.constantFrom(Number.NaN, -0, 2 ** 53, 1e300, 4096 * 62, 4096 * 63, -4096 * 64),
    fc.double(),
  );

  it('are read as one after the other, and passed over just as far', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 40 }), (cells) => {
        const out = new Uint8Array(cells.length * TOKEN_BYTES_MAX + 3);
        let end = 0;
        for (const [old, now] of cells) end = writeToken(out, end, old, now, 4096, 1 / 4096);
        out[end] = 0x7f;
        const cursor = () => {
          const source = new ByteCursor();
          source.reset(out, new DataView(out.buffer), 0, end + 1);
          return source;
        };
        const held = Float64Array.from(cells, ([old]) => old);
        const slots = Uint32Array.from(cells, (_, at) => at);
        const read = cursor();
        readTokens(read, held, slots, cells.length, 4096);
        expect([...held]).toEqual(cells.map(([, now]) => now));
        const passed = cursor();
        skipTokens(passed, cells.length);
        for (const source of [read, passed])
          expect([source.at, source.byte(), source.failed]).toEqual([end, 0x7f, false]);
      }),
      { numRuns: 500 },
    );
  });

  it('that are missing make the cursor fail', () => {
    const short = over(4, 4);
    readTokens(short, new Float64Array(3), Uint32Array.of(0, 1, 2), 3, 1);
    expect([short.failed, short.at]).toEqual([true, 3]);
    const passed = over(4, 4);
    skipTokens(passed, 3);
    expect([passed.failed, passed.at]).toEqual([true, 3]);
    const enough = over(4, 4);
    skipTokens(enough, 2);
    expect([enough.failed, enough.at]).toEqual([false, 3]);
  });
});
