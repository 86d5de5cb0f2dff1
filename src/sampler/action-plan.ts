/**
 * The actions that a recording may take, checked before it begins: the rule, the program, the times.
 *
 * The trap: a program that is not there would be found out at three in the morning, when the rule comes true.
 */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { findMetric } from '../schema.js';
import { InputError } from '../text/input-error.js';
import { shown } from '../text/shown.js';
import { splitWords } from '../text/split-words.js';
import type { DeepRate } from './deep-schedule.js';
import type { WatchedRule } from './rule-watch.js';
import { parseRule, type Rule } from './rules.js';

/** What is done when a rule becomes true of a process. */
export interface ActionOption {
  /** `rss>2GiB|growth>1MiB/s|limit>90%`: see docs/actions.md. */
  readonly on: string;
  /**
   * The program and its arguments, one by one or as text that is split as a shell's quotes split it. No shell is run. Within
   * an argument `{pid} {comm} {metric} {value} {file} {time}` are replaced.
   */
  readonly exec: string | readonly string[];
  /** Milliseconds after which it is ended; default 60000. */
  readonly timeoutMs?: number;
  /** The same process is not acted upon again for so many milliseconds; default 60000. */
  readonly everyMs?: number;
}

export interface PlannedAction {
  readonly rule: Rule;
  /** Where the program is. */
  readonly program: string;
  readonly words: readonly string[];
  readonly timeoutMs: number;
  readonly everyMs: number;
}

const ACTION_OPTION_NAMES: readonly (keyof ActionOption)[] = ['on', 'exec', 'timeoutMs', 'everyMs'];
const MOST_ACTIONS = 32;
const TIMEOUT_MS = 60_000;
const EVERY_MS = 60_000;
/** Timers of Node are 31 bits wide. */
export const MAX_ACTION_MS = 2 ** 31 - 1;
const LEAST_TIMEOUT_MS = 1;
export const REPLACED = ['pid', 'comm', 'metric', 'value', 'file', 'time'] as const;
/** Not `${home}`, which is a shell's. */
const PLACEHOLDER = /(?<!\$)\{([a-z]+)\}/g;

/** Checks the option. Throws a TypeError or RangeError that names what is wrong. */
export function planActions(
  value: unknown,
  has: { readonly engine: string; readonly rollup: DeepRate; readonly mappings: string | number },
): PlannedAction[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MOST_ACTIONS) {
    throw new TypeError(`Expected the "actions" option to be an array of up to ${MOST_ACTIONS}, got ${shown(value)}`);
  }
  return value.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) {
      throw new TypeError(`Expected an action to be { on, exec, timeoutMs, everyMs }, got ${shown(one)}`);
    }
    for (const name of Object.keys(one)) {
      if ((ACTION_OPTION_NAMES as readonly string[]).includes(name)) continue;
      throw new TypeError(`An action has no "${name}"; it has ${ACTION_OPTION_NAMES.join(', ')}`);
    }
    const { on, exec, timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS } = one as Partial<ActionOption>;
    const rule = checked('on', on, () => parseRule(String(on)));
    checkTold(rule, has);
    const { words, program } = actionCommand(exec);
    for (const [name, ms, least] of [
      ['timeoutMs', timeoutMs, LEAST_TIMEOUT_MS],
      ['everyMs', everyMs, 0],
    ] as const) {
      if (typeof ms === 'number' && ms >= least && ms <= MAX_ACTION_MS) continue;
      throw new RangeError(`Expected the "${name}" of an action to be ${least} to ${MAX_ACTION_MS}, got ${shown(ms)}`);
    }
    return { rule, program, words, timeoutMs, everyMs };
  });
}

/** What the sampler has to know of them. */
export function watchedRules(actions: readonly PlannedAction[]): WatchedRule[] {
  return actions.map(({ rule, everyMs }) => ({ ...rule, everyNs: everyMs * 1e6 }));
}

/** What nothing will tell must not be waited for. */
function checkTold(
  rule: Rule,
  { engine, rollup, mappings }: { engine: string; rollup: DeepRate; mappings: string | number },
): void {
  for (const { metric, source } of rule.comparisons) {
    if (source === 'rollup' && rollup === 'off' && mappings !== 'peak') {
      throw new TypeError(`The rule ${rule.text} needs deep reads: ${metric} is told by none with "rollup" off`);
    }
    if (findMetric(metric)?.engines === 'bpf' && engine !== 'bpf') {
      throw new TypeError(
        `The rule ${rule.text} needs the engine bpf: ${metric} is told by no other, and this is ${engine}`,
      );
    }
  }
}

/** The words of `exec` and where its program is. Throws a TypeError that says what is wrong. */
export function actionCommand(exec: unknown): Pick<PlannedAction, 'words' | 'program'> {
  const words = wordsOf(exec);
  return { words, program: findProgram(words[0]!) };
}

function wordsOf(exec: unknown): readonly string[] {
  const isList =
    Array.isArray(exec) && exec.length > 0 && exec.every((word) => typeof word === 'string' && !word.includes('\0'));
  if (!isList && typeof exec !== 'string') {
    throw new TypeError(`Expected the "exec" of an action to be a program and its arguments, got ${shown(exec)}`);
  }
  const words = isList ? (exec as readonly string[]) : checked('exec', exec, () => splitWords(exec as string));
  for (const word of words) {
    for (const [placeholder, name] of word.matchAll(PLACEHOLDER)) {
      if ((REPLACED as readonly string[]).includes(name!)) continue;
      const known = REPLACED.map((each) => `{${each}}`).join(' ');
      throw new TypeError(`There is no ${placeholder} to be replaced in an action; there are ${known}`);
    }
  }
  if (words[0]!.match(PLACEHOLDER)) throw new TypeError('The program of an action must not depend on what it is about');
  return words;
}

function checked<T>(name: string, value: unknown, parse: () => T): T {
  if (typeof value !== 'string')
    throw new TypeError(`Expected the "${name}" of an action to be text, got ${shown(value)}`);
  try {
    return parse();
  } catch (error) {
    if (error instanceof InputError) throw new TypeError(error.message);
    throw error;
  }
}

/** As a shell finds it, and nothing of the working directory by its name alone. Throws a TypeError. */
function findProgram(name: string): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const places = name.includes('/') ? [path.resolve(name)] : folders.map((folder) => path.join(folder, name));
  const there = places.filter((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
  const runnable = there.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (runnable !== undefined) return runnable;
  if (there.length > 0) throw new TypeError(`The program of an action, ${there[0]}, is not executable`);
  throw new TypeError(`There is no program ${shown(name)} for an action${name.includes('/') ? '' : ' in PATH'}`);
}

/** The same for an argument: each placeholder by its value, which stays within that one argument. */
export function filledWord(word: string, values: Readonly<Record<(typeof REPLACED)[number], string>>): string {
  return word.replace(PLACEHOLDER, (_, name: (typeof REPLACED)[number]) => values[name]);
}
