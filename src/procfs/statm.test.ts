import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/tokenizers/fixtures.js';
import { pad } from './padding.js';
import { STATM_FIELDS, StatmValues, tokenizeStatm } from './statm.js';

function statm(text: Uint8Array | string): bigint[] | undefined {
  const { bytes, length } = pad(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  const values = new StatmValues();
  return tokenizeStatm(bytes, length, values) ? [...values.fields] : undefined;
}

describe('tokenizeStatm', () => {
  it('reads seven numbers of pages', () => {
    expect(statm('2048 300 200 4 0 1024 0\n')).toEqual([2048n, 300n, 200n, 4n, 0n, 1024n, 0n]);
    expect(STATM_FIELDS).toEqual(['size', 'resident', 'shared', 'text', 'lib', 'data', 'dt']);
  });

  it('keeps all 64 bits and saturates above', () => {
    const all = (1n << 64n) - 1n;
    const odd = (1n << 53n) + 1n;
    expect(statm(fixture('written/statm.all-bits'))).toEqual([all, all, odd, odd - 1n, 0n, all, 0n]);
  });

  it('reads the 20 TiB of an address sanitizer', () => {
    expect(statm(fixture('written/statm.address-sanitizer'))?.[0]).toBe(5_368_781_376n);
  });

  it('is all zeros for a kernel thread and a zombie, which have no memory map', () => {
    for (const name of ['kthreadd', 'zombie']) expect(statm(fixture(`live/${name}/statm`))).toEqual(Array(7).fill(0n));
  });

  it('has fields 5 and 7 always 0 in live text', () => {
    for (const name of ['sleep', 'bash', 'python3', 'node']) {
      const fields = statm(fixture(`live/${name}/statm`))!;
      expect([fields[4], fields[6]]).toEqual([0n, 0n]);
      expect(fields[1]).toBeGreaterThan(fields[2]! - 1n);
    }
  });

  it('needs no newline at the end', () => {
    expect(statm(fixture('written/statm.no-newline'))).toEqual([560n, 13n, 13n, 5n, 0n, 63n, 0n]);
  });

  it.each(['empty', 'six', 'signed', 'eight'])('refuses %s', (name) => {
    expect(statm(fixture(`written/statm.${name}`))).toBeUndefined();
  });

  it.each(['1  2 3 4 5 6 7\n', ' 1 2 3 4 5 6 7\n', '1 2 3 4 5 6 7 \n', '1\n2 3 4 5 6 7\n'])('refuses %j', (text) => {
    expect(statm(text)).toBeUndefined();
  });

  it('refuses every cut before the seventh number', () => {
    const text = fixture('live/bash/statm');
    const last = Buffer.from(text).lastIndexOf(' ');
    for (let length = 0; length <= last + 1; length++) expect(statm(text.subarray(0, length))).toBeUndefined();
  });
});
