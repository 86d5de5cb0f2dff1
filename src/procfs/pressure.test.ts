import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parsePressure, pressureSums, readMemoryPressure } from './pressure.js';

it('has the averages in percent and the total in nanoseconds', () => {
  const text =
    'some avg10=1.50 avg60=0.25 avg300=0.00 total=1234567\nfull avg10=0.50 avg60=0.05 avg300=0.00 total=234\n';
  expect(parsePressure(text)).toEqual({
    some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalNs: 1_234_567_000 },
    full: { avg10: 0.5, avg60: 0.05, avg300: 0, totalNs: 234_000 },
  });
});

it('has nothing where the text has nothing', () => {
  expect(parsePressure('')).toEqual({});
  expect(parsePressure('some avg10=x avg60=0.25 avg300=0.00 total=1\n')).toEqual({});
  expect(parsePressure('some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n').full).toBeUndefined();
});

it('has the sums of the same lines, and NaN for what is not told', () => {
  const some = 'some avg10=1.50 avg60=0.25 avg300=0.00 total=1234567\n';
  const full = 'full avg10=0.50 avg60=0.05 avg300=0.00 total=234\n';
  expect(pressureSums(some + full)).toEqual({ some10: 1.5, some: 1_234_567_000, full10: 0.5, full: 234_000 });
  // Of CPUs a kernel before 5.13 tells one line.
  expect(pressureSums(some)).toEqual({ some10: 1.5, some: 1_234_567_000, full10: Number.NaN, full: Number.NaN });
  const nothing = { some10: Number.NaN, some: Number.NaN, full10: Number.NaN, full: Number.NaN };
  for (const text of ['', full + some, some.slice(0, -3), 'some avg10=x avg60=0.25 avg300=0.00 total=1\n']) {
    expect(pressureSums(text)).toEqual(nothing);
  }
});

it('has averages of two and three digits', () => {
  const some = 'some avg10=12.50 avg60=34.25 avg300=100.00 total=1\n';
  const full = 'full avg10=100.00 avg60=56.05 avg300=78.00 total=2\n';
  expect(parsePressure(some + full)).toEqual({
    some: { avg10: 12.5, avg60: 34.25, avg300: 100, totalNs: 1000 },
    full: { avg10: 100, avg60: 56.05, avg300: 78, totalNs: 2000 },
  });
  expect(pressureSums(some + full)).toEqual({ some10: 12.5, some: 1000, full10: 100, full: 2000 });
});

it('has nothing of a line with more before or behind it', () => {
  const line = 'some avg10=1.50 avg60=0.25 avg300=0.00 total=12';
  for (const text of [`x${line}\n`, `${line} \n`, `${line}\nmore\n`, `more\n${line}\n`]) {
    expect(pressureSums(text).some).toBeNaN();
  }
  for (const text of [`x${line}\n`, `${line} x\n`]) expect(parsePressure(text)).toEqual({});
});

it('is read from a tree, and throws why it cannot be', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'tidemark-pressure-'));
  try {
    expect(() => readMemoryPressure(root)).toThrow(/ENOENT/);
    mkdirSync(path.join(root, 'pressure'));
    writeFileSync(path.join(root, 'pressure/memory'), 'some avg10=2.50 avg60=0.00 avg300=0.00 total=7\n');
    expect(readMemoryPressure(root)).toEqual({ some: { avg10: 2.5, avg60: 0, avg300: 0, totalNs: 7000 } });
  } finally {
    rmSync(root, { recursive: true });
  }
});
