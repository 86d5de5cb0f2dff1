/** The built command as a child process: what a user runs, not the functions behind it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';

export const MAIN = path.join(packageRoot(), 'dist/cli/main.js');

/** What an addon with a sanitizer has in the environment of whoever loads it (`npm run test:sanitized`); else empty. */
export const SANITIZER: Readonly<Record<string, string>> = Object.fromEntries(
  ['ASAN_OPTIONS', 'UBSAN_OPTIONS'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  /** Another build of the program. */
  readonly main?: string;
}

/** Runs `tidemark` with these words until it ends. */
export async function runTidemark(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [options.main ?? MAIN, ...words], {
    env: { ...process.env, TIDEMARK_DEBUG: '', ...options.env },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  // A child that refuses its command line ends before it has read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [code] = await once(child, 'close');
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
