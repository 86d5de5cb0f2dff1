/**
 * Unsigned LEB128 varints over doubles: exact up to 2^53 - 1, no BigInt.
 *
 * The trap: JS bit operators cut to 32 bits, so large values take a slower arithmetic path first.
 */

/** Longest varint of this format: 8 bytes carry 56 bits. */
export const VARINT_BYTES_MAX = 8;

/** Writes `value` (an integer in 0 .. 2^53 - 1) and returns the offset behind it. The caller has checked the room. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest >= 0x80000000) {
    const upper = Math.floor(rest / 128);
    out[next++] = (rest - upper * 128) | 0x80;
    rest = upper;
  }
  while (rest >= 0x80) {
    out[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[next++] = rest;
  return next;
}

/** Bytes that `writeVarint` takes for `value`. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Zigzag of an integer with |value| <= 2^51: 0, -1, 1, -2 become 0, 1, 2, 3. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Inverse of `zigzag`. */
export function unzigzag(value: number): number {
  if (value < 0x80000000) return (value >>> 1) ^ -(value & 1);
  const half = Math.floor(value / 2);
  return value % 2 === 0 ? half : -half - 1;
}

/**
 * Reads forward through hostile bytes. Every read is bounded by `end`; after a failed read `failed` is true and stays so,
 * and the value returned is 0, so that a decoder may check once per loop.
 */
export class ByteCursor {
  at = 0;
  end = 0;
  failed = false;
  bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Points the cursor at `bytes[at, end)`. */
  reset(bytes: Uint8Array, view: DataView, at: number, end: number): void {
    this.bytes = bytes;
    this.view = view;
    this.at = at;
    this.end = end;
    this.failed = false;
  }

  byte(): number {
    if (this.at >= this.end) return this.fail();
    return this.bytes[this.at++];
  }

  /** The next byte, which stays; -1 at the end. */
  peek(): number {
    return this.at < this.end ? this.bytes[this.at] : -1;
  }

  /** Passes over `count` bytes; returns where they begin. */
  skip(count: number): number {
    const { at } = this;
    if (count > this.end - at) return this.fail();
    this.at += count;
    return at;
  }

  /** A byte that was passed over. */
  byteAt(position: number): number {
    return this.bytes[position];
  }

  /** An unsigned varint of at most 2^53 - 1. */
  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    if (at >= end) return this.fail();
    let byte = bytes[at++];
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    let scale = 128;
    const stop = Math.min(end, this.at + VARINT_BYTES_MAX);
    while (at < stop) {
      byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) return this.fail();
        this.at = at;
        return value;
      }
      scale *= 128;
    }
    return this.fail();
  }

  /** The next byte if it is a whole varint, else -1 and nothing was read. */
  short(): number {
    if (this.at >= this.end) return -1;
    const byte = this.bytes[this.at];
    if (byte >= 0x80) return -1;
    this.at++;
    return byte;
  }

  float64(): number {
    if (this.end - this.at < 8) {
      this.fail();
      return Number.NaN;
    }
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  private fail(): number {
    this.failed = true;
    this.at = this.end;
    return 0;
  }
}
