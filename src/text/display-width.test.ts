import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, fitMiddle, fitWidth } from './display-width.js';

describe('displayWidth', () => {
  it.each([
    ['ascii', 'abc', 3],
    ['combining mark', 'e\u0301', 1],
    ['mark alone', '\u0301', 0],
    ['CJK', '日本', 4],
    ['Hangul from jamo', '\u1112\u1161\u11AB', 2],
    ['full-width', 'Ａ', 2],
    ['half-width kana', 'ｱ', 1],
    ['emoji', '😀', 2],
    ['emoji sequence', '👩\u200D💻', 2],
    ['emoji by selector', '❤\uFE0F', 2],
    ['the same as text', '❤', 1],
    ['flag', '🇩🇪', 2],
    ['box drawing', '─┼', 2],
    ['bars', '▁█', 2],
  ])('%s', (_name, text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('the quick way', () => {
  it('gives each character the width that the tables give it', () => {
    for (let code = 0x20; code < 0x2600; code++) {
      const character = String.fromCharCode(code);
      // A mark of no width behind it takes the slow way.
      const slow = displayWidth(`${character}\u0301`);
      expect(displayWidth(character), character).toBe(slow);
    }
  });
});

describe('fitWidth', () => {
  it('keeps what fits and cuts what does not', () => {
    expect(fitWidth('abcde', 5, '…')).toBe('abcde');
    expect(fitWidth('abcdef', 5, '…')).toBe('abcd…');
    expect(fitWidth('abc', 1, '…')).toBe('…');
    expect(fitWidth('abc', 0, '…')).toBe('');
  });

  it('never cuts a grapheme in half', () => {
    expect(fitWidth('日本語', 4, '…')).toBe('日…');
    expect(fitWidth('ae\u0301io', 3, '…')).toBe('ae\u0301…');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(12), (text, width) => {
        expect(displayWidth(fitWidth(text, width, '…'))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('fitMiddle', () => {
  it('keeps begin and end', () => {
    expect(fitMiddle('abcdef', 6, '\u2026')).toBe('abcdef');
    expect(fitMiddle('abcdefgh', 6, '\u2026')).toBe('ab\u2026fgh');
    expect(fitMiddle('abc', 1, '\u2026')).toBe('\u2026');
    expect(fitMiddle('abc', 0, '\u2026')).toBe('');
    expect(fitMiddle('ae\u0301日本語io\u0301', 6, '\u2026')).toBe('ae\u0301\u2026io\u0301');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(12), (text, width) => {
        expect(displayWidth(fitMiddle(text, width, '\u2026'))).toBeLessThanOrEqual(width);
      }),
    );
  });
});
