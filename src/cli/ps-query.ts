/**
 * From the words of `ps` to what is read and shown: columns, order and selection.
 *
 * The trap: which processes are shown when nothing is said depends on how the rest was said. With a dash: ours, on our
 * terminal; without one: all of ours that have a terminal.
 */
import { escapeTerminal } from '../text/escape.js';
import { PS_COLUMNS } from '../views/ps-columns.js';
import {
  fieldOf,
  fieldsOfOptions,
  fieldsOfSet,
  PS_SETS,
  type PsField,
  PsFormatError,
  parseFields,
} from '../views/ps-formats.js';
import type { PsOrder, PsQuery } from '../views/ps-list.js';
import type { PsSelection } from '../views/ps-select.js';
import { UsageError } from './command-error.js';
import type { PsWords } from './ps-asked.js';

/** What procps' one-letter sort keys stand for. */
const SHORT_KEYS: Readonly<Record<string, string>> = {
  ...{ C: 'pcpu', G: 'tpgid', M: 'maj_flt', P: 'ppid', R: 'rss', T: 'start_time', U: 'uid', c: 'cmd', f: 'flags' },
  ...{ g: 'pgrp', m: 'min_flt', o: 'session', p: 'pid', r: 'rss', s: 'size', t: 'tty', u: 'user', v: 'vsize' },
  y: 'priority',
};

/** The query and the fields to show. Throws `UsageError`. `env` may hold PS_FORMAT. */
export function queryOf(words: PsWords, env: NodeJS.ProcessEnv): { query: PsQuery; fields: readonly PsField[] } {
  const order: PsOrder[] = [];
  const formats: PsField[] = [];
  for (const { kind, list } of words.formats) {
    if (kind === 'b' && order.length === 0 && words.sorts.length === 0 && isShortOrder(list)) {
      order.push(...shortOrder(list));
      continue;
    }
    if (kind !== 'o' && formats.length > 0) throw new UsageError('-O cannot follow another list of columns');
    const fields = fieldsOrRefuse(kind === 'o' ? '-o' : '-O', () => parseFields(list));
    const trailer = PS_SETS.get(kind === 'b' ? 'END_BSD' : 'END_SYS5')!;
    formats.push(...(kind === 'o' ? fields : [fieldOf('pid'), ...fields, ...fieldsOfSet(trailer)]));
  }
  if (words.sorts.length + (order.length > 0 ? 1 : 0) > 1) throw new UsageError('--sort: an order can be given once');
  for (const sort of words.sorts) order.push(...longOrder(sort));
  const fields = chosenFields(words, formats, env);
  const selection = selectionOf(words);
  checkQuick(words, order);
  return {
    fields,
    query: {
      selection,
      quick: words.quick,
      columns: fields.map(({ column }) => column),
      order,
      forest: words.forest,
      modes: {
        numbers: words.numbers,
        names: words.names,
        full: words.letters.has('f') || words.letters.has('F'),
        environment: words.environment,
        deadChildren: words.deadChildren,
      },
    },
  };
}

function chosenFields(words: PsWords, formats: readonly PsField[], env: NodeJS.ProcessEnv): readonly PsField[] {
  const hasOptions = words.sets.size > 0 || words.letters.size > 0;
  if (formats.length > 0) {
    if (hasOptions) throw new UsageError('a list of columns and a format such as u, -f or -l contradict each other');
    return formats;
  }
  if (!hasOptions && env.PS_FORMAT) return fieldsOrRefuse('PS_FORMAT', () => parseFields(env.PS_FORMAT!));
  const { sets, letters, bsd } = words;
  return fieldsOrRefuse('ps', () => fieldsOfOptions({ sets, letters, bsdDefaults: bsd }));
}

function fieldsOrRefuse(option: string, parse: () => readonly PsField[]): readonly PsField[] {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PsFormatError)) throw error;
    throw new UsageError(`${option}: ${escapeTerminal(error.message)} ("tidemark ps --help" lists the columns)`);
  }
}

function longOrder(list: string): PsOrder[] {
  return list
    .replace(/[ ,\t\n]$/, '')
    .split(/[ ,\t\n]/)
    .map((key) => orderOf(key.replace(/^[-+]/, ''), key.startsWith('-')));
}

function isShortOrder(list: string): boolean {
  const letters = list.replace(/[-+](?=[^-+])/g, '');
  return /^[CGMPRTUcfgmoprstuvy]+$/.test(letters) && new Set(letters).size === letters.length;
}

function shortOrder(list: string): PsOrder[] {
  return Array.from(list.matchAll(/([-+]?)(.)/g), ([, sign, letter]) => orderOf(SHORT_KEYS[letter], sign === '-'));
}

function orderOf(name: string, descending: boolean): PsOrder {
  const column = PS_COLUMNS.get(name);
  if (column) return { name, column, descending };
  throw new UsageError(`--sort: there is no column "${escapeTerminal(name)}" ("tidemark ps --help" lists the columns)`);
}

function selectionOf({ all, simple, lists, bsd, runningOnly, negated }: PsWords): PsSelection {
  const bits = tableOf(simple, bsd);
  // The table is for those who gave no list.
  const isAsked = simple.size > 0 || lists.length === 0;
  return { all: all || bits === 'all', bits: isAsked && bits !== 'all' ? bits : 0, lists, runningOnly, negated };
}

/** Which answers to the four questions are accepted; see `PsSelection.bits`. */
function tableOf(simple: ReadonlySet<string>, bsd: boolean): number | 'all' {
  if (simple.size === 0 && !bsd) return 0xaa00;
  const [dashA, dashD] = [simple.has('-a'), simple.has('-d')];
  const [a, x] = [simple.has('a'), simple.has('x')];
  if (dashA || dashD) {
    if (a || x || simple.has('g')) throw new UsageError('-a and -d contradict a, g and x without a dash');
    return dashA && dashD ? 0x3f3f : dashA ? 0x0303 : 0x3333;
  }
  if (a && x) return 'all';
  return a ? 0x0f0f : x ? 0xaaaa : 0x0a0a;
}

function checkQuick({ quick, lists, forest, negated }: PsWords, order: readonly PsOrder[]): void {
  if (!quick) return;
  if (lists.length > 0) throw new UsageError('-q cannot be combined with another list of processes');
  if (forest) throw new UsageError('-q cannot be drawn as a tree');
  if (order.length > 0) throw new UsageError('-q shows the processes in the order given: no --sort');
  if (negated) throw new UsageError('-q cannot be negated');
}
