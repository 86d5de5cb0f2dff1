/**
 * A plain text table. Cells come from processes (names, command lines, paths), so each passes the terminal escape here,
 * where no caller can forget it. Only the flexible column is ever cut: half a number reads as another number.
 */

import { displayWidth, fitWidth } from './display-width.js';
import { escapeTerminal } from './escape.js';

/** One column of a table. */
export interface TableColumn {
  header: string;
  /** Left if not given. */
  align?: 'left' | 'right';
  /** Gives way when the table is too wide; at most one column. */
  flexible?: boolean;
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

/**
 * The lines of the table, without line ends or trailing spaces. A line is wider than `maxWidth` only when the other
 * columns alone are, with the flexible one down to a single column; without a flexible column nothing is cut.
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

  const gap = options.gap ?? 1;
  const widths = columnWidths(columns, lines, options.maxWidth ?? Number.POSITIVE_INFINITY, gap);
  const ellipsis = options.ascii ? '~' : '\u2026';
  return lines.map((cells) =>
    cells
      .map((cell, index) => pad(fitWidth(cell, widths[index], ellipsis), widths[index], columns[index].align))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

function columnWidths(
  columns: readonly TableColumn[],
  lines: readonly (readonly string[])[],
  maxWidth: number,
  gap: number,
): number[] {
  const widths = columns.map(() => 0);
  for (const cells of lines) {
    for (let index = 0; index < cells.length; index++) {
      widths[index] = Math.max(widths[index], displayWidth(cells[index]));
    }
  }
  const flexible = columns.findIndex((column) => column.flexible);
  const total = widths.reduce((sum, width) => sum + width, gap * (columns.length - 1));
  if (flexible >= 0 && total > maxWidth) {
    widths[flexible] = Math.max(Math.min(1, widths[flexible]), widths[flexible] - (total - maxWidth));
  }
  return widths;
}

function pad(cell: string, width: number, align: TableColumn['align'] = 'left'): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return align === 'right' ? space + cell : cell + space;
}
