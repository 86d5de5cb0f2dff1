/** What the errno of an open or a read says about a row; the twin of `StatusOfErrno` in the addon. */
import { Status } from '../schema.js';

export function statusOfError(error: unknown): number {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ESRCH':
    case 'ENOENT':
      return Status.gone;
    case 'EACCES':
    case 'EPERM':
      return Status.denied;
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return Status.lost;
    default:
      return Status.unsupported;
  }
}
