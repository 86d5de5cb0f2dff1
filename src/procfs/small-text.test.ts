import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSmallText } from './small-text.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-small-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'file');

it('is what fits, a character for each byte', () => {
  writeFileSync(file, Buffer.from([97, 0xff, 0, 98]));
  expect(readSmallText(file, Buffer.alloc(16, 120))).toBe('a\xff\0b');
  expect(readSmallText(file, Buffer.alloc(3))).toBe('a\xff\0');
});

it('is empty for an empty file, for none, and for what is no file', () => {
  writeFileSync(file, '');
  const bytes = Buffer.from('left from before');
  expect(readSmallText(file, bytes)).toBe('');
  expect(readSmallText(path.join(folder, 'gone'), bytes)).toBe('');
  expect(readSmallText(folder, bytes)).toBe('');
});

it('keeps no descriptor, also of what cannot be read', () => {
  writeFileSync(file, 'text');
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let round = 0; round < 50; round++) {
    readSmallText(file, Buffer.alloc(8));
    readSmallText(folder, Buffer.alloc(8));
  }
  expect(open()).toBeLessThan(before + 20);
});
