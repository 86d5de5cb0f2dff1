/**
 * Whether the words of a command ask for a recording: what every start of these commands needs, and no more.
 *
 * The trap: they take captured text under `--in` as well. A recording is asked for by a pid or `--at` beside it, and a file
 * that turns out to be one is not read as text.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { escapeTerminal } from '../text/escape.js';
import { UsageError } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { inputOf, singleValue } from './direct-options.js';

export const AT_OPTION = {
  value: 'time',
  help: 'of a recording: as it was then; 03:02, -15m, RFC 3339 or a mark (default: its end)',
} as const;

const FILE_MAGIC = 'TIDEMARK';

/** The value of `--at`, or undefined. */
export function atOf(words: DirectWords): string | undefined {
  return singleValue(words, 'at', (text) => text);
}

/** Whether `--in` names a recording: a pid or `--at` is given beside it. Throws `UsageError` for `--at` alone. */
export function isOfRecording(words: DirectWords): boolean {
  const file = inputOf(words);
  const at = atOf(words);
  if (at !== undefined && file === undefined) throw new UsageError('--at: needs --in and a recording');
  if (file === undefined) return false;
  if (at !== undefined) return true;
  const isRecording = file === '-' ? undefined : hasMagic(file);
  if (words.positionals.length > 0) {
    if (isRecording === false) {
      throw new UsageError(`give a pid or --in, not both: "${escapeTerminal(file)}" is no recording`);
    }
    return true;
  }
  if (isRecording) throw new UsageError(`"${escapeTerminal(file)}" is a recording: give the pid of a process in it`);
  return false;
}

/** Undefined for what cannot be read: whoever opens it says why. */
function hasMagic(file: string): boolean | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(FILE_MAGIC.length);
    return readSync(fd, bytes, 0, bytes.length, 0) === bytes.length && bytes.toString('latin1') === FILE_MAGIC;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
