/** What is run to make a world hostile: programs in C, compiled for the test that needs them, and how large it is to be. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** The long form, by `HOSTILE_LONG=1`: as much as is promised, which takes minutes. */
export const IS_LONG = process.env.HOSTILE_LONG === '1';

/** Compiles NAME.c into a folder; returns the program. */
export function compile(
  name: string,
  folder: string,
  flags: readonly string[] = [],
  libraries: readonly string[] = [],
): string {
  const program = path.join(folder, name);
  const source = path.join(FOLDER, `${name}.c`);
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', ...flags, '-o', program, source, ...libraries]);
  return program;
}

/** Starts a program and waits for its first line, by which it says that it is ready. */
export async function startReady(program: string, words: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${program} ${words.join(' ')} ended with ${code} before it was ready`);
  });
  await Promise.race([once(child.stdout!, 'data'), ended]);
  ended.catch(() => {});
  return child;
}
