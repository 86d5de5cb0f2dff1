/**
 * The C++ and the TypeScript tokenizers fill identical bytes: over every fixture, every cut of them, every padding and
 * every live process. mutations.test.ts and generated.test.ts go on with text that nobody captured.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KERNEL_FILES } from '../../src/procfs/read.js';
import { differenceOf, PADDINGS } from './compare.js';
import { FIXTURES, type Fixture } from './fixtures.js';

const MAPPING_FILES = ['maps', 'smaps', 'smaps_rollup'];

it('there are fixtures of every kernel file', () => {
  for (const file of KERNEL_FILES)
    expect(FIXTURES.filter((fixture) => fixture.file === file).length).toBeGreaterThan(2);
  expect(FIXTURES.length).toBeGreaterThan(80);
});

describe('the twins agree on', () => {
  it.each(FIXTURES)('$name', ({ file, bytes }) => {
    for (let turn = 0; turn < PADDINGS.length; turn++) {
      expect(differenceOf(file, bytes, turn, 1000)).toBeUndefined();
      // Too small, so given up: the same header.
      expect(differenceOf(file, bytes, turn, 8)).toBeUndefined();
    }
  });

  it.each(FIXTURES)('every cut of $name', ({ file, bytes, name }) => {
    for (const { from, to, step } of windowsOf({ file, bytes, name })) {
      for (let end = from; end <= to; end += step) {
        const difference = differenceOf(file, bytes.subarray(from, end), end);
        if (difference !== undefined) expect.fail(`bytes ${from} to ${end}: ${difference}`);
      }
    }
  });

  it('every live process', () => {
    const compared = new Map<string, number>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const file of KERNEL_FILES) {
        const bytes = readOrNothing(`/proc/${pid}/${file}`);
        if (!bytes) continue;
        const difference = differenceOf(file, bytes, Number(pid), 1000);
        if (difference !== undefined) expect.fail(`${file} of ${pid}: ${difference}\n${Buffer.from(bytes)}`);
        compared.set(file, (compared.get(file) ?? 0) + 1);
      }
    }
    for (const file of KERNEL_FILES) expect([file, compared.get(file) ?? 0]).not.toEqual([file, 0]);
  });

  it('more lines than a status can keep', () => {
    for (const count of [255, 256, 257, 300]) {
      const text = Array.from({ length: count }, (_, line) => `Key${line}:\tvalue\n`).join('');
      expect(differenceOf('status', Buffer.from(`${text}Pid:\t3\nx\n`))).toBeUndefined();
    }
  });

  it('a text of 100,000 mappings', () => {
    const record = (row: number) =>
      `${(row * 2).toString(16)}000-${(row * 2 + 1).toString(16)}000 rw-p 00000000 00:00 0 \n` +
      `Size:           ${String(row).padStart(8)} kB\nPss:            ${String(row * 7919).padStart(8)} kB\nVmFlags: rd wr \n`;
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, row) => record(row)).join(''));
    expect(differenceOf('smaps', text, 0, 100_000)).toBeUndefined();
    expect(differenceOf('maps', text, 0, 100_000)).toBeUndefined();
  });
});

/** Small texts are cut everywhere; of large ones, pieces that begin at a line and every second byte. */
function windowsOf({ file, bytes }: Fixture): { from: number; to: number; step: number }[] {
  if (bytes.length <= 6000) return [{ from: 0, to: bytes.length, step: 1 }];
  const windows = [];
  const size = MAPPING_FILES.includes(file) ? 2500 : bytes.length;
  for (let from = 0; from < bytes.length; ) {
    windows.push({ from, to: Math.min(bytes.length, from + size), step: 2 });
    const newline = bytes.indexOf(10, from + size / 2);
    from = newline < 0 ? bytes.length : newline + 1;
  }
  return windows;
}

function readOrNothing(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
