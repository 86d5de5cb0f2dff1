/** Why a file could not become, or be opened as, the storage of a ring. */

/** `exists`: the path is taken; `no-space`: the disk cannot hold the ring; `not-a-file`; `failed`: see `cause`. */
export type StorageErrorCode = 'exists' | 'no-space' | 'not-a-file' | 'failed';

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
    return new StorageError('failed', path, `Cannot ${action} ${path}: ${errno}`, { cause });
  }
}
