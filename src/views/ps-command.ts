/**
 * The command of a process as procps prints it: the arguments with blanks between them, or the name in brackets where
 * there are none.
 *
 * The trap: arguments end with NUL bytes and may hold newlines; procps makes blanks of both, but not of the NULs at the
 * very end, and drops one blank that ends a text which has no NUL there.
 */
import { escaped, escapeProcps } from '../text/procps-escape.js';
import type { PsFile, PsRow } from './ps-row.js';

const BLANK = 32;
/** Bytes of a name that procps keeps. */
const LONGEST_NAME = 63;

/** The arguments, `[name]` without any, in at most `room` columns. */
export function argumentsOf(row: PsRow, room: number): string {
  const [start, end] = wordsOf(row, 'cmdline');
  if (end > start) return shown(row, row.bytes, start, end, room);
  // Nothing but NUL bytes is a command line all the same.
  if (row.lengthOf('cmdline') > 0) return shown(row, UNKNOWN, 0, 1, room);
  const name = row.bytes.subarray(row.commStart, Math.min(row.commEnd, row.commStart + LONGEST_NAME));
  const ending = row.state === 'Z' ? '] <defunct>' : ']';
  const bracketed = Buffer.concat([Buffer.from('['), name, Buffer.from(ending)]);
  return shown(row, bracketed, 0, bracketed.length, room);
}

/** The name of the process in at most `room` columns. */
export function nameOf(row: PsRow, room: number): string {
  const start = row.commStart;
  return shown(row, row.bytes, start, Math.min(row.commEnd, start + LONGEST_NAME), room);
}

/** The environment, or `-` when it is empty or closed to us. */
export function environmentOf(row: PsRow, room: number): string {
  const [start, end] = wordsOf(row, 'environ');
  return end > start ? shown(row, row.bytes, start, end, room) : '-';
}

/** Any other name of the process: a path, a control group. */
export function shownText(row: PsRow, latin1: string, room: number): string {
  const bytes = Buffer.from(latin1, 'latin1');
  return shown(row, bytes, 0, bytes.length, room);
}

const UNKNOWN = Buffer.from('?');

function shown(row: PsRow, bytes: Buffer, start: number, end: number, room: number): string {
  if (room <= 0) {
    row.cells = 0;
    return '';
  }
  const text = escapeProcps(bytes, start, end, room, row.host.locale);
  row.cells = escaped.cells;
  return text;
}

/** Start and end of a text of words that end with NUL, which become blanks in place. */
function wordsOf(row: PsRow, file: PsFile): readonly [number, number] {
  const length = row.lengthOf(file);
  const start = row.startOf(file);
  const { bytes } = row;
  // procps has a buffer of this many bytes and keeps the last for a NUL.
  let end = start + Math.min(Math.max(length, 0), 128 * 1024 - 1);
  if (end === start) return [start, start];
  const isOpen = bytes[end - 1] === BLANK || bytes[end - 1] === 10;
  while (end > start && bytes[end - 1] === 0) end--;
  for (let at = start; at < end; at++) if (bytes[at] === 0 || bytes[at] === 10) bytes[at] = BLANK;
  return [start, isOpen ? end - 1 : end];
}
