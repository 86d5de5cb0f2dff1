import { describe, expect, it } from 'vitest';
import { hex, integer, setOwn, textAndHex } from './object-values.js';

describe('a value of kernel text', () => {
  it.each([
    [0n, 0],
    [9007199254740991n, 9007199254740991],
    [9007199254740992n, '9007199254740992'],
    [18446744073709551615n, '18446744073709551615'],
    [-9007199254740991n, -9007199254740991],
    [-9007199254740992n, '-9007199254740992'],
  ])('%s is a number, or a string beyond 2^53-1', (value, expected) => {
    expect(integer(value)).toBe(expected);
  });

  it('is a lowercase address without leading zeros', () => {
    expect([hex(0n), hex(0x7ffd8d5f4000n), hex(2n ** 64n - 1n)]).toEqual(['0', '7ffd8d5f4000', 'ffffffffffffffff']);
  });

  it('has hex beside it only when it is not UTF-8', () => {
    expect(textAndHex('name', Buffer.from('café'))).toEqual({ name: 'café' });
    expect(textAndHex('name', new Uint8Array([97, 0xff]))).toEqual({ name: 'a\ufffd', nameHex: '61ff' });
    expect(textAndHex('name', new Uint8Array())).toEqual({ name: '' });
  });

  it('is looked up from a view into a larger buffer', () => {
    expect(textAndHex('name', Buffer.from('xabcx').subarray(1, 4))).toEqual({ name: 'abc' });
  });

  it('keeps __proto__ as a plain key', () => {
    const object: Record<string, number> = {};
    setOwn(object, '__proto__', 5);
    setOwn(object, '__proto__', 6);
    expect(JSON.stringify(object)).toBe('{"__proto__":6}');
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  });
});
