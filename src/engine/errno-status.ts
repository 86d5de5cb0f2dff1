/** What the errno of an open or a read says about a row; the twin of `StatusOfErrno` in the addon. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
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

/** The same for the negative errno that a sweep leaves in place of a length. */
export function statusOfErrno(negativeErrno: number): number {
  return statusOfError({ code: getSystemErrorName(negativeErrno) });
}

/** The same by name. */
export function statusNameOfErrno(negativeErrno: number): StatusName {
  return STATUSES[statusOfErrno(negativeErrno)];
}

/** What a sweep leaves in place of a length when Node could not open or read a file: the negative errno. */
export function errnoOf(error: unknown): number {
  return (error as NodeJS.ErrnoException).errno ?? -constants.errno.EIO;
}
