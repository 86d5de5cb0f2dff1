/** What the addon asks the kernel for a file: a lock, and blocks on its disk. */
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFile } from './file-lock.js';
import { readMallocUse } from './malloc-use.js';
import { preallocate } from './preallocate.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = path.join(folder, 'file');
writeFileSync(file, '');

describe('a lock', () => {
  it('keeps out whoever opens the file too, until it is closed', () => {
    const [first, second] = [openSync(file, 'r+'), openSync(file, 'r+')];
    expect([lockFile(first), lockFile(second), lockFile(first)]).toEqual([true, false, true]);
    closeSync(first);
    expect(lockFile(second)).toBe(true);
    closeSync(second);
  });

  it('that cannot be asked for keeps nobody out', () => {
    expect(lockFile(2 ** 20)).toBe(true);
  });
});

describe('blocks of a disk', () => {
  it('are reserved', () => {
    const fd = openSync(file, 'r+');
    expect(preallocate(fd, 65_536)).toBe(true);
    expect(fstatSync(fd).size).toBe(65_536);
    closeSync(fd);
  });

  it('of no bytes are left to the caller', () => {
    const fd = openSync(file, 'r+');
    expect(preallocate(fd, 0)).toBe(false);
    closeSync(fd);
  });

  it('that are more than there are, or of what is no file for writing, are an error with its code', () => {
    const fd = openSync(file, 'r+');
    const { blocks, bsize } = statfsSync(folder);
    const codes = expect.objectContaining({ code: expect.stringMatching(/^(ENOSPC|EFBIG)$/) });
    expect(() => preallocate(fd, blocks * bsize * 2)).toThrow(codes);
    closeSync(fd);
    const read = openSync(file, 'r');
    expect(() => preallocate(read, 4096)).toThrow(
      expect.objectContaining({ code: 'EBADF', message: 'fallocate of 4096 bytes: EBADF' }),
    );
    closeSync(read);
  });
});

it('what malloc says of itself moves with what is given out', () => {
  const use = readMallocUse();
  if ('reason' in use) return expect(use.reason).toMatch(/glibc 2\.33/);
  expect(use.inUse).toBeGreaterThan(100_000);
  expect(use.free).toBeGreaterThanOrEqual(0);
});
