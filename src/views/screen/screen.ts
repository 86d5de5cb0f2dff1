/**
 * A whole screen: lines for a model, a state and a size.
 *
 * The traps: a screen may be one line high or twenty columns wide, and still must not break a line or leave a stale one:
 * there are exactly as many lines as it has, none wider than it is. And the last line is for what is typed.
 */
import { escapeTerminal } from '../../text/escape.js';
import { spanText } from './clock-time.js';
import { helpLines } from './help-view.js';
import { hostLines } from './host-fields.js';
import { firstShown, headLine, rowLine } from './list-view.js';
import { processLines } from './process-view.js';
import { replayLine } from './replay-line.js';
import { columnsFor } from './row-columns.js';
import { sortNamed, sortRows } from './row-sort.js';
import type { ScreenModel } from './screen-model.js';
import { rowsOf, type ScreenRow } from './screen-row.js';
import type { ScreenState } from './screen-state.js';
import { clipLine, lineOf, type Span, type StyledLine, span } from './styled-line.js';
import type { Symbols } from './symbols.js';

/** Beyond the longest interval between two frames. */
const SILENT_NS = 5e9;

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface DrawnScreen {
  readonly lines: readonly StyledLine[];
  /** Keys of all rows in their order, and lines of a page: what a key needs. */
  readonly order: readonly string[];
  readonly page: number;
  /** First line that is shown, which may not be the one that was asked for. */
  readonly top: number;
}

/** `before`: the keys of the rows in their last order. */
export function drawScreen(
  model: ScreenModel,
  state: ScreenState,
  size: ScreenSize,
  symbols: Symbols,
  before: readonly string[],
): DrawnScreen {
  const rows = sortRows(chosenRows(model, state), state.sort, state.reversed, before);
  const order = rows.map(({ key }) => key);
  const replay = replayLine(model.replay, model.compared);
  const above = [
    ...(replay ? [replay] : []),
    ...hostLines(model, size.columns, hostHeight(size.rows - (replay ? 1 : 0), state), symbols),
  ].slice(0, size.rows);
  // The last line is the status; a screen of one or two lines has none.
  const below = size.rows >= 3 ? 1 : 0;
  const height = Math.max(0, size.rows - above.length - below);
  const body = bodyOf(model, state, rows, size, height, symbols);
  const status = below === 1 ? [statusLine(model, state, rows.length, symbols)] : [];
  const blank = Array.from({ length: Math.max(0, height - body.lines.length) }, () => lineOf());
  return {
    lines: [...above, ...body.lines, ...blank, ...status].map((line) => clipLine(line, size.columns, symbols.ellipsis)),
    order,
    page: Math.max(1, body.page),
    top: body.top,
  };
}

/** Less where something else is read. */
function hostHeight(rows: number, { view }: ScreenState): number {
  if (view !== 'list' && rows < 40) return rows >= 10 ? 2 : 0;
  if (rows >= 20) return 5;
  if (rows >= 14) return 4;
  if (rows >= 8) return 2;
  return rows >= 5 ? 1 : 0;
}

interface Body {
  readonly lines: readonly StyledLine[];
  readonly page: number;
  readonly top: number;
}

function bodyOf(
  model: ScreenModel,
  state: ScreenState,
  rows: readonly ScreenRow[],
  size: ScreenSize,
  height: number,
  symbols: Symbols,
): Body {
  if (state.view === 'list') return listBody(model, state, rows, size, height, symbols);
  const lines =
    state.view === 'help'
      ? helpLines(size.columns, symbols)
      : processLines(model, openedRow(model, state), size.columns, symbols);
  const top = Math.min(state.top, Math.max(0, lines.length - height));
  return { lines: lines.slice(top, top + height), page: height, top };
}

function listBody(
  model: ScreenModel,
  state: ScreenState,
  rows: readonly ScreenRow[],
  size: ScreenSize,
  height: number,
  symbols: Symbols,
): Body {
  const isGrouped = state.grouping !== 'none';
  const sorted = sortNamed(state.sort).column;
  const extra = [...(state.uss ? ['uss'] : []), sorted];
  const columns = columnsFor(size.columns, extra, isGrouped, model.pidDigits);
  const context = { model, symbols, isGrouped };
  const page = height - 1;
  const selected = state.selected === undefined ? -1 : rows.findIndex(({ key }) => key === state.selected);
  const top = firstShown(state.top, selected, rows.length, page);
  const shown = rows.slice(top, top + Math.max(0, page));
  const lines = shown.map((row) => rowLine(row, columns, row.key === state.selected, context));
  const none = rows.length === 0 ? [lineOf(span(emptyText(model, state), 'dim'))] : [];
  return { lines: [headLine(columns, sorted, context), ...lines, ...none].slice(0, height), page, top };
}

function emptyText(model: ScreenModel, state: ScreenState): string {
  return model.processes.length > 0 && state.filter !== '' ? 'nothing matches the filter' : 'no process with memory';
}

/** The rows of the list; within a group only its members. */
function chosenRows(model: ScreenModel, state: ScreenState): ScreenRow[] {
  const { grouping, filter, commandLines, within } = state;
  if (!within) return rowsOf(model, { grouping, filter, commandLines });
  const group = rowsOf(model, { grouping: within.grouping, filter, commandLines }).find(
    ({ key }) => key === within.key,
  );
  const members = new Set(group?.members?.map(({ key }) => key));
  return rowsOf(model, { grouping, filter, commandLines }).filter(
    (row) => members.has(row.key) || row.members?.some(({ key }) => members.has(key)),
  );
}

function openedRow(model: ScreenModel, { opened }: ScreenState): ScreenRow | undefined {
  const process = model.processes.find(({ key }) => key === opened);
  if (!process) return undefined;
  return rowsOf({ ...model, processes: [process] }, { grouping: 'none', filter: '', commandLines: 'whole' })[0];
}

function statusLine(model: ScreenModel, state: ScreenState, rows: number, symbols: Symbols): StyledLine {
  if (state.filterBefore !== undefined) {
    const cursor = symbols.ascii ? '_' : '\u2588';
    return lineOf(span('/', 'bold'), span(escapeTerminal(state.filter)), span(cursor), span(`  ${rows} rows`, 'dim'));
  }
  if (state.prompt) {
    const cursor = symbols.ascii ? '_' : '\u2588';
    const asked =
      state.prompt.kind === 'time' ? 'go to (03:02, -15m, RFC 3339, a mark): ' : `save ${model.savedSpan ?? ''} as: `;
    return lineOf(span(asked, 'bold'), span(escapeTerminal(state.prompt.text)), span(cursor));
  }
  if (state.message !== undefined) return lineOf(span(escapeTerminal(state.message), 'warn'));
  if (model.host.silentNs > SILENT_NS && !state.paused) {
    return lineOf(
      span(`no frame for ${spanText(model.host.silentNs)}: the sampler is busy, or waits for a stuck process`, 'alarm'),
    );
  }
  const paused = state.paused ? [span('paused', 'warn'), span(' ')] : [];
  if (state.view !== 'list')
    return lineOf(
      ...paused,
      ...keyHints([
        ['Esc', 'back'],
        ['up/down', 'scroll'],
        ['q', 'quit'],
      ]),
    );
  const chosen: Span[] = [
    ...(state.filter === '' ? [] : [span(`/${escapeTerminal(state.filter)}`, 'bold'), span(' ')]),
    ...(state.within ? [span(escapeTerminal(state.within.key), 'bold'), span(' ')] : []),
    ...(state.grouping === 'none' ? [] : [span(`by ${state.grouping}`, 'bold'), span(' ')]),
  ];
  const sorted = span(` ${state.reversed ? 'reversed ' : ''}by ${sortNamed(state.sort).words}`, 'dim');
  const hints = keyHints([
    ['?', 'help'],
    ['q', 'quit'],
    ['g', 'group'],
    ['/', 'filter'],
    ['Enter', 'open'],
    ...(model.replay ? REPLAY_HINTS : LIVE_HINTS),
  ]);
  return lineOf(...paused, ...chosen, ...hints, sorted);
}

const LIVE_HINTS = [
  ['left', 'back in time'],
  ['space', 'pause'],
] as const;
const REPLAY_HINTS = [
  ['left/right', 'tick'],
  ['[ ]', 'minute'],
  ['n N', 'next'],
  ['b', 'go to'],
  ['f', 'live'],
] as const;

function keyHints(hints: readonly (readonly [key: string, does: string])[]): Span[] {
  return hints.flatMap(([key, does]) => [span(key, 'bold'), span(` ${does}  `, 'dim')]);
}
