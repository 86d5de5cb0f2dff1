/**
 * Where commands write: data on stdout, messages on stderr.
 *
 * The trap: a reader slower than we are. A stream accepts everything and keeps it in memory, so what is large is written
 * in pieces and waits until the reader has caught up.
 */
import { once } from 'node:events';
import { jsonPieces } from './json-pieces.js';

/** Characters that are gathered before they are written: a write for every mapping would cost more than the mapping. */
const GATHERED = 64 * 1024;

/** Writes the pieces to stdout as fast as they are read. */
export async function writePieces(pieces: Iterable<string>): Promise<void> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < GATHERED) continue;
    await write(gathered);
    gathered = '';
  }
  await write(gathered);
}

/** Writes lines to stdout, each with its newline. */
export async function writeLines(lines: Iterable<string>): Promise<void> {
  await writePieces(withNewlines(lines));
}

/** Writes one JSON value and a newline to stdout: indented for a person at a terminal, on one line for a program. */
export async function writeJson(value: object): Promise<void> {
  await writePieces(jsonPieces(value, process.stdout.isTTY ? 2 : 0));
  await write('\n');
}

/** A message for people on stderr: one line that names the command. `sentence` is escaped already. */
export function warn(command: string, sentence: string): void {
  process.stderr.write(`tidemark ${command}: ${sentence}\n`);
}

async function write(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
