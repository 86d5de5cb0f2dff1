/**
 * How one changed number is written: most values of a column move in steps of its quantum (pages, kB, clock ticks), and
 * a small number of steps takes one byte.
 *
 * The trap: the reader computes `old + steps * quantum` in doubles. The writer does the same sum and uses the short form
 * only if it gives exactly the new bits; everything else travels as raw float64. So there is no value that cannot be
 * stored, and a wrong quantum costs bytes, never truth.
 */
import { DELTA_LIMIT, TOKEN_DELTA, TOKEN_FLOAT64, TOKEN_NAN } from './layout.js';
import { type ByteCursor, unzigzag, writeVarint, zigzag } from './varint.js';

/** Longest token: the escape and eight bytes. */
export const TOKEN_BYTES_MAX = 9;

/** Varints that begin with this or more have more bytes than one. */
const LONGER = 0x80;

const raw = new DataView(new ArrayBuffer(8));

/** Writes `value`, given what the reader holds for that cell; returns the offset behind it. `inverse` is 1 / quantum. */
export function writeToken(
  out: Uint8Array,
  at: number,
  old: number,
  value: number,
  quantum: number,
  inverse: number,
): number {
  if (Number.isNaN(value)) {
    out[at] = TOKEN_NAN;
    return at + 1;
  }
  const from = Number.isNaN(old) ? 0 : old;
  const steps = Math.floor((value - from) * inverse + 0.5);
  if (steps < DELTA_LIMIT && steps > -DELTA_LIMIT && from + steps * quantum === value && !Object.is(value, -0)) {
    const token = TOKEN_DELTA + zigzag(steps);
    if (token >= 0x80) return writeVarint(out, at, token);
    out[at] = token;
    return at + 1;
  }
  out[at] = TOKEN_FLOAT64;
  raw.setFloat64(0, value, true);
  for (let i = 0; i < 8; i++) out[at + 1 + i] = raw.getUint8(i);
  return at + TOKEN_BYTES_MAX;
}

/** Reads what `writeToken` wrote. NaN after a failed read: check `source.failed`. */
export function readToken(source: ByteCursor, old: number, quantum: number): number {
  // A few steps from a number, nearly always.
  const short = source.short();
  if (short >= TOKEN_DELTA) {
    const zigzagged = short - TOKEN_DELTA;
    const steps = (zigzagged >>> 1) ^ -(zigzagged & 1);
    return (Number.isNaN(old) ? 0 : old) + steps * quantum;
  }
  const token = short === -1 ? source.varint() : short;
  if (token === TOKEN_NAN) return Number.NaN;
  if (token === TOKEN_FLOAT64) return source.float64();
  return (Number.isNaN(old) ? 0 : old) + unzigzag(token - TOKEN_DELTA) * quantum;
}

/** Reads one token for each of the first `count` cells that `slots` names, and puts the values into `held`. */
export function readTokens(
  source: ByteCursor,
  held: Float64Array,
  slots: Uint32Array,
  count: number,
  quantum: number,
): void {
  const { bytes, end } = source;
  let { at } = source;
  for (let i = 0; i < count; i++) {
    const slot = slots[i];
    const old = held[slot];
    // The token of one byte without a call, as it is written.
    const token = at < end ? bytes[at] : LONGER;
    if (token >= TOKEN_DELTA && token < LONGER) {
      const zigzagged = token - TOKEN_DELTA;
      held[slot] = (Number.isNaN(old) ? 0 : old) + ((zigzagged >>> 1) ^ -(zigzagged & 1)) * quantum;
      at++;
    } else {
      source.at = at;
      held[slot] = readToken(source, old, quantum);
      at = source.at;
    }
  }
  source.at = at;
}

/** Passes over `count` tokens whose values nobody wants. */
export function skipTokens(source: ByteCursor, count: number): void {
  const { bytes, end } = source;
  let { at } = source;
  for (let left = count; left > 0; left--) {
    const token = at < end ? bytes[at] : LONGER;
    if (token < LONGER && token !== TOKEN_FLOAT64) {
      at++;
    } else {
      source.at = at;
      readToken(source, 0, 1);
      at = source.at;
    }
  }
  source.at = at;
}
