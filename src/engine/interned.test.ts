import { describe, expect, it } from 'vitest';
import { internedBytes, internedText } from './interned.js';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('interned bytes', () => {
  it('are one array for the same bytes, whatever they are', () => {
    expect(internedBytes(bytes('\xff\0\n'))).toBe(internedBytes(bytes('\xff\0\n')));
    expect(internedBytes(bytes('a'))).not.toEqual(internedBytes(bytes('a\0')));
    expect(internedBytes(bytes(''))).toEqual(bytes(''));
  });

  it('stay as they were when the array that was given changes', () => {
    const given = bytes('before');
    const kept = internedBytes(given.subarray(0, 3));
    given.fill(0);
    expect(kept).toEqual(bytes('bef'));
  });

  it('are right beyond what is remembered', () => {
    const first = internedBytes(bytes('first'));
    for (let at = 0; at < 10_000; at++) expect(internedBytes(bytes(`n${at}`))).toEqual(bytes(`n${at}`));
    expect(internedBytes(bytes('first'))).not.toBe(first);
    expect(internedText('x'.repeat(3))).toBe('xxx');
  });
});
