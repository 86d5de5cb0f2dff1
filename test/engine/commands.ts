/** Processes that tests look at, and modules that run in a process of their own. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

export function makeFifo(file: string): void {
  execFileSync('mkfifo', [file]);
}

/** Waits until it is so; a minute of it not being so is a failure. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await pause(5);
  }
}

/** The text of a file of a live process, read here and nowhere near the engines. */
export function procText(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'latin1');
}

/** The words of `stat` behind the name: `[0]` is the state, field n of proc(5) is at n - 3. */
export function statWords(pid: number): string[] {
  const text = procText(pid, 'stat');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
}

const children = new Set<ChildProcess>();

/** A child that lives until it is ended or the tests of this file are over. */
export async function startChild(command: string, words: readonly string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

export async function stopChild(child: ChildProcess & { pid: number }): Promise<void> {
  child.kill('SIGSTOP');
  await until(() => statWords(child.pid)[0] === 'T', `${child.pid} is stopped`);
}

/** Kills a child and waits until it has been reaped. */
export async function endChild(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function endChildren(): Promise<void> {
  await Promise.all([...children].map(endChild));
}

/** A stopped `sleep`, whose memory holds still. */
export async function startStopped(): Promise<ChildProcess & { pid: number }> {
  const child = await startChild('sleep', ['1000']);
  // The exec is over when the name is sleep's; then the dynamic linker is let finish.
  await until(() => procText(child.pid, 'comm') === 'sleep\n', 'sleep runs');
  await until(() => statWords(child.pid)[0] === 'S', 'sleep sleeps');
  await stopChild(child);
  return child;
}

/** The pid of a zombie, which is one until its parent, a child of ours, ends. */
export async function startZombie(): Promise<number> {
  const script = 'import os, sys\nif (pid := os.fork()) == 0: os._exit(0)\nprint(pid, flush=True)\nsys.stdin.read()';
  const parent = await startChild('python3', ['-c', script]);
  const [line] = await once(parent.stdout!, 'data');
  await until(() => statWords(Number(line))[0] === 'Z', 'the zombie is one');
  return Number(line);
}

const ENGINES_URL = pathToFileURL(fileURLToPath(new URL('../../dist/engine/', import.meta.url))).href;

/**
 * Runs a script in a Node process of its own, behind the words of `prefix`, with the built modules. `openEngine`,
 * `columns(tier, rows)`, `status(array)` and `kill` of children are its own business; what it gives to `tell` is the result.
 */
export function runScript(script: string, values: Record<string, unknown>, prefix: readonly string[] = []): unknown {
  const source = `
    const { openEngine } = await import('${ENGINES_URL}open-engine.js');
    const { TierColumns } = await import('${ENGINES_URL}tier-columns.js');
    const { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES } = await import('${ENGINES_URL}../schema.js');
    const { readHostUnits } = await import('${ENGINES_URL}../procfs/host-units.js');
    const { MappingSweep } = await import('${ENGINES_URL}mapping-sweep.js');
    const fs = await import('node:fs');
    const host = readHostUnits();
    const tell = (result) => fs.writeSync(1, JSON.stringify(result));
    const values = ${JSON.stringify(values)};
    ${script}`;
  const words = [...prefix, process.execPath, '--input-type=module', '-e', source];
  const { stdout, stderr, status, signal } = spawnSync(words[0]!, words.slice(1), {
    encoding: 'utf8',
    timeout: 25_000,
  });
  if (status !== 0 || stderr !== '') throw new Error(`exit ${status}, signal ${signal}: ${stderr}`);
  return JSON.parse(stdout);
}
