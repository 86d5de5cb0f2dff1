/**
 * How many terminal columns a text takes. Neither bytes nor characters answer that: a CJK character takes two columns, a
 * combining mark none. The unit is the grapheme cluster (Intl.Segmenter, whose Unicode tables come with Node); its width
 * is that of its first character that has one, or two if U+FE0F asks for the emoji form. Wide are the characters of
 * East_Asian_Width W and F: emoji by their Unicode property, the rest by the blocks below. Ambiguous ones count as one.
 *
 * Limit: a terminal that does not join emoji sequences or Indic clusters draws them wider than this says.
 */
import { WIDE_BLOCKS } from './wide-blocks.js';

/** One character, one column: ASCII, and what screens and tables are drawn with. */
const SINGLE = /^[\x20-\x7E\xA1-\xAC\xAE-\u017F\u0391-\u03C9\u2010-\u2026\u2190-\u21FF\u2500-\u25FC]*$/;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11FF\uD7B0-\uD7FF]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** Made when it is needed: that takes ten milliseconds. */
let segmenter: Intl.Segmenter | undefined;

function graphemesOf(text: string): Iterable<{ readonly segment: string }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** Columns that `text` takes on a terminal. `text` must have passed the terminal escape: a control character counts 0. */
export function displayWidth(text: string): number {
  if (SINGLE.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += clusterWidth(segment);
  return width;
}

/**
 * `text` if it fits into `width` columns, or as much of its beginning as leaves room for `ellipsis`, and that. Never
 * wider than `width`, and never half a grapheme; it may be one column narrower, where a wide character did not fit.
 */
export function fitWidth(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  let room = width - displayWidth(ellipsis);
  if (room < 0) return '';
  let out = '';
  for (const { segment } of graphemesOf(text)) {
    room -= clusterWidth(segment);
    if (room < 0) break;
    out += segment;
  }
  return out + ellipsis;
}

/**
 * The same with what does not fit taken from the middle: what begins alike, as paths and names of metrics do, is told apart
 * by its end.
 */
export function fitMiddle(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(ellipsis);
  if (room < 0) return '';
  const head = fitWidth(text, Math.floor(room / 2), '');
  let left = room - displayWidth(head);
  let tail = '';
  for (const { segment } of [...graphemesOf(text)].reverse()) {
    left -= clusterWidth(segment);
    if (left < 0) break;
    tail = segment + tail;
  }
  return head + ellipsis + tail;
}

function clusterWidth(cluster: string): number {
  for (const character of cluster) {
    if (NO_WIDTH.test(character)) continue;
    if (cluster.includes('\uFE0F') && /^\p{Emoji}$/u.test(character)) return 2;
    return EMOJI.test(character) || isWide(character.codePointAt(0)!) ? 2 : 1;
  }
  return 0;
}

function isWide(code: number): boolean {
  return code >= 0x1100 && WIDE_BLOCKS.some(([first, last]) => code >= first && code <= last);
}
