/**
 * When the screen of `tidemark top` is there, at a terminal of its own (script of util-linux).
 *
 * The trap: a screen is drawn once more when what takes longer has been found; that is over when nothing has come for a while.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageRoot } from '../src/text/package.js';

const MAIN = path.join(packageRoot(), 'dist', 'cli', 'main.js');
export const SCREEN_SIZE = { columns: 160, rows: 50 };
const QUIET_MS = 500;
const LONGEST_MS = 60_000;

export interface ScreenTimes {
  /** Milliseconds until the names of the columns are on the terminal, below the lines about the host and above the rows. */
  readonly first: number;
  /** Until nothing is added to it any more. */
  readonly filled: number;
}

/** Draws it once. `words`: those of `top`, such as `--in FILE`. Throws when no screen comes within a minute. */
export async function firstScreen(words: readonly string[] = []): Promise<ScreenTimes> {
  const { columns, rows } = SCREEN_SIZE;
  const top = [process.execPath, MAIN, 'top', ...words, '-d', '60'].join(' ');
  const begin = performance.now();
  const child = spawn('script', ['-qefc', `stty cols ${columns} rows ${rows}; exec ${top}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TERM: 'xterm-256color' },
  });
  const closed = once(child, 'close');
  let [text, first, last] = ['', Number.NaN, Number.NaN];
  child.stdout.on('data', (piece) => {
    text += String(piece);
    last = performance.now() - begin;
    if (Number.isNaN(first) && text.includes('COMMAND')) first = last;
  });
  while (!(first > 0 && performance.now() - begin - last > QUIET_MS)) {
    await pause(20);
    if (child.exitCode !== null || performance.now() - begin > LONGEST_MS) throw new Error(`No screen came: ${text}`);
  }
  child.stdin.end('q');
  child.kill();
  await closed;
  return { first, filled: last };
}
