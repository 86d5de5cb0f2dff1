/**
 * Where commands write: data on stdout, messages on stderr.
 *
 * The trap: a reader slower than we are. A stream accepts everything and keeps it in memory, so what is large is written
 * in pieces and waits until the reader has caught up.
 */
import { jsonPieces } from './json-pieces.js';
import { isTerminal, writeStderr, writeStdout } from './standard-streams.js';

/** Characters that are gathered before they are written: a write for every mapping would cost more than the mapping. */
const GATHERED = 64 * 1024;

/** Writes the pieces to stdout as fast as they are read. */
export async function writePieces(pieces: Iterable<string>): Promise<void> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < GATHERED) continue;
    await writeStdout(gathered);
    gathered = '';
  }
  await writeStdout(gathered);
}

/** Writes bytes to stdout as fast as they are read; small pieces are joined. */
export async function writeBytes(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  const flush = async () => {
    if (length > 0) await writeStdout(Buffer.concat(gathered, length));
    [gathered, length] = [[], 0];
  };
  for await (const piece of pieces) {
    gathered.push(piece);
    length += piece.length;
    if (length >= GATHERED) await flush();
  }
  await flush();
}

/** Writes lines to stdout, each with its newline. */
export async function writeLines(lines: Iterable<string>): Promise<void> {
  await writePieces(withNewlines(lines));
}

/** Writes one JSON value and a newline to stdout: indented for a person at a terminal, on one line for a program. */
export async function writeJson(value: object): Promise<void> {
  await writePieces(jsonPieces(value, isTerminal() ? 2 : 0));
  await writeStdout('\n');
}

/** A message for people on stderr: one line that names the command. `sentence` is escaped already. */
export function warn(command: string, sentence: string): void {
  writeStderr(`tidemark ${command}: ${sentence}\n`);
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
