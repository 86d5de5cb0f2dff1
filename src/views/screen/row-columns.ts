/**
 * The columns of the list, and which of them a width has room for.
 *
 * The traps: what was denied says so and is never 0; a sum that lacks something is marked, and one that counts shared
 * pages twice is marked the other way; and columns have fixed widths, or rows would dance with their numbers.
 */

import type { Change } from '../../analyze/memory-history.js';
import { formatShortChange, formatShortSize, SHORT_CHANGE_WIDTH, SHORT_SIZE_WIDTH } from '../../text/short-size.js';
import { compositionBar, shapeLine } from './bars.js';
import { clockTime, spanText } from './clock-time.js';
import { shapeOfGroup } from './group-shape.js';
import type { ScreenModel } from './screen-model.js';
import type { ScreenRow } from './screen-row.js';
import { padTo, type Span, type Style, span } from './styled-line.js';
import type { Symbols } from './symbols.js';

export interface ColumnContext {
  readonly model: ScreenModel;
  readonly symbols: Symbols;
  readonly isGrouped: boolean;
}

export interface Column {
  readonly name: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  title(context: ColumnContext): string;
  cell(row: ScreenRow, width: number, context: ColumnContext): readonly Span[];
}

/** A mark in front of a number takes a column of its own. */
const MARKED_SIZE_WIDTH = SHORT_SIZE_WIDTH + 1;
const LEAST_COMMAND = 7;
const USUAL_COMMAND = 16;
const CLOCK_WIDTH = 8;

type Choice = Omit<Column, 'width'> & {
  /** From the width of the screen on: columns it takes. */
  readonly widths: readonly (readonly [from: number, columns: number])[];
};

const COMMAND: Choice = {
  name: 'command',
  widths: [[0, LEAST_COMMAND]],
  align: 'left',
  title: () => 'COMMAND',
  cell: ({ command }, width, { symbols }) => [span(padTo(command, width, 'left', symbols.ellipsis))],
};

/** In the order in which they stand. */
const COLUMNS: readonly Choice[] = [
  {
    name: 'pid',
    widths: [[0, 0]],
    align: 'right',
    title: ({ isGrouped }) => (isGrouped ? 'N' : 'PID'),
    cell: ({ pid, members }, width) => [span(String(pid ?? members!.length).padStart(width), 'dim')],
  },
  text('user', 'USER', 8),
  {
    name: 'rss',
    // Twenty columns have room for the size, the change and a few letters of the name, and no more.
    widths: [
      [0, SHORT_SIZE_WIDTH],
      [28, MARKED_SIZE_WIDTH],
    ],
    align: 'right',
    title: () => 'RSS',
    cell: ({ rss, members }, width, { symbols }) => [
      members && members.length > 1
        ? span(marked(symbols.atMost, formatShortSize(rss), width), 'dim')
        : span(formatShortSize(rss).padStart(width), 'bold'),
    ],
  },
  { name: 'pss', widths: [[0, MARKED_SIZE_WIDTH]], align: 'right', title: () => 'PSS', cell: shareCell('pss') },
  { name: 'uss', widths: [[0, MARKED_SIZE_WIDTH]], align: 'right', title: () => 'USS', cell: shareCell('uss') },
  { name: 'swap', widths: [[0, MARKED_SIZE_WIDTH]], align: 'right', title: () => 'SWAP', cell: shareCell('swap') },
  change('short'),
  change('long'),
  {
    name: 'peak',
    widths: [[0, SHORT_SIZE_WIDTH]],
    align: 'right',
    title: () => 'PEAK',
    cell: ({ peak }, width) => [span(formatShortSize(peak).padStart(width))],
  },
  {
    name: 'peakAt',
    widths: [[0, CLOCK_WIDTH]],
    align: 'right',
    title: () => 'AT',
    cell: ({ peak, peakNs }, width, { model }) => {
      const text = Number.isNaN(peak) ? '' : clockTime(model.peakTime(peakNs), model.host.clock);
      return [span(text.slice(-width).padStart(width), 'dim')];
    },
  },
  {
    name: 'bar',
    widths: [
      [0, 8],
      [150, 12],
    ],
    align: 'left',
    title: () => 'MADE OF',
    cell: ({ composition }, width, { symbols }) => compositionBar(composition, width, symbols),
  },
  {
    name: 'shape',
    widths: [
      [0, 10],
      [120, 12],
      [170, 20],
    ],
    align: 'left',
    title: () => 'OVER TIME',
    cell: ({ process, members }, width, { model, symbols }) => [
      span(
        shapeLine(process ? model.shapeOf(process.slot, width) : shapeOfGroup(members!, model.shapeOf, width), symbols),
        'spark',
      ),
    ],
  },
  {
    ...text('unit', 'UNIT', 12),
    widths: [
      [0, 12],
      [130, 20],
      [170, 28],
    ],
  },
  COMMAND,
];

/** Which come first when there is not room for all; `*` where the command gets its usual width. */
const BY_IMPORTANCE = [
  'rss',
  'long',
  'pid',
  '*',
  'shape',
  'pss',
  'bar',
  'short',
  'unit',
  'peak',
  'user',
  'peakAt',
  'swap',
];

/** The columns for a width. `extra` are wanted before others: what the user asked for and what is sorted by. */
export function columnsFor(width: number, extra: readonly string[], isGrouped: boolean, pidDigits: number): Column[] {
  const absent = isGrouped ? ['peak', 'peakAt', 'user', 'unit'] : [];
  const wanted = new Set<string>(['rss', 'long', ...extra, ...BY_IMPORTANCE].filter((name) => !absent.includes(name)));
  const widthOfColumn = (name: string): number => {
    if (name === 'pid') return isGrouped ? 5 : pidDigits;
    return COLUMNS.find((column) => column.name === name)!.widths.findLast(([from]) => width >= from)![1];
  };
  const chosen = new Set(['command']);
  let left = width - LEAST_COMMAND;
  for (const name of wanted) {
    if (name === 'command') continue;
    const needed = name === '*' ? USUAL_COMMAND - LEAST_COMMAND : widthOfColumn(name) + 1;
    if (needed > left) continue;
    left -= needed;
    chosen.add(name);
  }
  const spare = left + LEAST_COMMAND + (chosen.has('*') ? USUAL_COMMAND - LEAST_COMMAND : 0);
  return COLUMNS.filter(({ name }) => chosen.has(name)).map((column) => ({
    ...column,
    width: column.name === 'command' ? Math.min(width, spare) : widthOfColumn(column.name),
  }));
}

function text(name: 'user' | 'unit', title: string, width: number): Choice {
  return {
    name,
    widths: [[0, width]],
    align: 'left',
    title: () => title,
    cell: (row, columns, { symbols }) => [span(padTo(row[name], columns, 'left', symbols.ellipsis), 'dim')],
  };
}

function change(which: 'short' | 'long'): Choice {
  return {
    name: which,
    widths: [[0, SHORT_CHANGE_WIDTH]],
    align: 'right',
    title: ({ model: { host, compared } }) => {
      if (compared) return which === 'short' ? '+PSS' : '+RSS';
      return `+${spanText(Math.min(host.seenNs, which === 'short' ? 10e9 : 600e9))}`;
    },
    cell: (row, width) => [span(formatShortChange(row[which].value).padStart(width), styleOfChange(row[which]))],
  };
}

function styleOfChange({ value }: Change): Style {
  return value > 0 ? 'up' : value < 0 ? 'down' : 'dim';
}

function shareCell(name: 'pss' | 'uss' | 'swap'): Column['cell'] {
  return (row, width, { symbols }) => {
    const value = row[name];
    const missing = row.denied + row.unread;
    if (Number.isNaN(value)) return [span((row.denied > 0 ? 'denied' : '').padStart(width), 'warn')];
    if (row.members && missing > 0) return [span(marked(symbols.atLeast, formatShortSize(value), width))];
    const mark = row.isOld ? '~' : '';
    return [span(marked(mark, formatShortSize(value), width), row.isOld || value === 0 ? 'dim' : 'plain')];
  };
}

function marked(mark: string, number: string, width: number): string {
  return `${mark}${number}`.padStart(width);
}
