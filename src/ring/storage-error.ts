/** Why a file could not become, or be opened as, the storage of a ring. */
import { dirname } from 'node:path';

/**
 * `exists`: the path is taken; `no-space`: the disk cannot hold the ring; `denied`: no permission; `not-a-file`; `closed`: by
 * ourselves, before; `failed`: see `cause`.
 */
export type StorageErrorCode = 'exists' | 'no-space' | 'denied' | 'not-a-file' | 'closed' | 'failed';

/** The words for the errno of a path; the rest are named as they are. */
const ERRNO_WORDS: Record<string, string> = {
  EACCES: 'permission denied',
  // Of a mapping that held: nothing is behind it any more.
  EFAULT: 'the file was cut, or its disk is full',
  EIO: 'the disk failed',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    readonly code: StorageErrorCode,
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Turns an error of node:fs into a sentence; `action` completes "Cannot ... PATH". */
  static from(cause: unknown, path: string, action: string): StorageError {
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (errno === 'EEXIST') return new StorageError('exists', path, `Cannot ${action} ${path}: it exists`, { cause });
    if (errno === 'ENOSPC' || errno === 'EDQUOT') {
      return new StorageError('no-space', path, `Cannot ${action} ${path}: no space left on the device`, { cause });
    }
    if (errno === 'ENOENT' && action === 'create') {
      const sentence = `Cannot create ${path}: there is no folder ${dirname(path)}`;
      return new StorageError('failed', path, sentence, { cause });
    }
    const code = errno === 'EACCES' || errno === 'EPERM' ? 'denied' : 'failed';
    return new StorageError(code, path, `Cannot ${action} ${path}: ${ERRNO_WORDS[errno] ?? errno}`, { cause });
  }

  /** The same of a write, which throws also what is a mistake of the caller's, or a sentence already: that stays as it is. */
  static ofWrite(cause: unknown, path: string): unknown {
    return cause instanceof TypeError || cause instanceof RangeError || cause instanceof StorageError
      ? cause
      : StorageError.from(cause, path, 'write to');
  }
}
