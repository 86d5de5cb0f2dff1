import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge, readProcessTexts, statusOf } from './process-texts.js';

const host = { pageSize: 4096, clockTicksPerSecond: 100 };
/** A file of the kernel that reads differently every time: what never holds still. */
const NEVER_THE_SAME = '/proc/sys/kernel/random/uuid';

const record = (rss: number, pss: number) => `1000-1fff r--p 0 00:00 0\nRss: ${rss} kB\nPss: ${pss} kB\n`;

let root: string;
const write = (file: string, text: string) => writeFileSync(path.join(root, '42', file), text);
const unsettle = (file: string) => {
  rmSync(path.join(root, '42', file));
  symlinkSync(NEVER_THE_SAME, path.join(root, '42', file));
};
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidemark-texts-'));
  mkdirSync(path.join(root, '42'));
  write('statm', '100 5 2 1 0 3 0\n');
  write('stat', '42 (x) S 1 42 42 0 -1 0 1 0 0 0 1 1 0 0 20 0 1 0 99 409600 5\n');
  write('status', 'Name:\tx\nVmRSS:\t20 kB\n');
  write('maps', '1000-1fff r--p 0 00:00 0\n');
  write('smaps', record(20, 10));
  write('smaps_rollup', record(20, 10));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('readProcessTexts', () => {
  it('reads all six and knows that nothing moved', () => {
    const texts = readProcessTexts(root, 42);
    expect(statusOf(texts)).toBe('ok');
    expect(texts.still).toBe(true);
  });

  it('knows that something moved', () => {
    unsettle('statm');
    expect(readProcessTexts(root, 42).still).toBe(false);
  });

  it('says why a file could not be read', () => {
    write('smaps', '');
    expect(statusOf(readProcessTexts(root, 42))).toBe('no-mm');
  });
});

describe('judge', () => {
  it('finds what is broken and stays so', () => {
    write('smaps_rollup', record(24, 10));
    expect(judge(root, 42, host, readProcessTexts(root, 42))).toMatchObject([{ invariant: 'rollup-rss-is-sum' }]);
  });

  it('says nothing about a process that moved meanwhile', () => {
    unsettle('statm');
    expect(judge(root, 42, host, readProcessTexts(root, 42))).toBe('moved');
  });

  it('drops a suspicion that the second reading does not confirm', () => {
    write('smaps_rollup', record(24, 10));
    const texts = readProcessTexts(root, 42);
    write('smaps_rollup', record(20, 10));
    expect(judge(root, 42, host, texts)).toEqual([]);
  });

  it('does not tell a suspicion about a process that has begun to move', () => {
    write('smaps_rollup', record(24, 10));
    const texts = readProcessTexts(root, 42);
    unsettle('statm');
    expect(judge(root, 42, host, texts)).toBe('moved');
  });

  it('does not tell a suspicion while the rollup itself changes', () => {
    unsettle('smaps_rollup');
    expect(judge(root, 42, host, readProcessTexts(root, 42))).toBe('moved');
  });
});
