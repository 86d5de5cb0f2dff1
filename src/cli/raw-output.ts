/**
 * Bytes that a program gets as they are and a terminal gets escaped: what mimics `cat` and procps byte for byte.
 *
 * The trap: procps itself lets some bytes through that steer a terminal, such as a path with an escape sequence in
 * `pmap -X`.
 */
import { escapeTerminal } from '../text/escape.js';
import { isTerminal, writeStdout } from './standard-streams.js';

/** Writes the bytes to stdout; to a terminal line by line through `escapeTerminal`. */
export async function writeRaw(bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return;
  await writeStdout(isTerminal() ? escapeLines(bytes) : bytes);
}

/** Every line of the text escaped for a terminal; only the newlines stay. */
export function escapeLines(bytes: Uint8Array): string {
  let shown = '';
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    shown += escapeTerminal(bytes.subarray(at, end));
    if (newline >= 0) shown += '\n';
    at = end + 1;
  }
  return shown;
}
