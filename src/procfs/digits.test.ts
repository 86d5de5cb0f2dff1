import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, decimalHalves, halvesToNumber, hexHalves, scan, signedHalves } from './digits.js';

const MAX_U64 = (1n << 64n) - 1n;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The text through one of the functions that store halves: the 64 bits and where it ended, or undefined. */
function halvesOf(store: typeof decimalHalves, text: string, length = text.length): [bigint, number] | undefined {
  const halves = new Uint32Array(4).fill(0x55555555);
  if (!store(bytesOf(text), 0, length, halves, 2)) return undefined;
  expect([...halves.subarray(0, 2)]).toEqual([0x55555555, 0x55555555]);
  return [new BigUint64Array(halves.buffer)[1]!, scan.end];
}

describe('decimal', () => {
  it.each([
    ['0', 0],
    ['7 kB', 7],
    ['007', 7],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', 1e15],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', 2 ** 53],
    // Halfway between two doubles: to even, in one step.
    ['9007199254740993', 9_007_199_254_740_992],
    ['9007199254740995', 9_007_199_254_740_996],
    ['9223372036854775807', 2 ** 63],
    ['18446744073709551615', 2 ** 64],
    ['18446744073709551616', 2 ** 64],
    ['99999999999999999999999999', 2 ** 64],
    [`${'0'.repeat(40)}12`, 12],
  ])('%s', (text, value) => {
    expect(decimal(bytesOf(text), 0, text.length)).toBe(value);
    expect(scan.end).toBe(/\D/.exec(text)?.index ?? text.length);
  });

  it.each(['', ' 1', '-1', '+1', 'a', '/', ':'])('%j is no number', (text) => {
    expect(decimal(bytesOf(text), 0, text.length)).toBe(0);
    expect(scan.end).toBe(0);
  });

  it('stops at the length, not at the end of the buffer', () => {
    expect(decimal(bytesOf('123456'), 1, 3)).toBe(23);
    expect(scan.end).toBe(3);
  });

  it('rounds every 64-bit number once, as BigInt does', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_U64 }), (value) => {
        const text = value.toString();
        expect(decimal(bytesOf(text), 0, text.length)).toBe(Number(value));
      }),
      { numRuns: 500 },
    );
  });
});

describe('64 bits in two halves', () => {
  it.each([
    ['0', 0n],
    ['4294967295', 0xffffffffn],
    ['4294967296', 1n << 32n],
    ['999999999999999', 999_999_999_999_999n],
    ['9007199254740993', (1n << 53n) + 1n],
    ['18446744073709551615', MAX_U64],
    ['18446744073709551616', MAX_U64],
    ['184467440737095516150', MAX_U64],
  ])('decimal %s', (text, value) => {
    expect(halvesOf(decimalHalves, text)).toEqual([value, text.length]);
  });

  it.each([
    ['-1', MAX_U64],
    ['-0', 0n],
    ['-4294967296', MAX_U64 - (1n << 32n) + 1n],
    ['-9223372036854775808', 1n << 63n],
    ['42', 42n],
  ])('signed %s', (text, value) => {
    expect(halvesOf(signedHalves, text)).toEqual([value, text.length]);
  });

  it.each([
    ['0', 0n],
    ['00400000', 0x400000n],
    ['7ffd8d5f4000', 0x7ffd8d5f4000n],
    ['ABCDEFabcdef', 0xabcdefabcdefn],
    ['ffffffffffffffff', MAX_U64],
    ['10000000000000000', MAX_U64],
    ['00000000000000000000ff', 0xffn],
  ])('hexadecimal %s', (text, value) => {
    expect(halvesOf(hexHalves, text)).toEqual([value, text.length]);
  });

  it.each([
    [decimalHalves, 'x'],
    [signedHalves, '-'],
    [signedHalves, '--1'],
    [signedHalves, '- 1'],
    [hexHalves, 'g'],
    [hexHalves, '-'],
    [hexHalves, '`'],
  ])('%o finds none in %j', (store, text) => {
    expect(halvesOf(store, text)).toBeUndefined();
    expect(scan.end).toBe(0);
  });

  it('does not take a minus sign behind the end', () => {
    expect(halvesOf(signedHalves, '-1', 0)).toBeUndefined();
    expect(halvesOf(signedHalves, '-1', 1)).toBeUndefined();
  });

  it('agrees with BigInt', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: MAX_U64 }), (value) => {
        expect(halvesOf(signedHalves, value.toString())?.[0]).toBe(BigInt.asUintN(64, value));
        if (value < 0n) return;
        expect(halvesOf(decimalHalves, value.toString())?.[0]).toBe(value);
        expect(halvesOf(hexHalves, value.toString(16))?.[0]).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  it('become the nearest double', () => {
    const halves = new Uint32Array(new BigUint64Array([(1n << 53n) + 3n, MAX_U64, 12n]).buffer);
    expect([0, 2, 4].map((index) => halvesToNumber(halves, index))).toEqual([2 ** 53 + 4, 2 ** 64, 12]);
  });
});
