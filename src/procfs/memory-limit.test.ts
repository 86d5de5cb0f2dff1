import { describe, expect, it } from 'vitest';
import { limitOf, parseMemoryLimit } from './memory-limit.js';

const NONE = Number.POSITIVE_INFINITY;

/** In the middle of other bytes, as a sweep has it. */
function limitIn(text: string, length = text.length): number {
  return parseMemoryLimit(Buffer.from(`9m${text}max77`, 'latin1'), 2, 2 + length);
}

describe('a limit', () => {
  it.each([
    ['0\n', 0],
    ['4096\n', 4096],
    ['4096', 4096],
    ['max\n', NONE],
    ['max', NONE],
    // Rounds to 2^60.
    ['1152921504606846975\n', NONE],
    ['9223372036854771712\n', NONE],
    ['1152921504606846976\n', NONE],
    ['1152921504606846000\n', 1152921504606846000],
  ])('%j', (text, value) => {
    expect(limitIn(text)).toBe(value);
  });

  it.each(['', '\n', '-1\n', 'x\n', 'mix\n', 'may\n', 'min', 'Max\n', ' 5\n'])('%j is none', (text) => {
    expect(limitIn(text)).toBeNaN();
  });

  it('ends at its length', () => {
    expect(limitIn('max', 2)).toBeNaN();
    expect(limitIn('max', 3)).toBe(NONE);
    expect(limitIn('123', 2)).toBe(12);
    expect(limitIn('', 0)).toBeNaN();
  });

  it('as a number stands for none from 2^60 on', () => {
    expect([0, 2 ** 60 - 128, 2 ** 60, 2 ** 63].map(limitOf)).toEqual([0, 2 ** 60 - 128, NONE, NONE]);
  });
});
