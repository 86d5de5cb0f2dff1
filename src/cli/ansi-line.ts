/**
 * A styled line as text for a terminal: the only place that knows colours. They are the sixteen that every terminal lets
 * its user choose; with NO_COLOR there are none, and only weight and reversal remain.
 */
import type { Style, StyledLine } from '../views/screen/styled-line.js';
import { widthOf } from '../views/screen/styled-line.js';

const COLOURED: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '2',
  bold: '1',
  head: '1;36',
  sorted: '1;7;36',
  up: '33',
  down: '32',
  warn: '33',
  alarm: '1;31',
  spark: '36',
  anon: '32',
  file: '34',
  shmem: '33',
  swap: '35',
};

const UNCOLOURED: Readonly<Record<Style, string>> = {
  ...Object.fromEntries(Object.keys(COLOURED).map((style) => [style, ''])),
  dim: '2',
  bold: '1',
  head: '1',
  sorted: '1;7',
  warn: '1',
  alarm: '1;7',
} as Record<Style, string>;

const RESET = '\x1b[0m';

/** The text of a line; a bar is as wide as the screen. Ends without any attribute set. */
export function ansiLine(line: StyledLine, columns: number, colour: boolean): string {
  const codes = colour ? COLOURED : UNCOLOURED;
  const { spans, isBar } = line;
  const padding = isBar ? [{ text: ' '.repeat(Math.max(0, columns - widthOf(spans))), style: 'plain' as const }] : [];
  let set = '';
  let out = '';
  for (const { text, style } of [...spans, ...padding]) {
    if (text === '') continue;
    // Dim and reversed is unreadable on half of all terminals.
    const own = isBar ? `7${style === 'dim' || codes[style] === '' ? '' : `;${codes[style]}`}` : codes[style];
    if (own !== set) out += own === '' ? RESET : `\x1b[0;${own}m`;
    set = own;
    out += text;
  }
  return set === '' ? out : out + RESET;
}
