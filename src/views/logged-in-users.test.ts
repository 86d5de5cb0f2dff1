import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { countLoggedIn, readLoggedIn } from './logged-in-users.js';

/** One record as glibc lays it out: type at 0, the user's name at 44. */
function record(type: number, name: string, bytes = 384): Buffer {
  const out = Buffer.alloc(bytes);
  out.writeInt16LE(type, 0);
  out.write(name, 44);
  return out;
}

it('counts user processes that have a name', () => {
  const utmp = Buffer.concat([record(2, 'reboot'), record(7, 'ann'), record(7, ''), record(8, 'bob'), record(7, 'cy')]);
  expect(countLoggedIn(utmp, 384)).toBe(2);
});

it('ends before a record that is cut, and knows the larger ones', () => {
  expect(countLoggedIn(record(7, 'ann').subarray(0, 383), 384)).toBe(0);
  expect(countLoggedIn(Buffer.concat([record(7, 'ann', 400), record(7, 'bob', 400)]), 400)).toBe(2);
});

it('does not know where nothing keeps count', () => {
  expect(readLoggedIn('/nowhere/utmp')).toBeUndefined();
  const folder = mkdtempSync(path.join(tmpdir(), 'utmp-'));
  writeFileSync(path.join(folder, 'utmp'), '');
  expect(readLoggedIn(path.join(folder, 'utmp'))).toBe(0);
  rmSync(folder, { recursive: true });
});
