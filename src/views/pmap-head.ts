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
const DASH = 45;
const TWO_32 = 2 ** 32;
const TWO_64 = 2 ** 64;
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
  /** Length in bytes; a range that runs backwards is a very long one. */
  size = 0;
  totalShared = 0;
  totalWriteable = 0;
  totalReadOnly = 0;

  get total(): number {
    return this.totalShared + this.totalWriteable + this.totalReadOnly;
  }

  /** Reads the piece into the fields. */
  parse(text: Uint8Array, from: number, to: number): void {
    const { halves } = this;
    let at = number16(text, from, to, halves, 0);
    if (at < 0 || text[at] !== DASH || at >= to) return;
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
    this.inode = decimalText(text, at, to) ?? this.inode;
  }

  private inode = '0';

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
    const size = (halves[3]! - halves[1]!) * TWO_32 + (halves[2]! - halves[0]!);
    this.size = size < 0 ? size + TWO_64 : size;
    if (perms[3] === LETTER_S) this.totalShared += this.size;
    if (perms[3] === LETTER_P) {
      perms[3] = DASH;
      if (perms[1] === LETTER_W) this.totalWriteable += this.size;
      else this.totalReadOnly += this.size;
    }
    perms[4] = DASH;
    perms[5] = 0;
  }

  /** After the last field of a mapping in `smaps`. */
  forget(): void {
    this.size = 0;
    this.halves[2] = 0;
    this.halves[3] = 0;
    this.perms[0] = 0;
  }

  writeStart(out: ByteWriter): void {
    out.hex16(this.halves[1]!, this.halves[0]!);
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
        return `  [ shmid=0x${BigInt.asUintN(64, BigInt(this.inode)).toString(16)} ]`;
      }
      if (showPath) return first;
      return slash + 1 < lineLength ? slash + 1 : slash;
    }
    const end = halves[0]! + halves[1]! * TWO_32 + this.size;
    const isBehindStart = !isLess(stackStart[1]!, stackStart[0]!, halves[1]!, halves[0]!);
    // Addresses of a stack are far below 2^53.
    const isStack = isBehindStart && stackStart[0]! + stackStart[1]! * TWO_32 <= end;
    return isStack ? '  [ stack ]' : '  [ anon ]';
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
  if (typeof name === 'string') return out.ascii(name);
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

/** A hexadecimal number behind blanks; its end, or -1 when there is none and `halves` is left as it is. */
function number16(text: Uint8Array, from: number, to: number, halves: Uint32Array, index: number): number {
  return hexHalves(text, skipBlanks(text, from, to), to, halves, index) ? scan.end : -1;
}

function decimalText(text: Uint8Array, from: number, to: number): string | undefined {
  const start = skipBlanks(text, from, to);
  let end = start;
  while (end < to && text[end]! >= 48 && text[end]! <= 57) end++;
  return end === start ? undefined : Buffer.from(text.subarray(start, end)).toString('latin1');
}
