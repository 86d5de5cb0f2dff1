/**
 * The processes that the answers of procps and of Tidemark are compared on: more than thirty kinds, alive and stopped.
 * kinds/keeper.py starts them, stops them and says when all stand still.
 *
 * The trap: they must end with the test run, however it ends. The keeper lives as long as its standard input, and each
 * process asked the kernel to be killed with the keeper.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('./kinds/keeper.py', import.meta.url));

/** Fewer kinds than this would show little. */
export const LEAST_KINDS = 30;

export interface StoppedProcess {
  /** What is special about it, as kinds/keeper.py names it: `memfd-spaces`, `zombie-leader`. */
  readonly kind: string;
  readonly pid: number;
}

export interface StoppedProcesses {
  readonly processes: readonly StoppedProcess[];
  /** What this machine cannot give (huge pages, real-time scheduling), and why. */
  readonly leftOut: readonly { readonly kind: string; readonly why: string }[];
  /** Ends all of them and removes the files that they map. */
  readonly end: () => Promise<void>;
}

/**
 * Starts one process of every kind. Takes some seconds. Prints each kind that was left out; throws when fewer than
 * {@link LEAST_KINDS} remain or the keeper fails.
 */
export async function startStoppedProcesses(): Promise<StoppedProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-kinds-'));
  const keeper = spawn('python3', [KEEPER, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(keeper, 'close');
  const end = async () => {
    keeper.stdin.end();
    await closed;
    await rm(folder, { recursive: true, force: true });
  };

  try {
    let answer = '';
    for await (const chunk of keeper.stdout.setEncoding('utf8')) {
      answer += chunk;
      if (answer.endsWith('\n')) break;
    }
    if (!answer.endsWith('\n')) throw new Error('the keeper ended before the processes were ready');
    const { processes, leftOut } = JSON.parse(answer) as Omit<StoppedProcesses, 'end'>;
    for (const { kind, why } of leftOut) console.log(`left out of the set of stopped processes: ${kind} (${why})`);
    if (processes.length < LEAST_KINDS) throw new Error(`only ${processes.length} kinds of stopped processes`);
    return { processes, leftOut, end };
  } catch (error) {
    await end();
    throw error;
  }
}
