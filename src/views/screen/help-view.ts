/** What the keys do and the columns mean. */

import { legend } from './process-view.js';
import { ROW_SORTS } from './row-sort.js';
import { lineOf, type StyledLine, span } from './styled-line.js';
import type { Symbols } from './symbols.js';

/** Keys and what they do: the screen's help and docs/top.md have the same. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['q  Ctrl-C', 'quit'],
  ['?  h', 'this help'],
  ['up down PgUp PgDn Home End', 'select a row'],
  ['Enter', 'open a process, or list a group'],
  ['Esc', 'back; clears the selection, then the filter'],
  ['g', 'group by command, user, unit, or not'],
  ['/', 'filter by command, user, unit or pid; a regular expression'],
  ['1 .. 9 0', 'sort, see below'],
  ['<  >', 'sort by the one before, the next'],
  ['r', 'the other way round'],
  ['u', 'show USS, or not'],
  ['c', 'command lines, or names'],
  ['left right', 'one tick back, on; from live into the past'],
  ['[  ]', 'a minute back, on'],
  ['b', 'go to a time: 03:02, -15m, RFC 3339, a mark'],
  ['n  N', 'next, previous OOM kill, mark or gap'],
  ['d', 'difference against this instant, or not'],
  ['w', 'save a cut: from the marked instant, or the last minute'],
  ['f', 'back to live, or to the end'],
  ['space', 'pause, go on'],
  ['Ctrl-L', 'draw anew'],
  ['Ctrl-Z', 'suspend; fg comes back'],
];

const KEY_WIDTH = 28;

const COLUMN_TEXTS: readonly (readonly [column: string, means: string])[] = [
  ['RSS', 'resident memory'],
  ['PSS', 'its share: each page divided by those that map it'],
  ['USS', 'what only it maps'],
  ['~', 'older than the last deep read that was due'],
  ['denied', 'not permitted to read it: CAP_SYS_PTRACE'],
  ['+10s +10m', 'change of RSS; since the start, or since the process was first seen, where that is shorter'],
  ['PEAK AT', 'the most RSS that was seen here, and when; of the past, in the ten minutes before'],
  ['OVER TIME', 'RSS, up to ten minutes; now is at the right'],
];

export function helpLines(width: number, symbols: Symbols): StyledLine[] {
  const keyWidth = width >= 60 ? KEY_WIDTH : 10;
  const row = ([left, right]: readonly [string, string]): StyledLine[] => {
    if (left.length >= keyWidth) return [lineOf(span(left, 'bold')), lineOf(span(`${' '.repeat(2)}${right}`))];
    return [lineOf(span(left.padEnd(keyWidth), 'bold'), span(right))];
  };
  const sorts = ROW_SORTS.map(({ key, words }) => [key, `sort by ${words}`] as const);
  return [
    lineOf(span('KEYS', 'head')),
    ...KEYS.flatMap(row),
    lineOf(),
    lineOf(span('SORTING', 'head')),
    ...sorts.flatMap(row),
    lineOf(),
    lineOf(span('COLUMNS', 'head')),
    ...COLUMN_TEXTS.flatMap(row),
    lineOf(span('MADE OF'.padEnd(keyWidth), 'bold'), ...legend(symbols)),
    ...row([
      `${symbols.atMost} ${symbols.atLeast}`,
      'of a group: at most (shared pages count twice), at least (some is denied)',
    ]),
  ];
}
