/**
 * The terminal while a screen is drawn on it: the alternate screen, without cursor and without wrapping, keys unbuffered.
 *
 * The traps: whatever happens, the terminal must be as it was before, so `leave` can be called at any time, any number of
 * times, and writes before it returns; a frame is one write, or a terminal shows halves of it; and a character in the last
 * column leaves the cursor beyond it, where erasing the rest of the line would erase that character.
 */
import { writeSync } from 'node:fs';
import type { ScreenSize } from '../views/screen/screen.js';
import { isClosedPipe, writeStdout } from './standard-streams.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
const ERASE_REST = '\x1b[K';
const USUAL: ScreenSize = { columns: 80, rows: 24 };
/** A terminal that takes nothing for so many tries is not waited for. */
const TRIES = 1000;

export class TerminalScreen {
  #isEntered = false;
  #shown: readonly string[] = [];
  #isWriting = false;
  #next: readonly string[] | undefined;

  /** Begins to draw; what is drawn next is drawn whole. */
  enter(): void {
    if (this.#isEntered) return;
    // First, since a process in the background is stopped by it, and must not have drawn before.
    process.stdin.setRawMode(true);
    this.#isEntered = true;
    this.#shown = [];
    writeNow(ENTER);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    writeNow(LEAVE);
    try {
      process.stdin.setRawMode(false);
    } catch {
      // The terminal has gone.
    }
  }

  get size(): ScreenSize {
    const { columns, rows } = process.stdout;
    return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
  }

  /** Draws everything anew the next time. */
  forget(): void {
    this.#shown = [];
  }

  /** Draws the lines that differ from those that are shown, in one write; none may be wider than the screen. */
  async draw(lines: readonly string[]): Promise<void> {
    this.#next = lines;
    // Of those that come while the terminal takes one, only the last is worth drawing.
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (this.#next && this.#isEntered) {
        const frame = frameOf(this.#next, this.#shown);
        this.#shown = this.#next;
        this.#next = undefined;
        if (frame !== '') await writeStdout(frame);
      }
    } finally {
      this.#isWriting = false;
    }
  }
}

/** What turns the lines that are shown into others; '' when they are the same. */
export function frameOf(lines: readonly string[], shown: readonly string[]): string {
  const isWhole = shown.length !== lines.length;
  const moved = lines.map((line, index) =>
    // Erased first: see above. With the attributes off, or a colour would fill the line.
    !isWhole && line === shown[index] ? '' : `\x1b[${index + 1};1H${ERASE_REST}${line}`,
  );
  return (isWhole ? '\x1b[0m\x1b[2J' : '') + moved.join('');
}

/** Writes at once. Whoever closed the terminal needs nothing more. */
function writeNow(text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  for (let tries = 0; rest.length > 0 && tries < TRIES; tries++) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (isClosedPipe(error) || code === 'EIO') return;
      if (code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
