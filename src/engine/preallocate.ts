/** Reserving disk space for a file, where the addon is there to ask the kernel for it. */
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';

/**
 * Reserves `sizeBytes` for the descriptor. False when nobody here can: then the caller writes zeros. Throws an error with
 * the `code` of the system call, `ENOSPC` for a full disk.
 */
export function preallocate(fd: number, sizeBytes: number): boolean {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return false;
  const errno = binding.addon.preallocate(fd, sizeBytes);
  if (errno === 0) return true;
  const code = getSystemErrorName(-errno);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'EINVAL') return false;
  throw Object.assign(new Error(`fallocate of ${sizeBytes} bytes: ${code}`), { code });
}
