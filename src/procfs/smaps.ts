/**
 * `/proc/PID/smaps`: the line of `maps` for each mapping, then one `Key:   value kB` line per field.
 *
 * The traps: keys differ between kernels, may be missing, new or in another order, and one may be the prefix of another
 * (`Pss`, `Pss_Dirty`), so a key is matched whole with its colon. A field after a line that could not be read belongs
 * to nobody and is dropped rather than added to the mapping before.
 *
 * The speed: within a text every record has its keys in the same order, so the key that was found on this line of the
 * record before is tried first, and a field costs one comparison.
 */
import { decimal, scan } from './digits.js';
import { HeaderWord, type MappingTable, SMAPS_KEYS } from './mapping-table.js';
import { lineEnd, noteMalformed, startTable, tokenizeHead } from './maps.js';

const NEWLINE = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const UNDERSCORE = 95;
const LETTER_K = 107;
const LETTER_B = 66;

const KNOWN_KEYS = SMAPS_KEYS.map(({ key }) => new TextEncoder().encode(`${key}:`));
const IS_PLAIN = SMAPS_KEYS.map((entry) => 'plain' in entry);
const VM_FLAGS = new TextEncoder().encode('VmFlags:');
const VM_FLAGS_KEY = KNOWN_KEYS.length;
const UNKNOWN_KEY = -1;
const ORDER_LENGTH = 64;

/** The key that stood on each line of the last record. Only a guess: it never decides what a line means. */
const expectedKeys = new Int8Array(ORDER_LENGTH);

/** Fills `table` with one row per mapping and its fields in bytes; see `MappingTable` for what is counted beside. */
export function tokenizeSmaps(bytes: Uint8Array, length: number, table: MappingTable): void {
  startTable(table, bytes, length);
  const { allSizes, capacity } = table;
  let at = 0;
  let row = -1;
  let attached = false;
  let line = 0;
  while (at < length) {
    const expected = expectedKeys[line & (ORDER_LENGTH - 1)]!;
    const key = matchesKey(bytes, at, length, expected) ? expected : findKey(bytes, at, length);
    if (key === UNKNOWN_KEY) {
      const colon = keyEnd(bytes, at, length);
      if (colon < 0) {
        if (row + 1 === capacity) {
          table.header[HeaderWord.full] = 1;
          break;
        }
        attached = tokenizeHead(bytes, at, length, table, row + 1);
        if (attached) {
          row++;
          line = 0;
          for (let cell = row; cell < allSizes.length; cell += capacity) allSizes[cell] = Number.NaN;
          at = scan.end + 1;
        } else {
          noteMalformed(table, at);
          at = lineEnd(bytes, at, length) + 1;
        }
        continue;
      }
      const end = lineEnd(bytes, colon, length);
      if (!attached) noteMalformed(table, at);
      // At the end of a text without a last newline the value may be cut: then it is not known.
      else if (end < length && !noteOther(bytes, at, colon, end, table, row)) break;
      at = end + 1;
      line++;
      continue;
    }
    expectedKeys[line & (ORDER_LENGTH - 1)] = key;
    line++;
    if (!attached) {
      noteMalformed(table, at);
      at = lineEnd(bytes, at, length) + 1;
    } else if (key === VM_FLAGS_KEY) {
      const start = skipBlanks(bytes, at + VM_FLAGS.length, length);
      const end = lineEnd(bytes, start, length);
      table.flagsStart[row] = start;
      table.flagsLength[row] = end - start;
      at = end + 1;
    } else {
      const colon = at + KNOWN_KEYS[key]!.length - 1;
      const value = sizeAt(bytes, colon + 1, length, IS_PLAIN[key]!);
      if (value >= 0) {
        allSizes[key * capacity + row] = value;
        at = scan.end + 1;
      } else {
        const end = lineEnd(bytes, colon, length);
        if (end < length && !noteOther(bytes, at, colon, end, table, row)) break;
        at = end + 1;
      }
    }
  }
  table.header[HeaderWord.rows] = row + 1;
}

/**
 * The value after a colon: a plain number, or one in kB as bytes. `scan.end` is then the end of the line. -1 when the
 * line holds anything else, and when the number may be cut: without a newline only its unit shows that it is whole.
 */
function sizeAt(bytes: Uint8Array, from: number, length: number, plain: boolean): number {
  const start = skipBlanks(bytes, from, length);
  const value = decimal(bytes, start, length);
  let at = scan.end;
  if (at === start) return -1;
  if (plain) return at < length && bytes[at] === NEWLINE ? value : -1;
  if (at >= length || bytes[at] !== SPACE) return -1;
  do at++;
  while (at < length && bytes[at] === SPACE);
  if (at + 2 > length || bytes[at] !== LETTER_K || bytes[at + 1] !== LETTER_B) return -1;
  at += 2;
  if (at < length && bytes[at] !== NEWLINE) return -1;
  scan.end = at;
  return value * 1024;
}

/** Keeps an unknown field as spans of the text; false when the table is full. */
function noteOther(
  bytes: Uint8Array,
  from: number,
  colon: number,
  end: number,
  table: MappingTable,
  row: number,
): boolean {
  const other = table.header[HeaderWord.others]!;
  if (other === table.capacity) {
    table.header[HeaderWord.full] = 1;
    return false;
  }
  const start = skipBlanks(bytes, colon + 1, end);
  table.keyStart[other] = from;
  table.keyLength[other] = colon - from;
  table.valueStart[other] = start;
  table.valueLength[other] = end - start;
  table.otherCount[row]!++;
  table.header[HeaderWord.others] = other + 1;
  return true;
}

/** Whether the known key (with its colon) stands at `at`. */
function matchesKey(bytes: Uint8Array, at: number, length: number, key: number): boolean {
  const text = key === VM_FLAGS_KEY ? VM_FLAGS : KNOWN_KEYS[key]!;
  if (at + text.length > length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text[index]) return false;
  }
  return true;
}

/** The known key at `at`, or `UNKNOWN_KEY`. */
function findKey(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]!;
  if (first >= 97 || first < 65) return UNKNOWN_KEY;
  for (let key = 0; key <= VM_FLAGS_KEY; key++) {
    if (matchesKey(bytes, at, length, key)) return key;
  }
  return UNKNOWN_KEY;
}

/** Offset of the colon that ends a key at `at`, or -1: a key begins with a letter or `_` and holds no blank. */
function keyEnd(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]! | 32;
  if ((first < 97 || first > 122) && bytes[at] !== UNDERSCORE) return -1;
  for (let index = at + 1; index < length; index++) {
    const code = bytes[index]!;
    if (code === COLON) return index;
    if (code === SPACE || code === TAB || code === NEWLINE) return -1;
  }
  return -1;
}

function skipBlanks(bytes: Uint8Array, from: number, length: number): number {
  let at = from;
  while (at < length && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}
