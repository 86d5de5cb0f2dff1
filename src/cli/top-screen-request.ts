/**
 * What the words of `top` ask of the screen.
 *
 * The traps: some of the words are about the columns of procps, which the screen has not: they are refused and not
 * ignored; and the rate of sampling is not that of drawing, since a change over ten seconds needs more than three points.
 */
import { chooseEngine } from '../engine/choose.js';
import { AccountNames } from '../procfs/accounts.js';
import { escapeTerminal } from '../text/escape.js';
import type { SortName } from '../views/screen/row-sort.js';
import { CommandError } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { directUnitsOf, engineOf, inputOf, procfsOf } from './direct-options.js';
import { viewOf } from './recorded-instant.js';
import { atOf } from './recorded-words.js';
import { openInput } from './recording-input.js';
import { timeAt } from './recording-times.js';
import { requestOf } from './top-options.js';
import type { ReplayRequest, ScreenRequest } from './top-screen.js';

const DEFAULT_DELAY_MS = 1000;
const HOST_HZ = 1;
/** A few processes cost next to nothing. */
const PIDS_HZ = 10;
const MOST_HZ = 100;

/** What procps' fields are here. */
const SORTS: Readonly<Record<string, SortName>> = {
  PID: 'pid',
  RES: 'rss',
  '%MEM': 'rss',
  COMMAND: 'command',
};

const BATCH_ONLY = [
  ...['idle-toggle', 'accum-time-toggle', 'single-cpu-toggle', 'scale-summary-mem', 'scale-task-mem', 'width'],
];

/** A screen of the recording of `--in`. */
export function replayRequestOf(words: DirectWords): ReplayRequest {
  refuseStray(words);
  const notRecorded = ['filter-only-euser', 'filter-any-user', 'procfs', 'engine'].find((name) =>
    words.options.has(name),
  );
  if (notRecorded !== undefined) throw new CommandError(`--${notRecorded}: not of a recording; -p chooses processes`);
  const { view, pids, iterations, delayMs } = requestOf(words, new AccountNames('/proc'), process.env, undefined);
  const file = inputOf(words)!;
  const at = atOf(words);
  const recording = openInput(file);
  // What cannot be shown is refused before the terminal is touched.
  if (!viewOf(recording, file).finder.last())
    throw new CommandError(`${file === '-' ? 'standard input' : escapeTerminal(file)}: it has no frame`);
  return {
    ...{ recording, iterations },
    delayMs: words.options.has('delay') ? delayMs : DEFAULT_DELAY_MS,
    ...(pids ? { pids } : {}),
    ...(at === undefined ? {} : { atNs: timeAt(recording, 'top', at) }),
    state: { commandLines: view.cmdline, ...sortOf(words) },
  };
}

function refuseStray(words: DirectWords): void {
  const stray = BATCH_ONLY.find((name) => words.options.has(name));
  if (stray !== undefined)
    throw new CommandError(`--${stray} is for -b: the screen is about memory, and has its own columns`);
}

export function screenRequestOf(words: DirectWords): ScreenRequest {
  refuseStray(words);
  const root = procfsOf(words);
  const accounts = new AccountNames(root);
  const { view, pids, iterations, delayMs } = requestOf(words, accounts, process.env, undefined);
  const wantedDelayMs = words.options.has('delay') ? delayMs : DEFAULT_DELAY_MS;
  const engine = engineOf(words);
  // What cannot be used is refused before the terminal is touched.
  chooseEngine(engine);
  const { user } = view;
  return {
    ...{ root, accounts, engine, iterations },
    host: directUnitsOf(words),
    delayMs: wantedDelayMs,
    hz: Math.min(MOST_HZ, Math.max(pids ? PIDS_HZ : HOST_HZ, 1000 / Math.max(1, wantedDelayMs))),
    ...(pids ? { pids } : {}),
    ...(user
      ? {
          isWanted: (uids) => {
            if (uids.length === 0) return false;
            const is = user.anyId ? uids.includes(user.uid) : uids[1] === user.uid;
            return is !== user.inverted;
          },
        }
      : {}),
    state: { commandLines: view.cmdline, ...sortOf(words) },
  };
}

function sortOf(words: DirectWords): { readonly sort?: SortName; readonly reversed?: boolean } {
  const given = words.options.get('sort-override')?.at(-1);
  if (given === undefined) return {};
  const sort = SORTS[given.replace(/^[+-]/, '')];
  if (sort === undefined) {
    const fields = Object.keys(SORTS).join(' ');
    throw new CommandError(
      `-o: the screen cannot sort by "${escapeTerminal(given)}"; it can by ${fields}, and -b by all`,
    );
  }
  return { sort, reversed: given.startsWith('-') };
}
