/**
 * Text in the columns of top: names cleaned as procps cleans them, cut with a `+` when they are too wide.
 *
 * The trap: a column is as wide as a terminal shows it, neither bytes nor characters, so a name of wide characters may
 * leave one column over, which is filled.
 */
import { escaped, escapeProcps, type ProcpsLocale } from '../text/procps-escape.js';

const PLAIN_ASCII = /^[\x20-\x7E]*$/;
/** The text is clean by then; what is asked here is its width. */
const CLEAN: ProcpsLocale = { utf8: true, terminal: false };

/** The bytes up to the first NUL, as procps cleans them. */
export function cleanName(name: Uint8Array, locale: ProcpsLocale): string {
  const bytes = Buffer.from(name.buffer, name.byteOffset, name.byteLength);
  const nul = bytes.indexOf(0);
  return escapeProcps(bytes, 0, nul < 0 ? bytes.length : nul, Number.POSITIVE_INFINITY, locale);
}

/** `text`, which is clean, in exactly `width` terminal columns. */
export function fitColumn(text: string, width: number, align: 'left' | 'right'): string {
  let shown = text;
  let cells = text.length;
  if (!PLAIN_ASCII.test(text)) {
    const bytes = Buffer.from(text);
    escapeProcps(bytes, 0, bytes.length, Number.POSITIVE_INFINITY, CLEAN);
    cells = escaped.cells;
    if (cells > width) {
      shown = `${escapeProcps(bytes, 0, bytes.length, width - 1, CLEAN)}+`;
      cells = escaped.cells + 1;
    }
  } else if (cells > width) {
    shown = `${text.slice(0, Math.max(0, width - 1))}+`;
    cells = shown.length;
  }
  const blanks = ' '.repeat(Math.max(0, width - cells));
  return align === 'left' ? shown + blanks : blanks + shown;
}
