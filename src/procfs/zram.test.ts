import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseZram, readZram } from './zram.js';

it('adds up all devices, and leaves out what is none', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'tidemark-zram-'));
  const device = (name: string, text: string) => {
    mkdirSync(path.join(root, 'block', name), { recursive: true });
    writeFileSync(path.join(root, 'block', name, 'mm_stat'), text);
  };
  try {
    expect(readZram(root)).toBeUndefined();
    mkdirSync(path.join(root, 'block', 'zram7'), { recursive: true });
    expect(readZram(root)).toBeUndefined();
    device('zram0', '  4096000  1024000  1228800        0  2000000     12     3    1    0\n');
    device('zram1', '1 2 3 0 0 0 0\n');
    device('sda', '1000 1000 1000 0\n');
    expect(readZram(root)).toEqual({ stored: 4_096_001, compressed: 1_024_002, used: 1_228_803 });
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('takes no other text', () => {
  expect(parseZram('')).toBeUndefined();
  expect(parseZram('a b c\n')).toBeUndefined();
});
