/**
 * What the words of `top` ask for, as values.
 *
 * The trap: a value that is refused ends with exit code 1 here, as it does with procps, and not with 2.
 */
import type { AccountNames } from '../procfs/accounts.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { SORT_FIELDS } from '../views/top-fields.js';
import type { TopView } from '../views/top-frame.js';
import { MEMORY_SCALES } from '../views/top-numbers.js';
import { CommandError } from './command-error.js';
import type { DirectWords } from './direct-command.js';

const DEFAULT_DELAY_SECONDS = 3;
const DEFAULT_SUMMARY_SCALE = 1;
const DEFAULT_COLUMNS = 80;
const LEAST_COLUMNS = 3;
const MOST_COLUMNS = 512;
const MOST_PID = 2 ** 31 - 1;
const MOST_NUMBER = 2 ** 31 - 1;

const WHOLE = /^\+?(?:0x[\da-f]{1,8}|0[0-7]{0,11}|[1-9]\d{0,9})$/i;
const DECIMAL = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?$/i;

export interface TopRequest {
  readonly view: TopView;
  readonly delayMs: number;
  /** Frames, or without end. */
  readonly iterations: number;
  readonly pids?: readonly number[];
}

/** Throws `CommandError` with procps' exit code for a value that cannot be. */
export function requestOf(
  words: DirectWords,
  accounts: AccountNames,
  env: Readonly<Record<string, string | undefined>>,
  terminalColumns: number | undefined,
): TopRequest {
  const [stray] = words.positionals;
  if (stray !== undefined) throw new CommandError(`unknown option '${escapeTerminal(stray)}'`);
  const last = (name: string) => words.options.get(name)?.at(-1);
  const toggled = (name: string) => (words.options.get(name)?.length ?? 0) % 2 === 1;
  const { sortBy, descending } = value('-o', last('sort-override') ?? '%CPU', parseSort);
  const pids = words.options.get('pid')?.flatMap((text) => value('-p', text, parsePidList));
  const user = userOf(words, accounts);
  const delaySeconds = optional('-d', last('delay'), parseDelay) ?? DEFAULT_DELAY_SECONDS;
  return {
    delayMs: delaySeconds * 1000,
    iterations: optional('-n', last('iterations'), parseIterations) ?? Number.POSITIVE_INFINITY,
    ...(pids ? { pids: [...new Set(pids)] } : {}),
    view: {
      sortBy,
      descending,
      cmdline: toggled('cmdline-toggle'),
      busyOnly: toggled('idle-toggle'),
      cumulative: toggled('accum-time-toggle'),
      eachCpu: toggled('single-cpu-toggle'),
      summaryScale: optional('-E', last('scale-summary-mem'), parseScale(6)) ?? DEFAULT_SUMMARY_SCALE,
      taskScale: optional('-e', last('scale-task-mem'), parseScale(5)) ?? 0,
      screenColumns: columnsOf(last('width'), env, terminalColumns),
      ...(user ? { user } : {}),
    },
  };
}

function value<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) throw new CommandError(`${flag}: ${error.message}`);
    throw error;
  }
}

function optional<T>(flag: string, text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : value(flag, text, parse);
}

function parseDelay(text: string): number {
  const seconds = DECIMAL.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  if (seconds >= 0 && seconds < MOST_NUMBER) return seconds;
  throw new InputError(text, 'a delay', 'seconds from 0 on, such as 3 or 0.5');
}

/** Decimal, or octal and hexadecimal with their prefixes, as strtol(3) reads them. */
function wholeNumber(text: string): number {
  if (!WHOLE.test(text)) return Number.NaN;
  const digits = text.replace('+', '');
  return /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}

function parseIterations(text: string): number {
  const number = wholeNumber(text);
  if (number >= 1 && number < MOST_NUMBER) return number;
  throw new InputError(text, 'a number of frames', 'a whole number from 1 on');
}

/** `0` is this process. A comma at the end is let pass. */
function parsePidList(text: string): number[] {
  const parts = text.replace(/,$/, '').split(',');
  return parts.map((part) => {
    const pid = /^\d{1,10}$/.test(part) ? Number(part) : Number.NaN;
    if (!(pid <= MOST_PID))
      throw new InputError(text, 'a list of pids', 'whole numbers with commas between them, such as 1,2');
    return pid === 0 ? process.pid : pid;
  });
}

function parseSort(text: string): { readonly sortBy: string; readonly descending: boolean } {
  const sortBy = text.replace(/^[+-]/, '');
  if (Object.hasOwn(SORT_FIELDS, sortBy)) return { sortBy, descending: !text.startsWith('-') };
  throw new InputError(text, 'a field to sort by', Object.keys(SORT_FIELDS).join(' '));
}

function parseScale(count: number): (text: string) => number {
  const units: readonly string[] = MEMORY_SCALES.slice(0, count);
  return (text) => {
    const scale = units.indexOf(text.toLowerCase());
    if (scale < 0) throw new InputError(text, 'a unit of memory', units.join(' '));
    return scale;
  };
}

function userOf(words: DirectWords, accounts: AccountNames): TopView['user'] {
  const given = ['filter-only-euser', 'filter-any-user'].flatMap((name) =>
    (words.options.get(name) ?? []).map((text) => ({ text, anyId: name === 'filter-any-user' })),
  );
  if (given.length > 1 || (given.length > 0 && words.options.has('pid'))) {
    throw new CommandError('-p, -u, -U: only one of them can choose the processes');
  }
  if (given.length === 0) return undefined;
  const [{ text, anyId }] = given as [(typeof given)[0]];
  const inverted = text.startsWith('!');
  const name = inverted ? text.slice(1) : text;
  const number = wholeNumber(name);
  const uid = Number.isNaN(number) ? accounts.uidOf(Buffer.from(name).toString('latin1')) : number;
  if (uid === undefined) {
    throw new CommandError(`${anyId ? '-U' : '-u'}: there is no user "${escapeTerminal(name)}" in this tree`);
  }
  return { uid, anyId, inverted };
}

/** What is asked for, then what the terminal has, then COLUMNS, then 80: at most 512, as procps has it. */
function columnsOf(
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  terminalColumns: number | undefined,
): number {
  const fromEnvironment = wholeNumber(env.COLUMNS ?? '');
  const asked =
    text === undefined ? undefined : text === '' ? fromEnvironment || MOST_COLUMNS : value('-w', text, parseColumns);
  const columns = asked ?? terminalColumns ?? (fromEnvironment || DEFAULT_COLUMNS);
  return Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns));
}

function parseColumns(text: string): number {
  const columns = wholeNumber(text);
  if (columns >= LEAST_COLUMNS && columns <= MOST_COLUMNS) return columns;
  throw new InputError(text, 'a width', `whole columns from ${LEAST_COLUMNS} to ${MOST_COLUMNS}`);
}
