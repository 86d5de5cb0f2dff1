/** What the errno of an open or a read says about a row; the twin of `StatusOfErrno` in the addon. */
import { constants } from 'node:os';
import { STATUSES, Status, type StatusName } from '../schema.js';

export function statusOfError(error: unknown): number {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ESRCH':
    case 'ENOENT':
      return Status.gone;
    case 'EACCES':
    case 'EPERM':
      return Status.denied;
    case 'ETIMEDOUT':
      return Status.timeout;
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return Status.lost;
    default:
      return Status.unsupported;
  }
}

/** The same by name, for the negative errno that a sweep of texts leaves in place of a length. */
export function statusOfErrno(negativeErrno: number): StatusName {
  const [code] = Object.entries(constants.errno).find(([, errno]) => errno === -negativeErrno) ?? ['EIO'];
  return STATUSES[statusOfError({ code })];
}
