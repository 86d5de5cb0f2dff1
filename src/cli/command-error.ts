/**
 * Errors that a command means: one sentence and an exit code. Everything else that is thrown is a fault of ours, and is
 * reported as one.
 */
import { statSync } from 'node:fs';
import { ExitCode, type ExitCodeValue } from './exit-codes.js';

/** Ends the program with this sentence on stderr and this exit code. What a person typed in it is escaped already. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCodeValue = ExitCode.failed,
  ) {
    super(message);
  }
}

/** A command line that cannot be understood: the sentence names the option, the value and what is allowed. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(message, ExitCode.usage);
  }
}

/** The words for the errno of a file operation; the rest keep Node's own. */
const ERRNO_WORDS: Record<string, string> = {
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  EMFILE: 'this process may open no more files; raise the limit (ulimit -n)',
  ENOENT: 'no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'not permitted',
  ESRCH: 'the process has ended, or has no memory of its own',
  ETIMEDOUT: 'no answer in time: somebody keeps the memory map of the process locked',
};

/** The exit code for the error of a file operation. */
export function exitCodeOf(error: unknown): ExitCodeValue {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM' ? ExitCode.notPermitted : ExitCode.failed;
}

/** The reason in the error of a file operation, without the path, which the caller names. */
export function reasonOf(error: unknown): string {
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT' && path !== undefined && isFifo(path)) return 'is a FIFO and no file of a procfs';
  return ERRNO_WORDS[code ?? ''] ?? message;
}

/** Of a tree that somebody made up: nobody writes to it, so nothing is read from it in time either. */
function isFifo(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}
