/**
 * A text built as bytes in one growing buffer, for outputs that copy fields out of kernel text: no string is made of what
 * is only moved from one place to another.
 *
 * The trap: kernel names are any bytes, so a text that passes through JS strings is no longer the same.
 */

const ZERO = 48;
const SPACE = 32;
const NEWLINE = 10;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
/** Digits are written one by one below this; a double is exact here and the remainder cheap. */
const MAX_SMALL = 2 ** 31;
const BILLION = 1e9;
const BILLION_DIGITS = 9;

export class ByteWriter {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private at = 0;

  get length(): number {
    return this.at;
  }

  /** What was written since the last `clear`; valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  clear(): void {
    this.at = 0;
  }

  /** Text of ASCII characters. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index++) this.bytes[this.at++] = text.charCodeAt(index);
  }

  /** A long text of one character per byte. */
  latin1(text: string): void {
    this.reserve(text.length);
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  space(): void {
    this.reserve(1);
    this.bytes[this.at++] = SPACE;
  }

  newline(): void {
    this.reserve(1);
    this.bytes[this.at++] = NEWLINE;
  }

  /** The same byte `count` times. */
  repeat(byte: number, count: number): void {
    if (count <= 0) return;
    this.reserve(count);
    for (let index = 0; index < count; index++) this.bytes[this.at++] = byte;
  }

  /** Bytes `from` to `to` of a text, behind as many spaces as they lack of `width`. */
  span(text: Uint8Array, from: number, to: number, width = 0): void {
    this.repeat(SPACE, width - (to - from));
    this.reserve(to - from);
    for (let index = from; index < to; index++) this.bytes[this.at++] = text[index]!;
  }

  /** A whole number that is not negative, in decimal, right-aligned. */
  decimal(value: number, width = 0): void {
    if (value >= MAX_SMALL) {
      this.ascii(BigInt(value).toString().padStart(width));
      return;
    }
    let digits = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
    this.repeat(SPACE, width - digits);
    this.reserve(digits);
    this.at += digits;
    let rest = value;
    for (let at = this.at - 1, index = 0; index < digits; index++, at--) {
      const tens = (rest / 10) | 0;
      this.bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
  }

  /** A whole number that is not negative, exact also where a double has more digits than it can tell apart. */
  whole(value: number): void {
    if (value < MAX_SMALL || value > Number.MAX_SAFE_INTEGER) {
      this.decimal(value);
      return;
    }
    const high = Math.floor(value / BILLION);
    this.whole(high);
    this.reserve(BILLION_DIGITS);
    this.at += BILLION_DIGITS;
    let rest = value - high * BILLION;
    for (let at = this.at - 1, index = 0; index < BILLION_DIGITS; index++, at--) {
      const tens = (rest / 10) | 0;
      this.bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
  }

  /** A 64-bit number given as two halves, in sixteen hexadecimal digits. */
  hex16(high: number, low: number): void {
    this.hex8(high);
    this.hex8(low);
  }

  /** An unsigned 32-bit number in hexadecimal, with zeros up to `width` digits. */
  hex(value: number, width: number): void {
    this.ascii(value.toString(16).padStart(width, '0'));
  }

  private hex8(value: number): void {
    this.reserve(8);
    for (let shift = 28; shift >= 0; shift -= 4) this.bytes[this.at++] = HEX[(value >>> shift) & 15]!;
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + count));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}
