/**
 * Plain writes to stdout and stderr, for whoever answers before the streams of `process` would have been loaded.
 *
 * The traps: a pipe that another program made non-blocking refuses a write when it is full, and must be waited for, which
 * only the stream can; after that everything goes through the stream, or the order is lost. And a closed stdout ends the
 * program quietly, while a closed stderr ends nothing.
 */
import { once } from 'node:events';
import { fstatSync, writeSync } from 'node:fs';

let stdoutIsStream = false;
let isGuarded = false;

/** Major number of the devices that are memory: null, zero, full. */
const MEMORY_DEVICES = 1;

/** Whether one of them is a terminal. */
export function isTerminal(name: 'stdin' | 'stdout' | 'stderr' = 'stdout'): boolean {
  // `isTTY` loads the streams, which what is redirected need not.
  const file = fstatSync({ stdin: 0, stdout: 1, stderr: 2 }[name]);
  return file.isCharacterDevice() && file.rdev >> 8 !== MEMORY_DEVICES && process[name].isTTY === true;
}

/** Writes to stdout, and resolves when the reader can take more. Ends the program when the reader has gone. */
export async function writeStdout(data: string | Uint8Array): Promise<void> {
  let rest = typeof data === 'string' ? Buffer.from(data) : data;
  if (!stdoutIsStream) {
    try {
      rest = writeWhatFits(1, rest);
    } catch (error) {
      if (isClosedPipe(error)) process.exit();
      throw error;
    }
    if (rest.length === 0) return;
    stdoutIsStream = true;
    guardStreams();
  }
  if (!process.stdout.write(rest)) await once(process.stdout, 'drain');
}

/** Writes to stderr; never throws. */
export function writeStderr(text: string): void {
  try {
    const rest = writeWhatFits(2, Buffer.from(text));
    if (rest.length > 0) process.stderr.write(rest);
  } catch {
    // Nobody is there to be told.
  }
}

/** Handles errors of the streams of `process`. Needed by whoever writes to them, directly or by what it calls. */
export function guardStreams(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosedPipe(error)) process.exit();
    throw error;
  });
  process.stderr.on('error', () => {});
}

/** Whether the error says that the reader of a pipe has gone. */
export function isClosedPipe(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' && syscall === 'write';
}

/** Writes until a pipe is full that does not block, and returns what is left. */
function writeWhatFits(fd: number, bytes: Uint8Array): Uint8Array {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return bytes.subarray(written);
}
