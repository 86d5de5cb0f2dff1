/**
 * `/proc/PID/maps`: one line per mapping, and the same line as the head of each record in `smaps`.
 *
 *     7f1c2a000000-7f1c2a021000 rw-p 00000000 00:00 0                          [heap]
 *
 * The trap: the name runs to the end of the line and may hold spaces, also at its end; offsets and device numbers may
 * be wider than usual; a range may be empty or run backwards. Nothing here assumes a column position.
 */
import { decimalHalves, hexHalves, scan } from './digits.js';
import { HeaderWord, type MappingTable, NO_SPAN, Permission } from './mapping-table.js';

const NEWLINE = 10;
const SPACE = 32;
const DASH = 45;
const COLON = 58;

/** Fills `table` with one row per mapping; lines that are no mapping are counted in the header. */
export function tokenizeMaps(bytes: Uint8Array, length: number, table: MappingTable): void {
  startTable(table, bytes, length);
  let at = 0;
  let row = 0;
  while (at < length) {
    if (row === table.capacity) {
      table.header[HeaderWord.full] = 1;
      break;
    }
    if (tokenizeHead(bytes, at, length, table, row)) {
      at = scan.end + 1;
      row++;
    } else {
      noteMalformed(table, at);
      at = lineEnd(bytes, at, length) + 1;
    }
  }
  table.header[HeaderWord.rows] = row;
}

/** Resets the header of the table for a new text. */
export function startTable(table: MappingTable, bytes: Uint8Array, length: number): void {
  table.header.fill(0);
  table.header[HeaderWord.unterminated] = length > 0 && bytes[length - 1] !== NEWLINE ? 1 : 0;
}

export function noteMalformed(table: MappingTable, at: number): void {
  const header = table.header;
  if (header[HeaderWord.malformedLines] === 0) header[HeaderWord.firstMalformed] = at;
  header[HeaderWord.malformedLines]!++;
}

/** Offset of the newline that ends the line at `at`, or `length`. */
export function lineEnd(bytes: Uint8Array, at: number, length: number): number {
  const near = Math.min(length, at + 128);
  for (let index = at; index < near; index++) {
    if (bytes[index] === NEWLINE) return index;
  }
  if (near === length) return length;
  const found = bytes.indexOf(NEWLINE, near);
  return found < 0 || found > length ? length : found;
}

/**
 * Tokenizes the mapping line at `from` into `row`; `scan.end` is then the offset of its newline (or `length`).
 * Returns false, with the row in an undefined state, when the line is no mapping.
 */
export function tokenizeHead(
  bytes: Uint8Array,
  from: number,
  length: number,
  table: MappingTable,
  row: number,
): boolean {
  const halves = table.addressHalves;
  const column = table.capacity * 2;
  const index = row * 2;
  if (!hexHalves(bytes, from, length, halves, index)) return false;
  let at = scan.end;
  if (at >= length || bytes[at] !== DASH) return false;
  if (!hexHalves(bytes, at + 1, length, halves, column + index)) return false;
  at = skipGap(bytes, scan.end, length);
  if (at < 0 || at + 4 > length) return false;
  const perms = permissionBits(bytes, at);
  if (perms < 0) return false;
  table.perms[row] = perms;
  at = skipGap(bytes, at + 4, length);
  if (at < 0 || !hexHalves(bytes, at, length, halves, 2 * column + index)) return false;
  at = skipGap(bytes, scan.end, length);
  if (at < 0 || !hexWord(bytes, at, length, table.deviceMajor, row)) return false;
  at = scan.end;
  if (at >= length || bytes[at] !== COLON || !hexWord(bytes, at + 1, length, table.deviceMinor, row)) return false;
  at = skipGap(bytes, scan.end, length);
  if (at < 0 || !decimalHalves(bytes, at, length, halves, 3 * column + index)) return false;
  at = scan.end;
  if (at < length && bytes[at] !== SPACE && bytes[at] !== NEWLINE) return false;
  while (at < length && bytes[at] === SPACE) at++;
  const end = lineEnd(bytes, at, length);
  table.nameStart[row] = at;
  table.nameLength[row] = end - at;
  table.flagsStart[row] = NO_SPAN;
  table.flagsLength[row] = 0;
  table.firstOther[row] = table.header[HeaderWord.others]!;
  table.otherCount[row] = 0;
  scan.end = end;
  return true;
}

/** Offset behind one or more spaces at `at`, or -1 when there is none. */
function skipGap(bytes: Uint8Array, at: number, length: number): number {
  if (at >= length || bytes[at] !== SPACE) return -1;
  let next = at + 1;
  while (next < length && bytes[next] === SPACE) next++;
  return next;
}

const wordScratch = new Uint32Array(2);

/** Stores the hexadecimal number at `at` as 32 bits, saturated. */
function hexWord(bytes: Uint8Array, at: number, length: number, column: Uint32Array, row: number): boolean {
  if (!hexHalves(bytes, at, length, wordScratch, 0)) return false;
  column[row] = wordScratch[1] !== 0 ? 0xffffffff : wordScratch[0]!;
  return true;
}

/** The four permission letters as bits, or -1. */
function permissionBits(bytes: Uint8Array, at: number): number {
  let bits = 0;
  const read = bytes[at];
  if (read === 114) bits |= Permission.read;
  else if (read !== DASH) return -1;
  const write = bytes[at + 1];
  if (write === 119) bits |= Permission.write;
  else if (write !== DASH) return -1;
  const execute = bytes[at + 2];
  if (execute === 120) bits |= Permission.execute;
  else if (execute !== DASH) return -1;
  const share = bytes[at + 3];
  if (share === 115) bits |= Permission.shared;
  else if (share !== 112) return -1;
  return bits;
}
