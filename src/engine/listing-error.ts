/** That the processes could not be listed, as an error with a `code`: trouble of the host, and no fault of ours. */
import { getSystemErrorName } from 'node:util';

/** From a negative errno. */
export function listingError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`Cannot list the processes: ${code}`), { code, errno });
}
