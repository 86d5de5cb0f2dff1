import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../../test/tokenizers/fixtures.js';
import { readHostUnits, readTreeUnits, whyNoTreeUnits } from './host-units.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-units-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(pid: string, files: Record<string, Uint8Array | string>): void {
  mkdirSync(join(root, pid));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, pid, name), content);
}

/** An auxiliary vector of 64-bit pairs, little-endian, closed by AT_NULL. */
const auxv = (...pairs: [number, number][]) =>
  new Uint8Array(new BigUint64Array([...pairs, [0, 0]].flat().map(BigInt)).buffer);

const statm = (pages: number) => `${pages} 10 5 1 0 6 0\n`;
const status = (kB: number) => `Name:\tx\nVmPeak:\t${kB + 64} kB\nVmSize:\t${kB} kB\n`;

describe('readHostUnits', () => {
  it('is what getconf says', () => {
    const getconf = (name: string) => Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
    expect(readHostUnits()).toEqual({ pageSize: getconf('PAGESIZE'), clockTicksPerSecond: getconf('CLK_TCK') });
  });
});

describe('readTreeUnits', () => {
  it('of /proc is what the host says', () => {
    expect(readTreeUnits('/proc')).toEqual(readHostUnits());
  });

  it('takes the auxiliary vector of a captured tree: 64K pages and 250 ticks', () => {
    put('12', {
      auxv: auxv([3, 0x40040], [6, 65_536], [17, 250], [9, 0x1234]),
      statm: statm(100),
      status: status(400),
    });
    expect(readTreeUnits(root)).toEqual({ pageSize: 65_536, clockTicksPerSecond: 250 });
  });

  it.each([
    ['4K', 4096],
    ['16K', 16_384],
    ['64K', 65_536],
  ])('finds %s pages by statm against status when there is no auxiliary vector', (_name, pageSize) => {
    put('12', { statm: statm(300), status: status((300 * pageSize) / 1024) });
    expect(readTreeUnits(root)).toEqual({ pageSize, clockTicksPerSecond: 100 });
  });

  it('passes over a kernel thread, a torn pair and what is no process', () => {
    put('2', { statm: fixture('live/kthreadd/statm'), status: fixture('live/kthreadd/status') });
    put('3', { statm: statm(300), status: status(1201) });
    put('4', { statm: 'not statm', status: status(64) });
    put('5', { statm: statm(1) });
    put('0', { auxv: auxv([6, 4096], [17, 100]) });
    put('self', { auxv: auxv([6, 4096], [17, 100]) });
    put('40', { statm: statm(300), status: status(300 * 16) });
    expect(readTreeUnits(root)).toEqual({ pageSize: 16_384, clockTicksPerSecond: 100 });
  });

  it.each([
    ['no power of two', [6, 5000], [17, 100]],
    ['too small', [6, 2048], [17, 100]],
    ['no clock tick', [6, 4096], [9, 100]],
    ['a clock tick of 0', [6, 4096], [17, 0]],
  ] as [string, [number, number], [number, number]][])(
    'does not believe an auxiliary vector with %s',
    (_name, a, b) => {
      put('12', { auxv: auxv(a, b) });
      expect(readTreeUnits(root)).toBeUndefined();
    },
  );

  it('does not believe a cut auxiliary vector', () => {
    put('12', { auxv: auxv([6, 4096], [17, 100]).subarray(0, 30) });
    expect(readTreeUnits(root)).toBeUndefined();
  });

  it('is undefined when nothing tells', () => {
    expect(readTreeUnits(root)).toBeUndefined();
    expect(readTreeUnits(join(root, 'missing'))).toBeUndefined();
  });
});

describe('why nothing in a tree tells', () => {
  const first = () => join(root, '12');

  it('is nothing to be said of one without processes', () => {
    expect(whyNoTreeUnits(root)).toBeUndefined();
    expect(whyNoTreeUnits(join(root, 'nothing'))).toBeUndefined();
  });

  it('is a file that is empty, or cannot be read', () => {
    put('12', { auxv: '' });
    expect(whyNoTreeUnits(root)).toBe(`${first()}/auxv is empty`);
    rmSync(first(), { recursive: true });
    put('12', { status: '' });
    expect(whyNoTreeUnits(root)).toBe(`${first()}/status is empty`);
    rmSync(first(), { recursive: true });
    mkdirSync(join(first(), 'statm'), { recursive: true });
    expect(whyNoTreeUnits(root)).toMatch(/^EISDIR/);
    rmSync(first(), { recursive: true });
    put('12', { statm: statm(5).repeat(1000) });
    expect(whyNoTreeUnits(root)).toBe(`${first()}/statm does not end`);
  });

  it('is that no kernel wrote it, when all can be read', () => {
    put('12', { auxv: auxv([3, 4]), statm: 'none\n' });
    expect(readTreeUnits(root)).toBeUndefined();
    expect(whyNoTreeUnits(root)).toBe(`what ${first()} tells is no text of a kernel`);
  });
});
