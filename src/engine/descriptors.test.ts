import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { DescriptorError, isShortOfDescriptors, readDescriptors, tooFewDescriptors } from './descriptors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-descriptors-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['Max open files            1024                 1048576              files\n', 1024],
  ['Max open files            unlimited            unlimited            files\n', Number.POSITIVE_INFINITY],
  ['Max locked memory         8388608              8388608              bytes\n', Number.POSITIVE_INFINITY],
])('those of a process are told by its limits and its folder: %s', (limits, limit) => {
  const self = mkdtempSync(path.join(folder, 'self-'));
  writeFileSync(path.join(self, 'limits'), limits);
  mkdirSync(path.join(self, 'fd'));
  for (let fd = 0; fd < 5; fd++) writeFileSync(path.join(self, 'fd', String(fd)), '');
  expect(readDescriptors(self)).toEqual({ limit, open: 4 });
});

it('those of nobody are not known, and ours are fewer than we may have', () => {
  expect(readDescriptors(path.join(folder, 'nobody'))).toBeUndefined();
  const { limit, open } = readDescriptors()!;
  expect(open).toBeGreaterThan(2);
  expect(open).toBeLessThan(limit);
});

it('want of them is told from other errors, by code and by number of either sign', () => {
  const short = [
    { code: 'EMFILE' },
    { code: 'ENFILE' },
    { errno: constants.errno.EMFILE },
    { errno: -constants.errno.ENFILE },
  ];
  expect(short.map(isShortOfDescriptors)).toEqual([true, true, true, true]);
  expect([{ code: 'ENOENT', errno: -2 }, {}].map(isShortOfDescriptors)).toEqual([false, false]);
});

it('what is said of it names the limit and the way out', () => {
  const error = tooFewDescriptors();
  expect(error).toBeInstanceOf(DescriptorError);
  expect(error.message).toMatch(/^this process may have (only \d+|no more) files open, .*ulimit -n 1024/);
});

it('of one who has none left are as many as the report of Node says, when it says so', () => {
  const short = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  // Instead of a folder that cannot be opened.
  const self = {
    toString: () => {
      throw short;
    },
  } as unknown as string;
  const report = vi.spyOn(process.report, 'getReport');
  for (const [userLimits, expected] of [
    [{ open_files: { soft: 77 } }, { limit: 77, open: 77 }],
    [{ open_files: { soft: 'unlimited' } }, undefined],
    [undefined, undefined],
  ] as const) {
    report.mockReturnValueOnce({ userLimits } as never);
    expect(readDescriptors(self)).toEqual(expected);
  }
  report.mockImplementationOnce(() => {
    throw new Error('no report');
  });
  expect(readDescriptors(self)).toBeUndefined();
  report.mockRestore();
});
