/**
 * What the person at the screen has chosen, and how a key changes it.
 *
 * The trap: rows move while a key is on its way, so a selection is a process or a group and never a line number.
 */
import type { Key } from './key.js';
import { type Prompt, typeInto } from './prompt.js';
import { ROW_SORTS, type SortName } from './row-sort.js';
import { GROUPINGS, type Grouping } from './screen-row.js';

export interface ScreenState {
  readonly view: 'list' | 'process' | 'help';
  readonly grouping: Grouping;
  readonly sort: SortName;
  readonly reversed: boolean;
  readonly filter: string;
  /** While the filter is typed: what it was before. */
  readonly filterBefore?: string;
  readonly selected?: string;
  /** The process whose view is open. */
  readonly opened?: string;
  /** Members of this group only. */
  readonly within?: { readonly grouping: Grouping; readonly key: string };
  readonly uss: boolean;
  readonly commandLines: boolean;
  readonly paused: boolean;
  /** What is typed into the last line. */
  readonly prompt?: Prompt;
  /** Shown in the last line until the next key. */
  readonly message?: string;
  /** First line of the list, or of the lines of another view. */
  readonly top: number;
}

export const FIRST_STATE: ScreenState = {
  view: 'list',
  grouping: 'none',
  sort: 'long',
  reversed: false,
  filter: '',
  uss: false,
  commandLines: false,
  paused: false,
  top: 0,
};

/** What is on the screen when a key comes. */
export interface KeyContext {
  /** Keys of all rows, in their order. */
  readonly rows: readonly string[];
  /** Lines of a page. */
  readonly page: number;
}

/** What a key asks for beyond another state. */
export type KeyEffect = 'quit' | 'suspend' | 'redraw' | TimeEffect;

/** Where to go in time: a tick, a minute, the next of what happened, now; to mark an instant, or drop the mark. */
export type TimeEffect =
  | 'tick-back'
  | 'tick-on'
  | 'minute-back'
  | 'minute-on'
  | 'next-happening'
  | 'previous-happening'
  | 'live'
  | 'mark'
  | { readonly goTo: string }
  | { readonly saveAs: string };

const TIME_KEYS: Readonly<Record<Key, TimeEffect & string>> = {
  left: 'tick-back',
  right: 'tick-on',
  '[': 'minute-back',
  ']': 'minute-on',
  n: 'next-happening',
  N: 'previous-happening',
  f: 'live',
  d: 'mark',
};

export interface KeyOutcome {
  readonly state: ScreenState;
  readonly effect?: KeyEffect;
}

export function pressKey(before: ScreenState, key: Key, context: KeyContext): KeyOutcome {
  const { message: _, ...state } = before;
  if (key === 'ctrl-c') return { state, effect: 'quit' };
  if (key === 'ctrl-z') return { state, effect: 'suspend' };
  if (key === 'ctrl-l') return { state, effect: 'redraw' };
  if (state.filterBefore !== undefined) return { state: typeFilter(state, key) };
  if (state.prompt) return typePrompt(state, state.prompt, key);
  if (key === 'q') return { state, effect: 'quit' };
  if (key === ' ') return { state: { ...state, paused: !state.paused } };
  if (state.view !== 'help') {
    const effect = Object.hasOwn(TIME_KEYS, key) ? TIME_KEYS[key] : undefined;
    if (effect !== undefined) return { state, effect };
    if (key === 'b') return { state: { ...state, prompt: { kind: 'time', text: '' } } };
    if (key === 'w') return { state: { ...state, prompt: { kind: 'file', text: '' } } };
  }
  if (state.view !== 'list') return { state: readKey(state, key, context) };
  return { state: listKey(state, key, context) };
}

function typePrompt(state: ScreenState, prompt: Prompt, key: Key): KeyOutcome {
  const { prompt: _, ...rest } = state;
  const typed = typeInto(prompt, key);
  if (typed === undefined) return { state: rest };
  if (typed !== 'done') return { state: { ...state, prompt: typed } };
  return { state: rest, effect: prompt.kind === 'time' ? { goTo: prompt.text } : { saveAs: prompt.text } };
}

function typeFilter(state: ScreenState, key: Key): ScreenState {
  const { filterBefore, ...rest } = state;
  if (key === 'enter') return { ...rest, top: 0 };
  if (key === 'escape') return { ...rest, filter: filterBefore!, top: 0 };
  if (key === 'backspace') return { ...state, filter: Array.from(state.filter).slice(0, -1).join(''), top: 0 };
  if (key === 'ctrl-u') return { ...state, filter: '', top: 0 };
  return Array.from(key).length === 1 ? { ...state, filter: state.filter + key, top: 0 } : state;
}

/** In a view that is only read. */
function readKey(state: ScreenState, key: Key, { page }: KeyContext): ScreenState {
  const by: Partial<Record<Key, number>> = {
    up: -1,
    down: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    end: 1e6,
  };
  const lines = by[key];
  if (lines !== undefined) return { ...state, top: Math.max(0, state.top + lines) };
  const isHelpKey = key === '?' || key === 'h' || key === 'f1';
  if (state.view === 'help') {
    const { opened } = state;
    const leaves = isHelpKey || ['escape', 'enter', 'left', 'backspace'].includes(key);
    return leaves ? { ...state, view: opened === undefined ? 'list' : 'process', top: 0 } : state;
  }
  if (isHelpKey) return { ...state, view: 'help', top: 0 };
  if (!['escape', 'backspace'].includes(key)) return state;
  const { opened, ...rest } = state;
  return { ...rest, view: 'list', top: 0, selected: opened! };
}

function listKey(state: ScreenState, key: Key, context: KeyContext): ScreenState {
  const sort = ROW_SORTS.find((candidate) => candidate.key === key);
  if (sort) return { ...state, sort: sort.name, reversed: false, top: 0 };
  switch (key) {
    case '?':
    case 'h':
    case 'f1':
      return { ...state, view: 'help', top: 0 };
    case 'g':
      return withoutSelection({ ...state, grouping: next(GROUPINGS, state.grouping, 1), top: 0 }, true);
    case '/':
      return { ...state, filterBefore: state.filter };
    case '<':
    case '>': {
      const names = ROW_SORTS.map(({ name }) => name);
      return { ...state, sort: next(names, state.sort, key === '>' ? 1 : -1), reversed: false, top: 0 };
    }
    case 'r':
      return { ...state, reversed: !state.reversed };
    case 'u':
      return { ...state, uss: !state.uss };
    case 'c':
      return { ...state, commandLines: !state.commandLines };
    case 'enter':
      return open(state, context);
    case 'escape':
    case 'backspace':
      return back(state);
    case 'up':
      return select(state, context, -1);
    case 'down':
      return select(state, context, 1);
    case 'pageup':
      return select(state, context, -context.page);
    case 'pagedown':
      return select(state, context, context.page);
    case 'home':
      return select(state, context, Number.NEGATIVE_INFINITY);
    case 'end':
      return select(state, context, Number.POSITIVE_INFINITY);
    default:
      return state;
  }
}

/** The selected row, or the first: a process is opened, of a group the members are listed. */
function open(state: ScreenState, { rows }: KeyContext): ScreenState {
  const key = state.selected !== undefined && rows.includes(state.selected) ? state.selected : rows[0];
  if (key === undefined) return state;
  if (state.grouping === 'none') return { ...state, view: 'process', opened: key, selected: key, top: 0 };
  return withoutSelection({ ...state, grouping: 'none', within: { grouping: state.grouping, key }, top: 0 }, false);
}

/** One step back: the selection, the group that is listed, the filter. */
function back(state: ScreenState): ScreenState {
  if (state.selected !== undefined) return withoutSelection({ ...state, top: 0 }, false);
  const { within, ...rest } = state;
  if (within) return { ...rest, grouping: within.grouping, selected: within.key, top: 0 };
  return { ...state, filter: '', top: 0 };
}

function select(state: ScreenState, { rows }: KeyContext, by: number): ScreenState {
  if (rows.length === 0) return state;
  const at = state.selected === undefined ? -1 : rows.indexOf(state.selected);
  const wanted = at < 0 ? (Number.isFinite(by) ? Math.max(0, by - 1) : by) : at + by;
  return { ...state, selected: rows[Math.min(rows.length - 1, Math.max(0, wanted))]! };
}

function withoutSelection(state: ScreenState, leavesGroup: boolean): ScreenState {
  const { selected: _, within, ...rest } = state;
  return leavesGroup || !within ? rest : { ...rest, within };
}

function next<T>(all: readonly T[], now: T, by: number): T {
  return all[(all.indexOf(now) + by + all.length) % all.length]!;
}
