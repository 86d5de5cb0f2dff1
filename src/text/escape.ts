/**
 * One escape function per sink. Whoever names a process or maps a file chooses those bytes, and they reach an operator's
 * terminal and spreadsheet: a `comm` can hold ESC, a newline, a right-to-left override, a formula, or half a character.
 * What a sink cannot show is written as `\xHH` (two upper-case hex digits), one for each byte of its UTF-8 form.
 *
 * A backslash stays as it is, as procps prints it, unless `xHH` follows (either case): then it becomes `\x5C`. So every
 * `\xHH` in an output was put there by the escape, and replacing each by its byte gives the input back.
 */

import { mapUtf8 } from './utf8.js';

// Cs is a lone surrogate: it cannot be encoded, and is shown as the three bytes it would have had.
// Zl and Zp break a line. The last three take no space and join nothing, so they only make two names look alike.
const NOT_FOR_TERMINAL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200B\u2060\uFEFF]|\\(?=x[0-9A-Fa-f]{2})/gu;
const NOT_FOR_CSV = /[\p{Cc}\p{Cs}]|\\(?=x[0-9A-Fa-f]{2})/gu;

const PLAIN_ASCII = /^[\x20-\x5B\x5D-\x7E]*$/;

// The full-width signs start a formula too, in a Japanese locale. The apostrophe is here so that it can be told apart.
const FORMULA_START = /^['=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
const NEEDS_QUOTES = /[",]|^ | $/;

/**
 * Text that is safe on a terminal, on one line. Escaped: control characters (C0, DEL, C1), line and paragraph
 * separators, bidi controls, the invisible U+200B U+2060 U+FEFF, and bytes that are not UTF-8. Never throws.
 */
export function escapeTerminal(input: Uint8Array | string): string {
  return escapeMatches(input, NOT_FOR_TERMINAL);
}

/**
 * One text field of a CSV record, quoted as RFC 4180 says if it needs quotes. Control characters, line ends among
 * them, and bytes that are not UTF-8 are escaped, so a record is always one line. Never throws.
 *
 * A field that begins with `=`, `+`, `-`, `@` (or their full-width forms), tab, CR or LF gets a leading apostrophe, or a
 * spreadsheet would run it. So does one that begins with an apostrophe: a reader drops one, always. For text fields
 * only: a number goes into a record as it is, or -1 would become text.
 */
export function escapeCsv(input: Uint8Array | string): string {
  const escaped = escapeMatches(input, NOT_FOR_CSV);
  // Tab, CR and LF are `\xHH` by now; other programs may undo that, so the guard looks at what it was.
  const field = FORMULA_START.test(firstCharacter(input)) ? `'${escaped}` : escaped;
  return NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * The value of a label in OpenMetrics text, without its quotes. What a terminal must not see becomes `\xHH` first, since
 * labels are shown as they are; then backslashes and quotes are escaped as the format says. Never throws.
 */
export function escapeLabel(input: Uint8Array | string): string {
  return escapeTerminal(input).replace(/["\\]/g, '\\$&');
}

/**
 * Text within a line or a table cell of Markdown: what a terminal must not see becomes `\\xHH` first, then everything that
 * could begin markup, a link or HTML is escaped with a backslash. Never throws.
 */
export function escapeMarkdown(input: Uint8Array | string): string {
  return escapeTerminal(input)
    .replace(/[\\`*_{}[\]<>|#!~&@]/g, '\\$&')
    .replace(/^(\s*)([-+])(?=\s)|^(\s*\d+)([.)])(?=\s)/, (_, a = '', sign = '', b = '', dot = '') =>
      sign ? `${a}\\${sign}` : `${b}\\${dot}`,
    )
    .replace(/:(?=\/\/)/g, '\\:');
}

function escapeMatches(input: Uint8Array | string, pattern: RegExp): string {
  const escapeText = (text: string) => (PLAIN_ASCII.test(text) ? text : text.replace(pattern, escapeCharacter));
  return typeof input === 'string' ? escapeText(input) : mapUtf8(input, escapeText, escapeByte);
}

function firstCharacter(input: Uint8Array | string): string {
  if (typeof input === 'string') return input.slice(0, 1);
  return mapUtf8(
    input.subarray(0, 3),
    (text) => text.slice(0, 1),
    () => ' ',
  );
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const bytes =
    code >= 0xd800 && code <= 0xdfff
      ? [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
      : Buffer.from(character, 'utf8');
  return Array.from(bytes, escapeByte).join('');
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * One word of a command line for a person to copy into a shell: quoted where the shell would take it apart. What a
 * terminal must not see is written in the `$'..'` form of bash, zsh and ksh.
 */
export function escapeShell(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const shown = escapeTerminal(text);
  if (shown === text) return `'${text.replaceAll("'", "'\\''")}'`;
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return `$'${bytes.replace(/[^ -&(-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`;
}
