/**
 * How many files this process may have open, and the sentence for one that may open no more.
 *
 * The trap: whoever has none left cannot read the files that tell so.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

export interface Descriptors {
  /** Soft limit of this process; infinity when there is none. */
  readonly limit: number;
  readonly open: number;
}

/** Thrown where this process may not open as many files as it takes. `message` names the limit and the way out. */
export class DescriptorError extends Error {
  readonly code = 'EMFILE';
}

/** Of this process, or undefined where it cannot be told. `self`: its folder in procfs. */
export function readDescriptors(self = '/proc/self'): Descriptors | undefined {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(`${self}/limits`, 'latin1'))?.[1];
    const limit = soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
    // The one that the folder is read by is not there any more.
    return { limit, open: readdirSync(`${self}/fd`).length - 1 };
  } catch (error) {
    const limit = isShortOfDescriptors(error) ? limitOfReport() : undefined;
    return limit === undefined ? undefined : { limit, open: limit };
  }
}

/** Whether an error says that this process, or the host, may open no more files. */
export function isShortOfDescriptors(error: unknown): boolean {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE') return true;
  return errno !== undefined && [constants.errno.EMFILE, constants.errno.ENFILE].includes(Math.abs(errno));
}

/** What is to be said when a file could not be opened for want of a descriptor. */
export function tooFewDescriptors(): DescriptorError {
  const limit = readDescriptors()?.limit;
  const many = limit === undefined || !Number.isFinite(limit) ? 'no more files' : `only ${limit} files`;
  return new DescriptorError(
    `this process may have ${many} open, which are too few: raise the limit (ulimit -n 1024, or LimitNOFILE of systemd)`,
  );
}

/** Without opening a file. */
function limitOfReport(): number | undefined {
  try {
    const { userLimits } = process.report.getReport() as unknown as {
      readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
    };
    const limit = Number(userLimits?.open_files?.soft);
    return Number.isNaN(limit) ? undefined : limit;
  } catch {
    return undefined;
  }
}
