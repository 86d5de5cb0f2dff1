import { describe, expect, it } from 'vitest';
import { StorageError } from './storage-error.js';

const of = (code: string) => Object.assign(new Error('as Node has it'), { code });

describe('an error of a file', () => {
  it.each([
    ['EEXIST', 'exists', 'it exists'],
    ['ENOSPC', 'no-space', 'no space left on the device'],
    ['EDQUOT', 'no-space', 'no space left on the device'],
    ['EACCES', 'denied', 'permission denied'],
    ['EPERM', 'denied', 'not permitted'],
    ['EFAULT', 'failed', 'the file was cut, or its disk is full'],
    ['EIO', 'failed', 'the disk failed'],
    ['EISDIR', 'failed', 'it is a directory'],
    ['ELOOP', 'failed', 'it is a symbolic link'],
    ['ENOENT', 'failed', 'no such file or folder'],
    ['ENOTDIR', 'failed', 'a part of the path is not a folder'],
    ['EROFS', 'failed', 'the file system is read-only'],
    ['EMFILE', 'failed', 'EMFILE'],
  ])('%s is %s, in words', (errno, code, words) => {
    const cause = of(errno);
    const error = StorageError.from(cause, '/a/b', 'open');
    expect(error).toBeInstanceOf(StorageError);
    expect([error.name, error.code, error.path, error.cause]).toEqual(['StorageError', code, '/a/b', cause]);
    expect(error.message).toBe(`Cannot open /a/b: ${words}`);
  });

  it('of what cannot be created names the folder that is missing', () => {
    const { code, message } = StorageError.from(of('ENOENT'), '/a/b', 'create');
    expect([code, message]).toEqual(['failed', 'Cannot create /a/b: there is no folder /a']);
  });

  it('that is no error of the system is named as it is', () => {
    expect(StorageError.from(new Error('odd'), '/a', 'open').message).toBe('Cannot open /a: Error: odd');
    expect(StorageError.from('text', '/a', 'open').message).toBe('Cannot open /a: text');
  });

  it('of a write leaves the mistakes of callers as they are', () => {
    const closed = new StorageError('closed', '/a', 'it was closed');
    for (const mistake of [new TypeError('a'), new RangeError('b'), closed]) {
      expect(StorageError.ofWrite(mistake, '/a')).toBe(mistake);
    }
    expect(StorageError.ofWrite(of('EIO'), '/a')).toMatchObject({ message: 'Cannot write to /a: the disk failed' });
  });
});
