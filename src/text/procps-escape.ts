/**
 * Names and command lines as procps 4.0.2 shows them: our answer has to be its answer, byte for byte.
 *
 * procps escapes twice. Its library cleans a text when it reads it, leniently: in a UTF-8 locale, from the first byte that
 * cannot lead a sequence on, every control character becomes `.` and every byte above 7F `?`. Then `ps` itself checks what
 * it prints: strictly, and by width, so that a column can be cut; what does not print is `?`. In any other locale a
 * control character is `.` and a byte above 7F is `?`.
 *
 * The trap: the second pass is what keeps ESC behind a cut-off lead byte from a terminal; it must never be left out.
 * procps lets bidi controls pass. To a terminal we do not.
 */
import { utf8SequenceLength } from './utf8.js';
import { WIDE_BLOCKS } from './wide-blocks.js';

export interface ProcpsLocale {
  readonly utf8: boolean;
  /** Whether the text goes to a terminal. */
  readonly terminal: boolean;
}

/** Terminal columns of the text that was escaped last. */
export const escaped = { cells: 0 };

/** Whether this environment asks for UTF-8, by the rule of `setlocale`; that the locale is installed is taken for granted. */
export function isUtf8Locale(env: NodeJS.ProcessEnv): boolean {
  const name = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /\.utf-?8(?:@|$)/i.test(name);
}

/** The text of `[start, end)` in at most `room` columns. A NUL must not lie in it. */
export function escapeProcps(
  bytes: Buffer,
  start: number,
  end: number,
  room: number,
  { utf8, terminal }: ProcpsLocale,
): string {
  let at = start;
  while (at < end && bytes[at] >= 0x20 && bytes[at] < 0x7f) at++;
  if (at === end) {
    escaped.cells = Math.min(end - start, room);
    return bytes.toString('latin1', start, start + escaped.cells);
  }
  const clean = Buffer.from(bytes.subarray(start, end));
  if (utf8) cleanUtf8(clean);
  else cleanRest(clean, 0);
  return utf8 ? cutUtf8(clean, room, terminal) : cutAscii(clean, room);
}

/** The library's pass over a UTF-8 text: by lead bytes alone, whatever follows. Control characters go in the next. */
function cleanUtf8(text: Buffer): void {
  for (let at = 0; at < text.length; ) {
    const lead = text[at];
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? -1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : -1;
    if (length < 0 || at + length > text.length) {
      cleanRest(text, at);
      return;
    }
    at += length;
  }
}

function cleanRest(text: Buffer, from: number): void {
  for (let at = from; at < text.length; at++) {
    if (isControl(text[at])) text[at] = DOT;
    else if (text[at] >= 0x80) text[at] = QUESTION;
  }
}

function cutAscii(text: Buffer, room: number): string {
  escaped.cells = Math.min(text.length, room);
  return text.toString('latin1', 0, escaped.cells);
}

function cutUtf8(text: Buffer, room: number, terminal: boolean): string {
  let out = '';
  let cells = 0;
  for (let at = 0; at < text.length && cells < room; ) {
    const valid = utf8SequenceLength(text, at);
    const length = valid || outOfRange(text, at);
    if (length <= 1) {
      out += length === 1 && !isControl(text[at]) ? String.fromCharCode(text[at]) : '?';
      cells++;
      at++;
      continue;
    }
    const character = text.toString('utf8', at, at + length);
    if (valid === 0 || isHidden(character, terminal)) {
      out += '?';
      cells++;
    } else {
      const width = cellsOf(character);
      if (width > room - cells) break;
      out += character;
      cells += width;
    }
    at += length;
  }
  escaped.cells = cells;
  return out;
}

/** glibc decodes four bytes beyond U+10FFFF as one character, which is then not printable. */
function outOfRange(text: Buffer, at: number): 0 | 4 {
  if (text[at] !== 0xf4) return 0;
  for (let next = at + 1; next < at + 4; next++) if ((text[next] & 0xc0) !== 0x80) return 0;
  return 4;
}

function isHidden(character: string, terminal: boolean): boolean {
  return NOT_PRINTABLE.test(character) || (terminal && BIDI.test(character));
}

function cellsOf(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  const code = character.codePointAt(0)!;
  const isWide =
    code >= 0x1100 && (EMOJI.test(character) || WIDE_BLOCKS.some(([first, last]) => code >= first && code <= last));
  return isWide ? 2 : 1;
}

function isControl(byte: number): boolean {
  return byte < 0x20 || byte === 0x7f;
}

const QUESTION = 63;
const DOT = 46;
const NOT_PRINTABLE = /^[\p{Cn}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]$/u;
const BIDI = /^\p{Bidi_Control}$/u;
// Format characters that stand in front of digits have a width in glibc, and so has the soft hyphen.
const NO_WIDTH =
  /^(?![\xAD\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}])[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF\uD7B0-\uD7FF]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
