import { describe, expect, it } from 'vitest';
import { cleanName, fitColumn } from './top-text.js';

const clean = (bytes: string | number[], utf8 = true, terminal = false) =>
  cleanName(Buffer.from(bytes as string), { utf8, terminal });

describe('cleanName', () => {
  it('ends at a NUL', () => {
    expect(clean('a b\0c')).toBe('a b');
  });

  // procps lets each of these pass as it is.
  it.each([
    ['a control sequence introducer above ASCII', [0x61, 0xc2, 0x9b, 0x33], 'a?3'],
    ['ESC behind a stray first byte', [0x61, 0xe9, 0x1b, 0x5b, 0x62], 'a??[b'],
    ['a byte that is no UTF-8, with text behind it', [0x61, 0xe9, 0x20, 0x62], 'a? b'],
  ])('lets no %s pass', (_what, bytes, text) => {
    expect(clean(bytes)).toBe(text);
  });

  it('lets the direction of writing be turned by nobody on a terminal', () => {
    expect(clean('a\u202Eb', true, true)).toBe('a?b');
    expect(clean('a\u202Eb', true, false)).toBe('a\u202Eb');
  });

  it('is ASCII in a locale without UTF-8', () => {
    expect(clean('é\x1b', false)).toBe('??.');
  });
});

describe('fitColumn', () => {
  it.each([
    ['abc', 5, 'left', 'abc  '],
    ['abc', 5, 'right', '  abc'],
    ['abcdef', 5, 'left', 'abcd+'],
    ['abcdef', 1, 'right', '+'],
    ['größer', 6, 'left', 'größer'],
    ['größer', 5, 'left', 'größ+'],
    ['漢字漢', 6, 'left', '漢字漢'],
    ['漢字漢', 5, 'left', '漢字+'],
    ['漢字漢字', 6, 'left', '漢字+ '],
  ] as const)('%s in %i columns, %s, is "%s"', (text, width, align, shown) => {
    expect(fitColumn(text, width, align)).toBe(shown);
  });
});
