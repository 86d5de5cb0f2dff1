/**
 * A terminal that a test can type into and look at: a shell under tmux, on a server of its own.
 *
 * The trap: everything there happens later than it was asked for, and how much later depends on the machine. So nothing
 * waits for a time; a test waits for what it wants to see, and fails with what it saw instead.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MAIN } from './tidemark-process.js';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

export interface TerminalState {
  /** Alternate screen, cursor and wrapping, as 0 and 1. */
  readonly flags: string;
  readonly settings: string;
}

export class Tmux implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'tidemark-tmux-'));
  readonly #env: NodeJS.ProcessEnv;
  #files = 0;

  /** A shell in a window of this size, with these variables. */
  constructor(columns: number, rows: number, env: Record<string, string> = {}) {
    const { TMUX: _, NO_COLOR: __, ...own } = process.env;
    this.#env = { ...own, LC_ALL: 'C.UTF-8', PS1: 'ready> ', ...env };
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'sh -i');
    this.#tmux('set-option', '-g', 'window-size', 'manual');
  }

  /** Presses keys, by tmux's names. */
  keys(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The lines on the screen; with `escapes` the attributes too. */
  screen(escapes = false): string[] {
    return this.#tmux('capture-pane', '-p', ...(escapes ? ['-e'] : []))
      .replace(/\n$/, '')
      .split('\n');
  }

  format(format: string): string {
    return this.#tmux('display-message', '-p', format).trim();
  }

  /** What the terminal is set to; the shell must be waiting for a command. */
  async state(): Promise<TerminalState> {
    const file = path.join(this.folder, `stty-${this.#files++}`);
    await this.command(`stty -a >${file}`);
    const flags = this.format('#{alternate_on} #{cursor_flag} #{wrap_flag} #{keypad_flag} #{mouse_any_flag}');
    return { flags, settings: readFileSync(file, 'utf8') };
  }

  /** Starts a command line, and resolves to what `tidemark` answered with once it has ended. */
  start(commandLine: string): { readonly pidFile: string; readonly ended: () => Promise<string> } {
    const done = path.join(this.folder, `done-${this.#files++}`);
    const pidFile = `${done}.pid`;
    this.type(`sh -c 'echo $$ >${pidFile}; exec ${commandLine}'; echo $? >${done}`);
    this.keys('Enter');
    return { pidFile, ended: () => until(() => fileText(done), `the end of ${commandLine}`) };
  }

  /** Starts `tidemark top` with these words. */
  top(words: string): ReturnType<Tmux['start']> {
    return this.start(`${process.execPath} ${MAIN} top ${words}`);
  }

  /** Runs a command of the shell to its end. */
  async command(commandLine: string): Promise<void> {
    const done = path.join(this.folder, `done-${this.#files++}`);
    this.type(`${commandLine}; echo $? >${done}`);
    this.keys('Enter');
    await until(() => fileText(done), `the end of ${commandLine}`);
  }

  /** Resolves to the screen once it is as wanted. */
  async until(wanted: (lines: readonly string[], text: string) => boolean, what: string): Promise<string[]> {
    return until(
      () => {
        const lines = this.screen();
        return wanted(lines, lines.join('\n')) ? lines : undefined;
      },
      what,
      () => this.screen().join('\n'),
    );
  }

  [Symbol.dispose](): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // It ends by itself when its last shell has ended.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #tmux(...words: readonly string[]): string {
    const socket = path.join(this.folder, 'socket');
    return execFileSync('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...words], {
      env: this.#env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** Asks until there is an answer. */
export async function until<T>(ask: () => T | undefined, what: string, seen: () => string = () => ''): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}; there is\n${seen()}`);
    await pause(POLL_MS);
  }
}

/** The text of a file that is whole, which its newline shows. */
export function fileText(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text.endsWith('\n') ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}
