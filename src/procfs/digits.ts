/**
 * Numbers as the kernel prints them.
 *
 * The trap: several fields use all 64 bits, and a double built digit by digit above 2^53 is rounded more than once. So
 * up to 15 digits are summed in a double, which is exact, and longer ones take a slow exact path. A number above
 * 2^64-1 saturates. 64-bit results are written as two 32-bit halves, so that no BigInt is made for a record.
 */

const ZERO = 48;
const TWO_32 = 4294967296;
const MAX_U64 = (1n << 64n) - 1n;

/** Where the last number ended; what a caller reads after each of the functions below. */
export const scan = { end: 0 };

/** The unsigned decimal at `from`; `scan.end` is `from` when there is none. Correctly rounded, saturates at 2^64-1. */
export function decimal(bytes: Uint8Array, from: number, length: number): number {
  let at = from;
  let value = 0;
  while (at < length) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  scan.end = at;
  return at - from <= 15 ? value : Number(exactDecimal(bytes, from, at));
}

/** Stores the unsigned decimal at `from` as two 32-bit halves at `index`; returns false when there is none. */
export function decimalHalves(
  bytes: Uint8Array,
  from: number,
  length: number,
  halves: Uint32Array,
  index: number,
): boolean {
  const value = decimal(bytes, from, length);
  if (scan.end === from) return false;
  if (scan.end - from <= 15) {
    halves[index] = value >>> 0;
    halves[index + 1] = value / TWO_32;
  } else {
    storeBigInt(exactDecimal(bytes, from, scan.end), halves, index);
  }
  return true;
}

/** Like `decimalHalves`, with an optional minus sign: two's complement. */
export function signedHalves(
  bytes: Uint8Array,
  from: number,
  length: number,
  halves: Uint32Array,
  index: number,
): boolean {
  if (bytes[from] !== 45 || from >= length) return decimalHalves(bytes, from, length, halves, index);
  if (!decimalHalves(bytes, from + 1, length, halves, index)) {
    scan.end = from;
    return false;
  }
  const low = halves[index]!;
  halves[index] = ~low + 1;
  halves[index + 1] = ~halves[index + 1]! + (low === 0 ? 1 : 0);
  return true;
}

/** Stores the hexadecimal number at `from` as two halves; more than 64 bits saturate; false when there is none. */
export function hexHalves(
  bytes: Uint8Array,
  from: number,
  length: number,
  halves: Uint32Array,
  index: number,
): boolean {
  let at = from;
  let low = 0;
  let high = 0;
  let saturated = false;
  while (at < length) {
    const code = bytes[at]!;
    let digit: number;
    if (code >= 48 && code <= 57) digit = code - 48;
    else if (code >= 97 && code <= 102) digit = code - 87;
    else if (code >= 65 && code <= 70) digit = code - 55;
    else break;
    if (high >>> 28 !== 0) saturated = true;
    high = (high << 4) | (low >>> 28);
    low = (low << 4) | digit;
    at++;
  }
  scan.end = at;
  if (at === from) return false;
  halves[index] = saturated ? 0xffffffff : low;
  halves[index + 1] = saturated ? 0xffffffff : high;
  return true;
}

/** The double nearest to the 64-bit unsigned number in two halves. */
export function halvesToNumber(halves: Uint32Array, index: number): number {
  return halves[index + 1]! * TWO_32 + halves[index]!;
}

function exactDecimal(bytes: Uint8Array, from: number, to: number): bigint {
  let value = 0n;
  for (let at = from; at < to; at++) {
    value = value * 10n + BigInt(bytes[at]! - ZERO);
    if (value > MAX_U64) return MAX_U64;
  }
  return value;
}

function storeBigInt(value: bigint, halves: Uint32Array, index: number): void {
  halves[index] = Number(value & 0xffffffffn);
  halves[index + 1] = Number(value >> 32n);
}
