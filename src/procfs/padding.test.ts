import { describe, expect, it } from 'vitest';
import { assertPadded, PADDING, pad } from './padding.js';

describe('padding', () => {
  it('follows a copy of the text', () => {
    const text = new TextEncoder().encode('abc');
    const { bytes, length } = pad(text);
    expect(length).toBe(3);
    expect(bytes.length).toBe(3 + PADDING);
    expect([...bytes.subarray(0, 4)]).toEqual([97, 98, 99, 0]);
    text[0] = 0;
    expect(bytes[0]).toBe(97);
  });

  it('has room for the widest load of the C++ twin', () => {
    expect(PADDING).toBeGreaterThanOrEqual(28);
  });

  it.each([
    [63, 0],
    [64, 1],
    [128, -1],
    [128, 1.5],
    [128, Number.NaN],
  ])('of %d bytes with %d of text is refused', (bytes, length) => {
    expect(() => assertPadded(new Uint8Array(bytes), length)).toThrow(TypeError);
  });

  it('of exactly 64 bytes is enough', () => {
    expect(() => assertPadded(new Uint8Array(64), 0)).not.toThrow();
    expect(() => assertPadded(new Uint8Array(74), 10)).not.toThrow();
  });
});
