import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapUtf8, utf8SequenceLength } from './utf8.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodes(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

describe('utf8', () => {
  it.each([
    ['overlong slash in two bytes', [0xc0, 0xaf]],
    ['overlong slash in three bytes', [0xe0, 0x80, 0xaf]],
    ['overlong in four bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['surrogate', [0xed, 0xa0, 0x80]],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['lone continuation', [0x80]],
    ['cut after one of two', [0xc3]],
    ['cut after three of four', [0xf0, 0x9f, 0x98]],
    ['five-byte lead', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ])('refuses %s', (_name, bytes) => {
    expect(utf8SequenceLength(Uint8Array.from(bytes), 0)).toBe(0);
  });

  it.each([
    ['U+007F', [0x7f]],
    ['U+0080', [0xc2, 0x80]],
    ['U+0800', [0xe0, 0xa0, 0x80]],
    ['U+D7FF', [0xed, 0x9f, 0xbf]],
    ['U+E000', [0xee, 0x80, 0x80]],
    ['U+10000', [0xf0, 0x90, 0x80, 0x80]],
    ['U+10FFFF', [0xf4, 0x8f, 0xbf, 0xbf]],
  ])('accepts the border %s', (_name, bytes) => {
    expect(utf8SequenceLength(Uint8Array.from(bytes), 0)).toBe(bytes.length);
  });

  it('agrees with the strict decoder on any bytes', () => {
    // Few values, all near the borders, so that valid and almost valid sequences are common.
    const border = fc.constantFrom(0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf);
    const lead = fc.constantFrom(0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
    fc.assert(
      fc.property(fc.array(fc.oneof(border, lead), { maxLength: 6 }), (values) => {
        const bytes = Uint8Array.from(values);
        let invalid = 0;
        mapUtf8(
          bytes,
          (text) => text,
          () => String(invalid++),
        );
        expect(invalid === 0).toBe(decodes(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('hands over runs of text and single invalid bytes in order', () => {
    const bytes = Uint8Array.from([0x61, 0xc3, 0xa9, 0xff, 0xc3, 0x62]);
    const out = mapUtf8(
      bytes,
      (text) => `(${text})`,
      (byte) => `<${byte}>`,
    );
    expect(out).toBe('(aé)<255><195>(b)');
  });

  it('reads a view of shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3);
    shared.set([0x61, 0x62, 0xff]);
    expect(mapUtf8(shared, (text) => text, String)).toBe('ab255');
  });
});
