import { describe, expect, it } from 'vitest';
import { InputError } from '../text/input-error.js';
import { oneOf, parseHz, parsePageSize, parsePid, parsePids, wordOr } from './option-values.js';

function refusalOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('Expected it to be refused');
}

describe('values of options', () => {
  it.each([
    ['0.01', 0.01],
    ['10', 10],
    ['10000', 10_000],
  ])('takes %s as a rate', (text, hz) => expect(parseHz(text)).toBe(hz));

  it.each(['', '0', '0.009', '10001', '-1', '1e3', '10Hz', ' 1', '0x10', 'NaN'])('refuses %j as a rate', (text) => {
    expect(refusalOf(() => parseHz(text))).toBe(
      `"${text}" is not a rate; allowed: times per second, 0.01 to 10000, such as 10 or 0.5`,
    );
  });

  it('takes pids in the order given, once each', () => {
    expect(parsePids('3,1,3,2147483647')).toEqual([3, 1, 2_147_483_647]);
    expect(parsePid('1')).toBe(1);
  });

  it.each(['', '0', '1,', ',1', '1 2', '1, 2', '-1', '2147483648', '99999999999999999999'])(
    'refuses %j as pids',
    (text) => {
      expect(refusalOf(() => parsePids(text))).toContain(`"${text}" is not a list of pids`);
    },
  );

  it('takes a page size with or without a unit', () => {
    expect([parsePageSize('4096'), parsePageSize('16K'), parsePageSize('64KiB')]).toEqual([4096, 16_384, 65_536]);
  });

  it.each(['', '0', '2048', '4097', '32M', '4k', 'x'])('refuses %j as a page size', (text) => {
    expect(refusalOf(() => parsePageSize(text))).toContain(`"${text}" is not a page size`);
  });

  it('takes words, and words or a value', () => {
    expect(oneOf('a colour', ['red', 'green'])('green')).toBe('green');
    expect(refusalOf(() => oneOf('a colour', ['red', 'green'])('blue'))).toBe(
      '"blue" is not a colour; allowed: red, green',
    );
    const rate = wordOr(['auto', 'off'], parseHz);
    expect([rate('auto'), rate('2')]).toEqual(['auto', 2]);
    expect(refusalOf(() => rate('on'))).toBe(
      '"on" is not a rate; allowed: auto, off, or times per second, 0.01 to 10000, such as 10 or 0.5',
    );
  });
});
