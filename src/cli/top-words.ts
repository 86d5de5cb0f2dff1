/**
 * The words of `top` in the grammar that procps' top has: letters in a row (`-bn2`), a value behind the letter, behind `=`
 * or in the next word, long names that may be cut short, and a value for `-w` that may be left out.
 *
 * The trap: `-c`, `-i`, `-S` and `-1` are toggles, so giving one twice is giving it not at all; of the others the last one
 * counts, except for pids, which add up.
 */
import { escapeTerminal } from '../text/escape.js';
import { UsageError } from './command-error.js';
import type { DirectOption, DirectWords } from './direct-command.js';
import { DIRECT_OPTIONS } from './direct-options.js';
import { AT_OPTION } from './recorded-words.js';

export const TOP_OPTIONS = {
  'batch-mode': { short: 'b', help: 'print frames one after the other instead of drawing a screen' },
  iterations: { short: 'n', value: 'number', help: 'end after so many frames' },
  delay: { short: 'd', value: 'seconds', help: 'time between two frames, such as 0.5 (default: 3, on the screen 1)' },
  pid: { short: 'p', value: 'pid,..', help: 'these processes only' },
  'filter-only-euser': { short: 'u', value: 'user', help: 'processes of this user only; !user for all others' },
  'filter-any-user': { short: 'U', value: 'user', help: 'the same by real, saved and file system user as well' },
  'sort-override': {
    short: 'o',
    value: 'field',
    help: 'sort by this field, -field for ascending (default: %CPU, on the screen growth)',
  },
  'cmdline-toggle': { short: 'c', help: 'command lines instead of names' },
  'idle-toggle': { short: 'i', help: 'only processes that used CPU time since the last frame' },
  'accum-time-toggle': { short: 'S', help: 'times with those of ended children' },
  'single-cpu-toggle': { short: '1', help: 'a line for each CPU' },
  'scale-summary-mem': { short: 'E', value: 'unit', help: 'unit of the summary: k m g t p e (default: "m")' },
  'scale-task-mem': { short: 'e', value: 'unit', help: 'least unit of the columns: k m g t p (default: "k")' },
  width: { short: 'w', value: 'columns', help: 'width of a line; without a number that of COLUMNS, or 512' },
  in: { value: 'file', help: 'a recording to look at instead of this host, - for stdin' },
  at: AT_OPTION,
  procfs: DIRECT_OPTIONS.procfs,
  engine: DIRECT_OPTIONS.engine,
  'page-size': DIRECT_OPTIONS['page-size'],
  'clock-ticks': DIRECT_OPTIONS['clock-ticks'],
  json: { help: 'print JSON, an object for each frame' },
} as const satisfies Record<string, DirectOption>;

/** What procps' top has and this one has not. */
const NOT_HERE: Readonly<Record<string, string>> = {
  H: 'threads-show',
  O: 'list-fields',
  s: 'secure-mode',
  V: 'version',
};

type OptionName = keyof typeof TOP_OPTIONS;

const NAMES = Object.keys(TOP_OPTIONS) as OptionName[];

/** Takes the words apart. Throws `UsageError` for an option that does not exist, or whose value is missing. */
export function parseTopWords(words: readonly string[]): DirectWords {
  const options = new Map<string, string[]>();
  const positionals: string[] = [];
  let next = 0;
  const add = (name: OptionName, value: string | undefined) => {
    const given = options.get(name) ?? [];
    given.push(valueFor(name, value));
    options.set(name, given);
  };
  const valueFor = (name: OptionName, value: string | undefined): string => {
    if (!takesValue(name)) {
      if (value === undefined) return '';
      throw new UsageError(`option '--${name}' takes no value, got "${escapeTerminal(value)}"`);
    }
    if (value !== undefined) return value;
    const follows = words[next];
    if (name === 'width' && (follows === undefined || follows.startsWith('-'))) return '';
    if (follows === undefined) throw new UsageError(`option '${flagOf(name)}' argument missing`);
    next++;
    return follows;
  };
  while (next < words.length) {
    const word = words[next++]!;
    if (word === '--') {
      positionals.push(...words.slice(next));
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = longName(equals < 0 ? word.slice(2) : word.slice(2, equals));
      add(name, equals < 0 ? undefined : word.slice(equals + 1));
    } else if (word.length > 1 && word.startsWith('-')) {
      for (let at = 1; at < word.length; at++) {
        const name = shortName(word[at]!);
        if (!takesValue(name)) {
          add(name, undefined);
          continue;
        }
        const rest = word.slice(at + 1).replace(/^=/, '');
        add(name, rest === '' ? undefined : rest);
        break;
      }
    } else {
      positionals.push(word);
    }
  }
  return { options, positionals };
}

function takesValue(name: OptionName): boolean {
  return 'value' in TOP_OPTIONS[name];
}

function flagOf(name: OptionName): string {
  const option: DirectOption = TOP_OPTIONS[name];
  return option.short === undefined ? `--${name}` : `-${option.short}, --${name}`;
}

function shortName(letter: string): OptionName {
  const name = NAMES.find((candidate) => (TOP_OPTIONS[candidate] as DirectOption).short === letter);
  if (name !== undefined) return name;
  if (Object.hasOwn(NOT_HERE, letter)) throw notHere(`-${letter}`);
  throw new UsageError(`unknown option '-${escapeTerminal(letter)}'`);
}

function longName(text: string): OptionName {
  const exact = NAMES.find((name) => name === text);
  if (exact) return exact;
  const others = Object.values(NOT_HERE);
  const begun = [...NAMES, ...others].filter((name) => name.startsWith(text));
  const [only] = begun;
  if (only === undefined || begun.length > 1) {
    const meant = begun.length > 1 ? ` (Did you mean ${begun.map((name) => `--${name}`).join(' or ')}?)` : '';
    throw new UsageError(`unknown option '--${escapeTerminal(text)}'${meant}`);
  }
  if (others.includes(only)) throw notHere(`--${only}`);
  return only as OptionName;
}

function notHere(flag: string): UsageError {
  return new UsageError(`option '${flag}' of procps' top is not supported`);
}
