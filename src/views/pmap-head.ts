/**
 * The line of one mapping as `pmap`, `pmap -d` and `pmap -x` of procps read it.
 *
 * The trap: procps reads lines into a buffer of 1024 bytes, so a longer line comes in pieces, and each piece is taken for
 * a mapping: what it does not name keeps the value it had. That is what people see for such a path, so it is done here
 * in the same way.
 */
import { hexHalves, scan } from '../procfs/digits.js';
import type { ByteWriter } from '../text/byte-writer.js';

/** A piece of a line is at most this long. */
export const PIECE = 1023;
const NEWLINE = 10;
const SPACE = 32;
const SLASH = 47;
const QUESTION = 63;
const LETTER_S = 115;
const LETTER_P = 112;
const LETTER_W = 119;
const MINUS = 45;
const PLUS = 43;
const KILOBYTES_OF_HIGH = 2 ** 22;
/** Below this high half a number of kilobytes is exact as a double. */
const EXACT_HIGH = 2 ** 31;
const MAX_U64 = (1n << 64n) - 1n;
/** Permissions are one word of at most this many bytes. */
const MAX_WORD = 31;

/** Both ends of a range of addresses as [low half, high half]; mappings that touch it are shown. */
export interface AddressRange {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** What is known of the process beside its maps. */
export interface PmapProcess {
  /** Where the stack starts, as two halves; zeros when that is not known. */
  readonly stackStart: Uint32Array;
}

export interface PmapNaming {
  /** The whole path, not only the part behind its last slash. */
  readonly showPath: boolean;
}

/**
 * The kernel keeps System V segments on a file system that it mounts before all others, so its minor number is small;
 * procps makes a segment and looks. Segments of huge pages lie on another one and are shown by name.
 */
const MAX_SHM_MINOR = 9;

/** Places of the sums in `PmapHead`, for `writeSum`. */
export const Sum = { shared: 0, writeable: 2, readOnly: 4 } as const;

/** The offset behind the piece of a line at `from`, its newline included. */
export function pieceEnd(text: Uint8Array, from: number, length: number): number {
  const most = Math.min(length, from + PIECE);
  for (let at = from; at < most; at++) if (text[at] === NEWLINE) return at + 1;
  return most;
}

/** A mapping, with the values of the one before where its line does not give them. */
export class PmapHead {
  /** start, end, offset, device major, device minor, inode: each as [low half, high half]. */
  private readonly halves = new Uint32Array(12);
  private readonly perms = new Uint8Array(MAX_WORD + 1);
  /** The piece with `?` for what is not printed, and a zero behind it. */
  readonly line = new Uint8Array(PIECE + 1);
  /** Bytes of it before the zero. */
  lineLength = 0;
  /** Length in bytes as [low half, high half]; a range that runs backwards is a very long one. */
  private readonly size = new Uint32Array(2);
  /** Sums of low halves and of high halves, of shared, writeable private and other private mappings. */
  private readonly sums = new Float64Array(6);
  private inode = 0n;

  /** Reads the piece into the fields. */
  parse(text: Uint8Array, from: number, to: number): void {
    const { halves } = this;
    let at = number16(text, from, to, halves, 0);
    if (at < 0 || text[at] !== MINUS || at >= to) return;
    at = number16(text, at + 1, to, halves, 2);
    if (at < 0) return;
    at = skipBlanks(text, at, to);
    if (at >= to) return;
    let letters = 0;
    while (at < to && letters < MAX_WORD && !isBlank(text[at]!)) this.perms[letters++] = text[at++]!;
    this.perms[letters] = 0;
    at = number16(text, at, to, halves, 4);
    if (at < 0) return;
    at = number16(text, at, to, halves, 6);
    if (at < 0 || text[at] !== 58 || at >= to) return;
    at = number16(text, at + 1, to, halves, 8);
    if (at < 0) return;
    this.inode = decimal(text, at, to) ?? this.inode;
  }

  /** Whether the mapping ends before the range. */
  endsBefore({ low }: AddressRange): boolean {
    const borrow = this.halves[2] === 0 ? 1 : 0;
    const high = (this.halves[3]! - borrow) >>> 0;
    return isLess(high, (this.halves[2]! - 1) >>> 0, low[1]!, low[0]!);
  }

  startsBehind({ high }: AddressRange): boolean {
    return isLess(high[1]!, high[0]!, this.halves[1]!, this.halves[0]!);
  }

  /** Counts the mapping in and makes its line printable. */
  take(text: Uint8Array, from: number, to: number): void {
    const { line, perms, halves } = this;
    let length = 0;
    for (let at = from; at < to && text[at] !== NEWLINE; at++) {
      const byte = text[at]!;
      line[length++] = byte >= SPACE && byte < 127 ? byte : QUESTION;
    }
    line[length] = 0;
    this.lineLength = length;
    this.size[0] = halves[2]! - halves[0]!;
    this.size[1] = halves[3]! - halves[1]! - (halves[2]! < halves[0]! ? 1 : 0);
    if (perms[3] === LETTER_S) this.addTo(Sum.shared);
    if (perms[3] === LETTER_P) {
      perms[3] = MINUS;
      this.addTo(perms[1] === LETTER_W ? Sum.writeable : Sum.readOnly);
    }
    perms[4] = MINUS;
    perms[5] = 0;
  }

  private addTo(sum: number): void {
    this.sums[sum]! += this.size[0]!;
    this.sums[sum + 1]! += this.size[1]!;
  }

  /** After the last field of a mapping in `smaps`. */
  forget(): void {
    this.size.fill(0);
    this.halves[2] = 0;
    this.halves[3] = 0;
    this.perms[0] = 0;
  }

  writeStart(out: ByteWriter): void {
    out.hex16(this.halves[1]!, this.halves[0]!);
  }

  writeKilobytes(out: ByteWriter, width: number): void {
    const [low, high] = this.size as unknown as [number, number];
    if (high < EXACT_HIGH) out.decimal(high * KILOBYTES_OF_HIGH + (low >>> 10), width);
    else out.ascii((((BigInt(high) << 32n) | BigInt(low)) >> 10n).toString().padStart(width));
  }

  /** The size of all mappings of these kinds. */
  writeSum(out: ByteWriter, width: number, ...sums: readonly number[]): void {
    let bytes = 0n;
    for (const sum of sums) bytes += (BigInt(this.sums[sum + 1]!) << 32n) + BigInt(this.sums[sum]!);
    out.ascii((BigInt.asUintN(64, bytes) >> 10n).toString().padStart(width));
  }

  writeOffset(out: ByteWriter): void {
    out.hex16(this.halves[5]!, this.halves[4]!);
  }

  writeDevice(out: ByteWriter): void {
    out.hex(this.halves[6]!, 3);
    out.ascii(':');
    out.hex(this.halves[8]!, 5);
  }

  writePerms(out: ByteWriter, width = 0): void {
    let length = 0;
    while (this.perms[length] !== 0) length++;
    out.span(this.perms, 0, length, width);
  }

  /** Offset in `line` of the part of the name that is shown, or the name that stands for one that is not there. */
  name({ showPath }: PmapNaming, { stackStart }: PmapProcess): number | string {
    const { line, halves, lineLength } = this;
    const first = line.indexOf(SLASH);
    const slash = first < 0 || first >= lineLength ? -1 : line.lastIndexOf(SLASH, lineLength - 1);
    if (slash >= 0) {
      if (halves[6] === 0 && halves[8]! <= MAX_SHM_MINOR && this.hasSegmentName(first)) {
        return `  [ shmid=0x${this.inode.toString(16)} ]`;
      }
      if (showPath) return first;
      return slash + 1 < lineLength ? slash + 1 : slash;
    }
    // procps adds start and length, which is the end again.
    const isBefore = isLess(stackStart[1]!, stackStart[0]!, halves[1]!, halves[0]!);
    const isBehind = isLess(halves[3]!, halves[2]!, stackStart[1]!, stackStart[0]!);
    return isBefore || isBehind ? '  [ anon ]' : '  [ stack ]';
  }

  private hasSegmentName(from: number): boolean {
    const { line, lineLength } = this;
    for (let at = from; at + 5 <= lineLength; at++) {
      if (line[at] !== SLASH || line[at + 1] !== 83) continue;
      if (line[at + 2] === 89 && line[at + 3] === 83 && line[at + 4] === 86) return true;
    }
    return false;
  }
}

/** Writes what `PmapHead.name` gave. */
export function writeName(out: ByteWriter, name: number | string, line: Uint8Array): void {
  if (typeof name === 'string') {
    out.ascii(name);
    return;
  }
  let end = name;
  while (line[end] !== 0) end++;
  out.span(line, name, end);
}

function isLess(highA: number, lowA: number, highB: number, lowB: number): boolean {
  return highA < highB || (highA === highB && lowA < lowB);
}

function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}

function skipBlanks(text: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text[at]!)) at++;
  return at;
}

/**
 * A hexadecimal number behind blanks as scanf(3) reads it, with a sign and `0x`; its end, or -1 when there is none and
 * `halves` is left as it is. The kernel writes neither, but the rest of a long path may look so.
 */
function number16(text: Uint8Array, from: number, to: number, halves: Uint32Array, index: number): number {
  let at = skipBlanks(text, from, to);
  const isNegative = at < to && text[at] === MINUS;
  if (at < to && (isNegative || text[at] === PLUS)) at++;
  if (at + 1 < to && text[at] === 48 && (text[at + 1]! | 32) === 120) {
    // The zero alone is a number already.
    if (!hexHalves(text, at + 2, to, halves, index)) {
      halves[index] = 0;
      halves[index + 1] = 0;
      return at + 2;
    }
  } else if (!hexHalves(text, at, to, halves, index)) return -1;
  if (isNegative) {
    const low = halves[index]!;
    halves[index] = ~low + 1;
    halves[index + 1] = ~halves[index + 1]! + (low === 0 ? 1 : 0);
  }
  return scan.end;
}

/** The decimal number behind blanks, with a sign, or undefined. */
function decimal(text: Uint8Array, from: number, to: number): bigint | undefined {
  let start = skipBlanks(text, from, to);
  const isNegative = start < to && text[start] === MINUS;
  if (start < to && (isNegative || text[start] === PLUS)) start++;
  let end = start;
  let value = 0;
  while (end < to && text[end]! >= 48 && text[end]! <= 57) value = value * 10 + text[end++]! - 48;
  if (end === start) return undefined;
  const exact = end - start <= 15 ? BigInt(value) : BigInt(Buffer.from(text.subarray(start, end)).toString('latin1'));
  if (exact > MAX_U64) return MAX_U64;
  return isNegative ? BigInt.asUintN(64, -exact) : exact;
}
