/**
 * The small pictures in a row: what memory is made of, and how it went.
 *
 * The trap: a picture that scales itself to its own values makes a mountain of one page. A shape spans at least a fiftieth
 * of its largest value, so that what hardly moves looks flat.
 */
import type { Composition } from '../../analyze/live-processes.js';
import { sparkline } from '../../text/sparkline.js';
import { type Span, span } from './styled-line.js';
import type { Symbols } from './symbols.js';

const PARTS = ['anon', 'file', 'shmem', 'swap'] as const;
const LETTERS = { anon: 'a', file: 'f', shmem: 's', swap: 'w' } as const;
const BLOCK = '\u2588';
const LEAST_SPAN = 0.02;

/** The parts in `width` cells, one span each; blank without a composition. */
export function compositionBar(parts: Composition | undefined, width: number, { ascii, colour }: Symbols): Span[] {
  if (!parts) return [span(' '.repeat(width))];
  const cells = divide(
    PARTS.map((part) => parts[part]),
    width,
  );
  return PARTS.flatMap((part, index) => {
    const cell = colour && !ascii ? BLOCK : LETTERS[part];
    return cells[index] === 0 ? [] : [span(cell.repeat(cells[index]), part)];
  });
}

/** Whole cells by the largest remainder, `width` in all. */
function divide(values: readonly number[], width: number): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  const exact = values.map((value) => (value / total) * width);
  const cells = exact.map(Math.floor);
  const byRemainder = exact
    .map((value, index) => ({ index, rest: value - cells[index] }))
    .sort((a, b) => b.rest - a.rest);
  let left = width - cells.reduce((sum, cell) => sum + cell, 0);
  for (const { index } of byRemainder) if (left-- > 0) cells[index]++;
  return cells;
}

/** One character for each value. */
export function shapeLine(values: readonly number[], { ascii }: Symbols): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (values.length === 0 || known.length === 0) return ' '.repeat(values.length);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return sparkline(values, values.length, { min: least, max: Math.max(most, least + most * LEAST_SPAN), ascii });
}
