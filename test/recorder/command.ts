/** `tidemark` as a child that can be watched, signalled, and run where the disk is full. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN, type Outcome } from '../tidemark-process.js';

export interface Command {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>;
}

/** Starts a program; the outcome is that of its end, however it ends. */
export function startCommand(program: string, words: readonly string[], cwd: string, mostMs = 25_000): Command {
  const child = spawn(program, words, {
    cwd,
    env: { ...process.env, TIDEMARK_DEBUG: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // One that does not end by itself must not stay behind when its test fails.
    timeout: mostMs,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  return { child, stderr: () => stderr, ended };
}

/** Starts `tidemark` with these words in a folder. */
export function startTidemark(words: readonly string[], cwd: string, mostMs?: number): Command {
  return startCommand(process.execPath, [MAIN, ...words], cwd, mostMs);
}

/** Runs a line of shell in which `tidemark` is the program. */
export function runShell(line: string, cwd: string) {
  const shell = `tidemark() { ${quoted(process.execPath)} ${quoted(MAIN)} "$@"; }\n${line}`;
  return startCommand('sh', ['-c', shell], cwd).ended;
}

/**
 * Runs a line of shell in a folder of 1 MiB that nobody else sees, and prints what the folder holds afterwards: a mount
 * in a namespace of its own goes away with it.
 */
export function runOnSmallDisk(line: string, cwd: string) {
  const shell = `tidemark() { ${quoted(process.execPath)} ${quoted(MAIN)} "$@"; }
    mount -t tmpfs -o size=1m none ${quoted(cwd)} && cd ${quoted(cwd)} || exit 99
    ${line}
    code=$?; echo "left: $(ls -A)"; exit $code`;
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
  return startCommand('unshare', [...flags, 'sh', '-c', shell], '/').ended;
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
