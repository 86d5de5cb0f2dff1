import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPidDigits, readPidMax } from './pid-max.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'pid-max-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function withText(text: string): number {
  mkdirSync(path.join(root, 'sys/kernel'), { recursive: true });
  writeFileSync(path.join(root, 'sys/kernel/pid_max'), text);
  return readPidDigits(root);
}

it('counts the digits', () => {
  expect(withText('4194304\n')).toBe(7);
  expect(withText('999')).toBe(3);
});

it('takes five where the tree does not tell', () => {
  expect(readPidDigits(root)).toBe(5);
  expect(withText('')).toBe(5);
  expect(withText('many\n')).toBe(5);
});

it('tells the number itself', () => {
  withText('4194304\n');
  expect(readPidMax(root)).toBe(4_194_304);
});
