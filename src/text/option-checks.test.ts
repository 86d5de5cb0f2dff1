import { describe, expect, it } from 'vitest';
import {
  booleanOption,
  checkNames,
  functionOption,
  numberOption,
  timeOption,
  wordOption,
  wordsOption,
} from './option-checks.js';

describe('options', () => {
  it('that are misspelt, or no options, are refused by name', () => {
    checkNames({ a: 1, b: undefined }, ['a', 'b']);
    expect(() => checkNames({ c: undefined }, ['a', 'b'])).toThrow(
      new TypeError('There is no "c" option; the options are a, b'),
    );
    for (const [value, text] of [
      [null, 'null'],
      ['a', "'a'"],
      [() => {}, '[Function (anonymous)]'],
    ] as const) {
      expect(() => checkNames(value, ['a'])).toThrow(
        new TypeError(`Expected the options to be an object, got ${text}`),
      );
    }
  });

  it('are refused with the value and what is allowed, and may be left out', () => {
    const refusals: [(value: unknown) => void, unknown, string][] = [
      [(value) => booleanOption('o', value), 1, 'true or false, got 1'],
      [(value) => functionOption('o', value), 'f', "a function, got 'f'"],
      [(value) => timeOption('o', value), 1.5, 'a bigint of Unix nanoseconds, got 1.5'],
      [(value) => wordOption('o', value, ['a', 'b']), 'c', "one of a, b, got 'c'"],
      [(value) => wordsOption('o', value, ['a', 'b']), ['a', 'c'], "an array of a, b, got [ 'a', 'c' ]"],
      [(value) => wordsOption('o', value, ['a', 'b']), 'a', "an array of a, b, got 'a'"],
    ];
    for (const [check, value, text] of refusals) {
      expect(() => check(value)).toThrow(new TypeError(`Expected the "o" option to be ${text}`));
      check(undefined);
    }
    wordsOption('o', ['b', 'a'], ['a', 'b']);
    expect(() => numberOption('o', Number.NaN, 1, 2)).toThrow(
      new RangeError('Expected the "o" option to be a number from 1 to 2, got NaN'),
    );
  });
});
