import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { errnoOf, statusNameOfErrno } from './errno-status.js';

it.each([
  ['gone', ['ESRCH', 'ENOENT']],
  ['denied', ['EACCES', 'EPERM']],
  ['timeout', ['ETIMEDOUT']],
  ['lost', ['EMFILE', 'ENFILE', 'ENOMEM']],
  ['unsupported', ['EIO', 'EINVAL', 'ENOSYS']],
] as const)('%s is what %j says of a row', (status, codes) => {
  expect(codes.map((code) => statusNameOfErrno(-constants.errno[code]))).toEqual(codes.map(() => status));
});

it('an errno that nobody knows says unsupported', () => {
  expect(statusNameOfErrno(-4000)).toBe('unsupported');
});

it('an error of Node has its errno, and another one that of failed input and output', () => {
  expect(errnoOf(Object.assign(new Error(), { errno: -2 }))).toBe(-2);
  expect(errnoOf(new Error())).toBe(-constants.errno.EIO);
});
