/**
 * The words of `ps`: three grammars at once. `-ef` are options with a dash, `aux` the same letters without one and with
 * other meanings, `--sort x` long ones, and a bare number is a pid.
 *
 * The trap: `ps -aux` means the processes of user x in the first grammar. procps reads all words once with the dash
 * meaning what it says and, when that fails, once more as if it were not there; so do we, and the first reading's
 * sentence is the one that is printed. What procps has and we do not is refused by name, never read otherwise.
 */
import type { AccountNames } from '../procfs/accounts.js';
import { escapeTerminal } from '../text/escape.js';
import type { PsListKind } from '../views/ps-select.js';
import { UsageError } from './command-error.js';
import type { PsWords } from './ps-asked.js';
import { entriesOf, Misread, pidOf, ttyOf } from './ps-lists.js';

export interface PsWordsHost {
  readonly accounts: AccountNames;
  /** Device number of our terminal. */
  readonly tty: number;
}

const DASHED_LISTS: Readonly<Record<string, PsListKind>> = {
  ...{ C: 'comm', G: 'rgid', U: 'ruid', p: 'pid', s: 'session', t: 'tty', u: 'euid' },
};
const DASHED_SWITCHES: Readonly<Record<string, 'all' | 'negated'>> = { A: 'all', e: 'all', N: 'negated' };
const PLAIN_SWITCHES: Readonly<Record<string, 'names' | 'environment' | 'numbers' | 'runningOnly' | 'deadChildren'>> = {
  c: 'names',
  e: 'environment',
  n: 'numbers',
  r: 'runningOnly',
  S: 'deadChildren',
};
const FORMAT_LETTERS = 'fFljycPMZ';
const LONG_LISTS: Readonly<Record<string, PsListKind>> = {
  Group: 'rgid',
  User: 'ruid',
  group: 'egid',
  pid: 'pid',
  ppid: 'ppid',
  sid: 'session',
  tty: 'tty',
  user: 'euid',
};
const NO_HEADING = /^no-?head(?:er|ing)s?$/;
const HEADINGS = /^head(?:er|ing)s?$/;
const VERSION = 'the version is printed by "tidemark --version"';
const THREADS = 'shows threads, and a process list has none; the column nlwp counts them';

/** Takes the words apart. Throws `UsageError`. */
export function parsePsWords(words: readonly string[], host: PsWordsHost): PsWords {
  try {
    return new Reading(words, host, false).read();
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    try {
      return new Reading(words, host, true).read();
    } catch (second) {
      throw second instanceof Misread ? new UsageError(error.message) : second;
    }
  }
}

class Reading {
  readonly #words: readonly string[];
  readonly #host: PsWordsHost;
  readonly #isBsd: boolean;
  #at = -1;
  readonly #out: PsWords = {
    ...{ all: false, lists: [], quick: undefined, simple: new Set(), runningOnly: false, negated: false },
    ...{ formats: [], sets: new Set(), letters: new Set(), sorts: [], bsd: false, wide: 0, columns: undefined },
    ...{ lines: undefined, headings: 'one', forest: undefined, names: false, environment: false, numbers: false },
    deadChildren: false,
  };

  constructor(words: readonly string[], host: PsWordsHost, isBsd: boolean) {
    this.#words = words;
    this.#host = host;
    this.#isBsd = isBsd;
  }

  read(): PsWords {
    this.#out.bsd = this.#isBsd;
    while (++this.#at < this.#words.length) {
      const word = this.#words[this.#at];
      if (/^--[A-Za-z]/.test(word)) this.#long(word);
      else if (/^-[A-Za-z]/.test(word)) this.#isBsd ? this.#plain(word.slice(1)) : this.#dashed(word);
      // procps' second reading is for words with a dash alone.
      else if (/^[A-Za-z]/.test(word) && !this.#isBsd) this.#plain(word);
      else if (/^[-+]?\d/.test(word)) return this.#trailingPids();
      else throw new Misread(`"${escapeTerminal(word)}" is no option and no pid`);
    }
    return this.#out;
  }

  /** Letters behind a dash. A letter that takes a value ends the word. */
  #dashed(word: string): void {
    for (let at = 1; at < word.length; at++) {
      if (this.#dashedLetter(word[at], () => this.#value(`-${word[at]}`, word.slice(at + 1)))) return;
    }
  }

  /** True when the letter took a value. */
  #dashedLetter(letter: string, value: () => string): boolean {
    const out = this.#out;
    if (letter in DASHED_SWITCHES) {
      out[DASHED_SWITCHES[letter]] = true;
      return false;
    }
    if (letter in DASHED_LISTS) {
      this.#list(DASHED_LISTS[letter], value(), `-${letter}`);
      return true;
    }
    switch (letter) {
      case 'a':
      case 'd':
        out.simple.add(`-${letter}`);
        return false;
      case 'w':
        out.wide++;
        return false;
      case 'H':
        out.forest = 'blanks';
        return false;
      case 'o':
      case 'O':
        out.formats.push({ kind: letter, list: value() });
        return true;
      case 'q':
        this.#quick(value());
        return true;
      case 'g':
        this.#groupOrSession(value());
        return true;
      case 'L':
      case 'T':
      case 'm':
        throw new UsageError(`-${letter} ${THREADS}`);
      case 'V':
        throw new UsageError(`-V: ${VERSION}`);
    }
    if (!FORMAT_LETTERS.includes(letter)) throw new Misread(`unknown option '-${escapeTerminal(letter)}'`);
    out.letters.add(letter === 'Z' ? 'M' : letter);
    return false;
  }

  /** Letters without a dash. */
  #plain(word: string): void {
    this.#out.bsd = true;
    for (let at = 0; at < word.length; at++) {
      if (/\d/.test(word[at])) {
        this.#list('pid', word.slice(at), 'ps');
        return;
      }
      if (this.#plainLetter(word[at], () => this.#value(word[at], word.slice(at + 1)), word.slice(at + 1))) return;
    }
  }

  /** True when the letter took a value. */
  #plainLetter(letter: string, value: () => string, rest: string): boolean {
    const out = this.#out;
    if (letter in PLAIN_SWITCHES) {
      out[PLAIN_SWITCHES[letter]] = true;
      return false;
    }
    switch (letter) {
      case 'a':
      case 'g':
      case 'x':
        out.simple.add(letter);
        return false;
      case 'j':
      case 'l':
      case 's':
      case 'u':
      case 'v':
        out.sets.add(letter);
        return false;
      case 'Z':
        out.letters.add('M');
        return false;
      case 'f':
        out.forest = 'lines';
        return false;
      case 'h':
        this.#heading('none');
        return false;
      case 'w':
        out.wide++;
        return false;
      case 'T':
        out.lists.push({ kind: 'tty', values: [this.#host.tty] });
        return false;
      case 'o':
      case 'O':
        out.formats.push({ kind: letter === 'o' ? 'o' : 'b', list: value() });
        return true;
      case 'k':
        out.sorts.push(value());
        return true;
      case 'p':
        this.#list('pid', value(), letter);
        return true;
      case 'q':
        this.#quick(value());
        return true;
      case 'U':
        this.#list('euid', value(), letter);
        return true;
      case 't':
        if (rest === '' && !this.#words[this.#at + 1]) out.lists.push({ kind: 'tty', values: [this.#host.tty] });
        else this.#list('tty', value(), letter);
        return true;
      case 'H':
      case 'M':
      case 'm':
        throw new UsageError(`${letter} ${THREADS}`);
      case 'L':
        throw new UsageError('L: the columns are listed by "tidemark ps --help"');
      case 'V':
        throw new UsageError(`V: ${VERSION}`);
      case 'X':
        throw new UsageError('X prints registers of an i386; ask for -o pid,stackp,esp,eip,args');
      default:
        throw new Misread(`unknown option '${escapeTerminal(letter)}' (without a dash)`);
    }
  }

  #long(word: string): void {
    const out = this.#out;
    const [, name, given] = /^--([^:=]*)(?:[:=](.*))?$/s.exec(word)!;
    const shown = `--${escapeTerminal(name)}`;
    const value = () => this.#value(shown, given ?? '');
    if (Object.hasOwn(LONG_LISTS, name)) this.#list(LONG_LISTS[name], value(), shown);
    else if (name === 'quick-pid') this.#quick(value());
    else if (name === 'format') out.formats.push({ kind: 'o', list: value() });
    else if (name === 'sort') out.sorts.push(value());
    else if (name === 'cols' || name === 'columns' || name === 'width') out.columns = this.#size(shown, value());
    else if (name === 'rows' || name === 'lines') out.lines = this.#size(shown, value());
    else if (name === 'info' || name === 'version') throw new UsageError(`${shown}: ${VERSION}`);
    else if (!this.#switch(name)) throw new Misread(`unknown option '${shown}'`);
    else if (given !== undefined) {
      throw new Misread(`option '${shown}' takes no value, got "${escapeTerminal(given)}"`);
    }
  }

  #switch(name: string): boolean {
    const out = this.#out;
    if (NO_HEADING.test(name)) this.#heading('none');
    else if (HEADINGS.test(name)) this.#heading('many');
    else if (name === 'forest') out.forest = 'lines';
    else if (name === 'deselect') out.negated = true;
    else if (name === 'cumulative') out.deadChildren = true;
    else if (name === 'context') out.sets.add('context');
    else return false;
    return true;
  }

  /** Bare numbers end the options: pids, and with a sign process groups (-) and sessions (+). */
  #trailingPids(): PsWords {
    this.#out.bsd = true;
    for (const word of this.#words.slice(this.#at)) {
      const kind = word.startsWith('-') ? 'pgrp' : word.startsWith('+') ? 'session' : 'pid';
      this.#out.lists.push({ kind, values: [pidOf(word.replace(/^[-+]/, ''), 'a pid')] });
    }
    return this.#out;
  }

  #value(option: string, rest: string): string {
    if (rest !== '') return rest;
    const next = this.#words[this.#at + 1];
    if (!next) throw new Misread(`option '${option}' argument missing`);
    this.#at++;
    return next;
  }

  #list(kind: PsListKind, list: string, option: string): void {
    this.#out.lists.push({ kind, values: entriesOf(list, option).map((entry) => this.#entry(kind, entry, option)) });
  }

  #entry(kind: PsListKind, entry: string, option: string): number | string {
    switch (kind) {
      case 'comm':
        return entry;
      case 'tty':
        return ttyOf(entry, option);
      case 'euid':
      case 'ruid':
        return this.#account(entry, option, 'user');
      case 'egid':
      case 'rgid':
        return this.#account(entry, option, 'group');
      default:
        return pidOf(entry, option);
    }
  }

  #account(entry: string, option: string, what: 'user' | 'group'): number {
    if (/^\d+$/.test(entry) && Number(entry) < 2 ** 32 - 1) return Number(entry);
    const { accounts } = this.#host;
    const latin1 = Buffer.from(entry).toString('latin1');
    const id = what === 'user' ? accounts.uidOf(latin1) : accounts.gidOf(latin1);
    // Nobody is a match for a user that does not exist, when all but that user are asked for.
    if (id === undefined && this.#out.negated) return -1;
    if (id === undefined) throw new Misread(`${option}: there is no ${what} "${escapeTerminal(entry)}"`);
    return id;
  }

  #groupOrSession(list: string): void {
    if (/^[\d, \t]+$/.test(list)) this.#list('session', list, '-g');
    else this.#list('egid', list, '-g');
  }

  #quick(list: string): void {
    if (this.#out.quick) throw new UsageError('-q can be given once');
    this.#out.quick = entriesOf(list, '-q').map((entry) => pidOf(entry, '-q'));
  }

  #heading(kind: 'none' | 'many'): void {
    if (this.#out.headings !== 'one') throw new Misread('headings can be asked for or forbidden once');
    this.#out.headings = kind;
  }

  #size(option: string, text: string): number {
    const size = /^\d+$/.test(text) ? Number(text) : 0;
    if (size > 0 && size < 2e9) return size;
    throw new Misread(`${option}: expected a whole number from 1, got "${escapeTerminal(text)}"`);
  }
}
