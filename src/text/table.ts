/**
 * A plain text table. Cells come from processes (names, command lines, paths), so each passes the terminal escape here,
 * where no caller can forget it. Only the flexible column is ever cut: half a number reads as another number.
 *
 * The trap: a name that is cut to nothing makes all rows alike. So a flexible column may have a least width; where the others
 * leave it less, the columns go on in further lines of the same row.
 */

import { displayWidth, fitMiddle, fitWidth } from './display-width.js';
import { escapeTerminal } from './escape.js';

/** One column of a table. */
export interface TableColumn {
  header: string;
  /** Left if not given. */
  align?: 'left' | 'right';
  /** Gives way when the table is too wide; at most one column. */
  flexible?: boolean;
  /** Of the flexible one: it is never narrower than this, or its widest cell; 1 if not given. */
  least?: number;
  /** Of the flexible one: which part of a cell gives way, the end if not given. */
  cut?: 'end' | 'middle';
}

/** Raw text, or bytes as the kernel gave them; the table escapes it. */
export type TableCell = string | Uint8Array;

export interface TableOptions {
  /** Columns of the terminal that a line may take, without limit if not given. */
  maxWidth?: number;
  /** False leaves out the line of headers. */
  header?: boolean;
  /** Spaces between columns, 1 if not given. */
  gap?: number;
  /** Marks a cut with `~` instead of the one-column ellipsis. */
  ascii?: boolean;
}

/** Of the further lines of a row. */
const INDENT = 4;

/**
 * The lines of the table, without line ends or trailing spaces. A line is wider than `maxWidth` only when the other
 * columns alone are, with the flexible one down to a single column; without a flexible column nothing is cut. Where the
 * flexible column has a `least`, only a cell that alone is too wide makes a line so.
 * @throws TypeError when a row has not as many cells as there are columns, or more than one column is flexible
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  options: TableOptions = {},
): string[] {
  if (columns.filter((column) => column.flexible).length > 1) {
    throw new TypeError('Expected at most one flexible column');
  }
  const lines = options.header === false ? [] : [columns.map((column) => escapeTerminal(column.header))];
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new TypeError(`Expected a row of ${columns.length} cells, got ${row.length}`);
    }
    lines.push(row.map(escapeTerminal));
  }

  const { maxWidth = Number.POSITIVE_INFINITY, gap = 1 } = options;
  const layout = layOut(columns, lines, maxWidth, gap);
  const ellipsis = options.ascii ? '~' : '\u2026';
  const shown = (cell: string, index: number) => {
    const { cut, align } = columns[index]!;
    const fitted = (cut === 'middle' ? fitMiddle : fitWidth)(cell, layout.widths[index]!, ellipsis);
    return pad(fitted, layout.widths[index]!, align);
  };
  return lines.flatMap((cells) => {
    const padded = cells.map(shown);
    return layout
      .stretchesOf(cells)
      .map(({ from, to }) =>
        (' '.repeat(from > 0 ? INDENT : 0) + padded.slice(from, to).join(' '.repeat(gap))).trimEnd(),
      );
  });
}

/** The columns of one line of a row. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

interface Layout {
  readonly widths: readonly number[];
  /** How the cells of a row are spread over lines. */
  readonly stretchesOf: (cells: readonly string[]) => readonly Stretch[];
}

function layOut(
  columns: readonly TableColumn[],
  lines: readonly (readonly string[])[],
  maxWidth: number,
  gap: number,
): Layout {
  const widths = widestCells(columns, lines);
  const whole = [{ from: 0, to: columns.length }];
  const flexible = columns.findIndex((column) => column.flexible);
  const total = widths.reduce((sum, width) => sum + width, gap * (columns.length - 1));
  if (flexible < 0 || total <= maxWidth) return { widths, stretchesOf: () => whole };
  const { least } = columns[flexible]!;
  const widest = widths[flexible]!;
  const narrowest = Math.min(widest, Math.max(1, Math.min(least ?? 1, maxWidth)));
  if (least === undefined || total - widest + narrowest <= maxWidth) {
    widths[flexible] = Math.max(narrowest, widest - (total - maxWidth));
    return { widths, stretchesOf: () => whole };
  }
  widths[flexible] = narrowest;
  // What is aligned to nothing behind it goes into a line of its own only in rows where it is too long.
  const last = columns.length - 1;
  const isRagged = last !== flexible && columns[last]!.align !== 'right';
  const stretchesWith = (lastWidth: number) => inLines(widths.with(last, lastWidth), maxWidth, gap);
  const lastWidths = isRagged ? lines.map((cells) => displayWidth(cells[last]!)) : [widths[last]!];
  const own = stretchesWith(Math.min(...lastWidths)).find(({ to }) => to > flexible)!;
  if (!isRagged || own.to <= last)
    widths[flexible]! += Math.min(widest - narrowest, roomIn(own, widths, maxWidth, gap));
  return {
    widths,
    stretchesOf: (cells) => stretchesWith(isRagged ? displayWidth(cells[last]!) : widths[last]!),
  };
}

/** As many columns on each line as fit. */
function inLines(widths: readonly number[], maxWidth: number, gap: number): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (let to = 1; to <= widths.length; to++) {
    if (to < widths.length && roomIn({ from, to: to + 1 }, widths, maxWidth, gap) >= 0) continue;
    stretches.push({ from, to });
    from = to;
  }
  return stretches;
}

/** Columns of the terminal that a line leaves; negative where it is too wide. */
function roomIn({ from, to }: Stretch, widths: readonly number[], maxWidth: number, gap: number): number {
  const used = widths.slice(from, to).reduce((sum, width) => sum + width, gap * (to - from - 1));
  return maxWidth - used - (from > 0 ? INDENT : 0);
}

function widestCells(columns: readonly TableColumn[], lines: readonly (readonly string[])[]): number[] {
  const widths = columns.map(() => 0);
  for (const cells of lines) {
    for (let index = 0; index < cells.length; index++) {
      widths[index] = Math.max(widths[index], displayWidth(cells[index]));
    }
  }
  return widths;
}

function pad(cell: string, width: number, align: TableColumn['align'] = 'left'): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return align === 'right' ? space + cell : cell + space;
}
