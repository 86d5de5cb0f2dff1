import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPieces } from './json-pieces.js';

const joined = (value: object, indent: number) => [...jsonPieces(value, indent)].join('');

describe('jsonPieces', () => {
  it('is what JSON.stringify gives', () => {
    const ascii = fc.string({ unit: 'binary-ascii' });
    const value = fc.dictionary(
      ascii,
      fc.oneof(
        fc.array(fc.jsonValue({ stringUnit: 'grapheme-ascii' })),
        fc.jsonValue({ stringUnit: 'grapheme-ascii' }),
      ),
    );
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (object, indent) => {
        const expected = JSON.stringify(object, null, indent).replaceAll('\x7f', '\\u007f');
        expect(joined(object, indent)).toBe(expected);
      }),
    );
  });

  it('gives an element at a time', () => {
    const pieces = [...jsonPieces({ kind: 'maps', mappings: Array(1000).fill({ start: '1' }) }, 0)];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(30);
  });

  it('leaves out what is undefined', () => {
    expect(joined({ a: undefined, b: 1 }, 0)).toBe('{"b":1}');
    expect(joined({ a: undefined }, 2)).toBe('{}');
  });

  it("escapes what drives a terminal, with JSON's own escapes", () => {
    const name = '\x1b[31m\x9b\u202e\u2028\ufeff\u200b';
    const text = joined({ [name]: [name] }, 2);
    expect(text).toBe(
      '{\n  "NAME": [\n    "NAME"\n  ]\n}'.replaceAll('NAME', '\\u001b[31m\\u009b\\u202e\\u2028\\ufeff\\u200b'),
    );
    expect(JSON.parse(text)).toEqual({ [name]: [name] });
  });
});
