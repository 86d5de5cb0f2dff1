/**
 * Checks of options: each throws an error that names the option, the value and what is allowed.
 *
 * The trap: an option that is misspelt is there and does nothing, so names are checked as well as values.
 */
import { shown } from './shown.js';

/** Throws a TypeError for what is no object, and for an option that there is none. */
export function checkNames(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Expected the options to be an object, got ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`There is no "${name}" option; the options are ${names.join(', ')}`);
    }
  }
}

export function typedOption(name: string, value: unknown, allowed: string, isRight: (value: unknown) => boolean): void {
  if (value !== undefined && !isRight(value)) {
    throw new TypeError(`Expected the "${name}" option to be ${allowed}, got ${shown(value)}`);
  }
}

export function numberOption(name: string, value: unknown, least: number, most: number): void {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new RangeError(`Expected the "${name}" option to be a number from ${least} to ${most}, got ${shown(value)}`);
  }
}

export function functionOption(name: string, value: unknown): void {
  typedOption(name, value, 'a function', (one) => typeof one === 'function');
}

export function booleanOption(name: string, value: unknown): void {
  typedOption(name, value, 'true or false', (one) => typeof one === 'boolean');
}

/** Nanoseconds since 1970. */
export function timeOption(name: string, value: unknown): void {
  typedOption(name, value, 'a bigint of Unix nanoseconds', (one) => typeof one === 'bigint');
}

/** One of several words. */
export function wordOption(name: string, value: unknown, words: readonly string[]): void {
  typedOption(name, value, `one of ${words.join(', ')}`, (one) => words.includes(one as string));
}

/** An array of some of several words. */
export function wordsOption(name: string, value: unknown, words: readonly string[]): void {
  const areKnown = (list: unknown) => Array.isArray(list) && list.every((one) => words.includes(one));
  typedOption(name, value, `an array of ${words.join(', ')}`, areKnown);
}
