/**
 * Messages over a stream: a line of JSON each.
 *
 * The trap: either side may die in the middle of one. What breaks a stream is no error of ours: it closes, and whoever listens
 * for that is told.
 */
import type { Socket } from 'node:net';

/** Sends a message. Resolves once the kernel has it, or the line is broken. */
export function sendLine(line: Socket, message: unknown): Promise<void> {
  return new Promise((resolve) => {
    if (line.writable) line.write(`${JSON.stringify(message)}\n`, () => resolve());
    else resolve();
  });
}

/** Calls `hear` with each message, and `closed` behind the last one. */
export function hearLines(line: Socket, hear: (message: unknown) => void, closed: () => void): void {
  let rest = '';
  line.setEncoding('utf8');
  line.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    for (const text of lines) {
      const message = parsed(text);
      // Nothing of ours writes that: what follows is not to be trusted either.
      if (message === undefined) return void line.destroy();
      hear(message);
    }
  });
  line.on('error', () => {});
  line.on('close', closed);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
