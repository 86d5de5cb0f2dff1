/**
 * A lock on an open file that goes with the process, however it ends, and is seen by every container of the host.
 *
 * The trap: Node has no call for it. Without the addon nobody is kept out here; the writer's signature in the ring, and
 * whether that process lives, must do.
 */
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';

/** Takes the lock. False when somebody else holds it; true also when nobody here can ask. */
export function lockFile(fd: number): boolean {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return true;
  const errno = binding.addon.lockFile(fd);
  return errno === 0 || getSystemErrorName(-errno) !== 'EAGAIN';
}
