import { describe, expect, it } from 'vitest';
import { lastPidOf, parseLoadAverages } from './loadavg.js';

const lastPid = (text: string, length = text.length) => lastPidOf(new TextEncoder().encode(text), length);

describe('lastPidOf', () => {
  it('is the last number', () => {
    expect(lastPid('0.08 0.02 0.01 1/123 4567\n')).toBe(4567);
    expect(lastPid('0.08 0.02 0.01 1/123 4567')).toBe(4567);
  });

  it('ends at the length', () => {
    expect(lastPid('0.08 0.02 0.01 1/123 4567\n99999', 26)).toBe(4567);
  });

  it.each(['', '\n', 'word', '0.08 ', '0.08 12x\n', '0.08 0.02\n'])('%j does not tell', (text) => {
    expect(lastPid(text)).toBe(-1);
  });

  // Found by fuzzing: the addon gave a negative number for what is above 2^63, and this side the number.
  it.each(['1/9 18446744073709551615\n', '1/9 2147483648\n'])('%j is beyond any pid and does not tell', (text) => {
    expect(lastPid(text)).toBe(-1);
    expect(lastPid('1/9 2147483647\n')).toBe(2147483647);
  });
});

describe('parseLoadAverages', () => {
  it('are the first three numbers', () => {
    expect(parseLoadAverages('0.08 12.02 0.01 1/123 4567\n')).toEqual([0.08, 12.02, 0.01]);
  });

  it.each(['', '0.08 0.02', 'x 0.1 0.2', '0.1 0.2 0.3x'])('%j has none', (text) => {
    expect(parseLoadAverages(text)).toBeUndefined();
  });
});
