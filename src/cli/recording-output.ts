/**
 * Where commands put a recording that they make: a new file, or standard output for the next command in a pipe.
 *
 * The trap: a recording is written at many places at once and cannot be piped while it is made; so for a pipe it is made in
 * a folder that only we can look into, and sent when it is whole.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { writeAside } from './output-file.js';
import { isTerminal, writeStdout } from './standard-streams.js';

const CHUNK_BYTES = 256 * 1024;
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** Lets `write` make a recording under a name that is free, and puts it where it belongs. */
export async function writeRecording<T>(output: string, force: boolean, write: (file: string) => T): Promise<T> {
  // The default of a signal would end the program without its last words.
  for (const [signal, number] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(128 + number));
  if (output !== '-') return writeAside(output, force, (file) => asCommandError(output, () => write(file)));
  if (isTerminal('stdout'))
    throw new UsageError('-o: a recording is nothing for a terminal; name a file, or use a pipe');
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'));
  const forget = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', forget);
  try {
    const file = path.join(folder, 'out.tide');
    const result = asCommandError('standard output', () => write(file));
    await send(file);
    return result;
  } finally {
    forget();
  }
}

async function send(file: string): Promise<void> {
  const fd = openSync(file, 'r');
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) {
      // A stream may keep what it was given.
      await writeStdout(chunk.slice(0, count));
    }
  } finally {
    closeSync(fd);
  }
}

function asCommandError<T>(output: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
    if (code === undefined || error instanceof CommandError) throw error;
    const reason = cause ?? error;
    throw new CommandError(`cannot write ${escapeTerminal(output)}: ${reasonOf(reason)}`, exitCodeOf(reason));
  }
}
