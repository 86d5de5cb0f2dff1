import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { libraryFault } from './elf-file.js';
import { findAddon } from './native-binding.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-elf-'));
afterAll(() => rmSync(folder, { recursive: true }));

const whole = readFileSync(findAddon('tidemark')!);
function faultOf(bytes: Uint8Array): string | undefined {
  const file = path.join(folder, 'some.node');
  writeFileSync(file, bytes);
  return libraryFault(file);
}

it('a whole library of this processor has no fault', () => {
  expect(faultOf(whole)).toBeUndefined();
});

it.each([
  ['nothing', '', 'it is no ELF file'],
  ['less than a header', whole.subarray(0, 63), 'it is no ELF file'],
  ['a text', 'x'.repeat(100), 'it is no ELF file'],
  ['a header alone', whole.subarray(0, 64), /^it is cut short: 64 bytes of \d+$/],
  [
    'all but a byte',
    whole.subarray(0, whole.length - 1),
    `it is cut short: ${whole.length - 1} bytes of ${whole.length}`,
  ],
])('%s is told for what it is', (_, bytes, why) => {
  expect(faultOf(Buffer.from(bytes as Buffer))).toMatch(why);
});

it('one of another processor is not loaded; on a processor that is not known there is no telling', () => {
  const other = Buffer.from(whole);
  other.writeUInt16LE(243, 18);
  expect(faultOf(other)).toMatch(/^it is for machine 243 of ELF, and this is \d+ \(\w+\)$/);
  vi.spyOn(process, 'arch', 'get').mockReturnValue('riscv64');
  expect(faultOf(other)).toBeUndefined();
  vi.restoreAllMocks();
});

it('one that is not there has the error of the system', () => {
  expect(() => libraryFault(path.join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
