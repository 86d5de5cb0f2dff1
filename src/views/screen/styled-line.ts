/**
 * A line of a screen before it is text for a terminal: pieces with a meaning each, so that a layout can be tested without
 * escape sequences, and colours are chosen in one place.
 *
 * The trap: the text of a piece is printed as it is, so what comes from outside has passed the terminal escape before.
 */
import { displayWidth, fitWidth } from '../../text/display-width.js';

export type Style =
  | 'plain'
  | 'dim'
  | 'bold'
  /** Heads of columns, and the one that is sorted by. */
  | 'head'
  | 'sorted'
  | 'up'
  | 'down'
  | 'warn'
  | 'alarm'
  | 'spark'
  | 'anon'
  | 'file'
  | 'shmem'
  | 'swap';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export interface StyledLine {
  readonly spans: readonly Span[];
  /** Drawn as a bar over the whole width: the selected row. */
  readonly isBar?: boolean;
}

export const span = (text: string, style: Style = 'plain'): Span => ({ text, style });

export function lineOf(...spans: readonly Span[]): StyledLine {
  return { spans };
}

export function plainText({ spans }: StyledLine): string {
  return spans.map(({ text }) => text).join('');
}

export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** The line in at most `width` columns; what is cut ends in `ellipsis`. */
export function clipLine(line: StyledLine, width: number, ellipsis: string): StyledLine {
  if (widthOf(line.spans) <= width) return line;
  let room = width;
  const kept: Span[] = [];
  for (const [index, { text, style }] of line.spans.entries()) {
    const rest = widthOf(line.spans.slice(index + 1));
    const own = displayWidth(text);
    // The last column is kept for the mark when something follows.
    if (own <= room && (rest === 0 || own < room)) {
      kept.push({ text, style });
      room -= own;
      continue;
    }
    const cut = fitWidth(`${text} `, room, ellipsis);
    kept.push({ text: cut.length === 0 ? ellipsis.slice(0, room) : cut, style });
    break;
  }
  return { ...line, spans: kept };
}

/** Text in exactly `width` columns. */
export function padTo(text: string, width: number, align: 'left' | 'right', ellipsis: string): string {
  const fitted = fitWidth(text, width, ellipsis);
  const space = ' '.repeat(Math.max(0, width - displayWidth(fitted)));
  return align === 'right' ? space + fitted : fitted + space;
}
