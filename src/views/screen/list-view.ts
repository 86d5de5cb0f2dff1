/** The list: heads and rows, from the first that is shown. */
import type { Column, ColumnContext } from './row-columns.js';
import type { ScreenRow } from './screen-row.js';
import { padTo, type Span, type StyledLine, span } from './styled-line.js';

export function headLine(columns: readonly Column[], sortedBy: string, context: ColumnContext): StyledLine {
  const spans = columns.flatMap((column, index): Span[] => {
    const title = padTo(column.title(context), column.width, column.align, '');
    const gap = index > 0 ? [span(' ', 'head')] : [];
    return [...gap, span(title, column.name === sortedBy ? 'sorted' : 'head')];
  });
  return { spans };
}

export function rowLine(
  row: ScreenRow,
  columns: readonly Column[],
  isBar: boolean,
  context: ColumnContext,
): StyledLine {
  const spans = columns.flatMap((column, index) => [
    ...(index > 0 ? [span(' ')] : []),
    ...column.cell(row, column.width, context),
  ]);
  return { spans, ...(isBar ? { isBar } : {}) };
}

/** The first row to show, so that the selected one is on the page and the page is full. */
export function firstShown(top: number, selected: number, rows: number, page: number): number {
  let first = Math.min(top, Math.max(0, rows - page));
  if (selected >= 0) first = Math.min(Math.max(first, selected - page + 1), selected);
  return Math.max(0, first);
}
