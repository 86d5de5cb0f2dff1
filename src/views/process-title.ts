/**
 * A process as procps titles it: its command line with spaces between the words, or `[comm]` when it has none, with
 * what a terminal must not see replaced.
 *
 * The traps: in a UTF-8 locale a control character becomes `?` and the rest passes, until the first byte that starts no
 * sequence; from there on, and everywhere in other locales, control characters become `.` and every byte above 0x7f `?`.
 * Only the first byte of a sequence is looked at.
 */

const SPACE = 32;
const DELETE = 127;
const QUESTION = 63;
const DOT = 46;
/** The buffer that procps has for a command line, and for a `comm`, each with the closing zero. */
const COMMAND_LINE_BUFFER = 128 * 1024;
const COMM_BUFFER = 64;

/** The bytes of the title; `?` when nothing is left of the command line. */
export function processTitle(cmdline: Uint8Array, comm: Uint8Array, isZombie: boolean, utf8: boolean): Uint8Array {
  const title = cmdline.length > 0 ? joinedWords(cmdline, utf8) : bracketed(comm, isZombie, utf8);
  return title.length > 0 ? title : Uint8Array.of(QUESTION);
}

function joinedWords(cmdline: Uint8Array, utf8: boolean): Uint8Array {
  const words = cmdline.slice(0, COMMAND_LINE_BUFFER - 1);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  for (let at = 0; at < end; at++) if (words[at] === 0 || words[at] === 10) words[at] = SPACE;
  if (words.length > 0 && end === words.length && words[end - 1] === SPACE) end--;
  return escapeAsProcps(words.subarray(0, end), utf8);
}

function bracketed(comm: Uint8Array, isZombie: boolean, utf8: boolean): Uint8Array {
  // Escaped when it is read and again when it is printed: a sequence that the first buffer cut is found by the second.
  const name = escapeAsProcps(escapeAsProcps(comm.slice(0, COMM_BUFFER - 1), utf8), utf8);
  return Buffer.concat([Buffer.from('['), name, Buffer.from(isZombie ? '] <defunct>' : ']')]);
}

/** Replaces in place what procps does not print, and returns the same bytes. */
export function escapeAsProcps(text: Uint8Array, utf8: boolean): Uint8Array {
  let at = 0;
  while (utf8 && at < text.length) {
    const length = sequenceLength(text[at]!);
    if (length === 0 || at + length > text.length) break;
    if (text[at]! < SPACE || text[at] === DELETE) text[at] = QUESTION;
    at += length;
  }
  for (; at < text.length; at++) {
    if (text[at]! >= 128) text[at] = QUESTION;
    else if (text[at]! < SPACE || text[at] === DELETE) text[at] = DOT;
  }
  return text;
}

/** By the first byte alone; 0 when none begins with it. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
