/**
 * Another program, run behind all that matters more: the recorder, and whatever the host is there for.
 *
 * The trap: where memory is short or limited, the kernel takes the largest, which may be the agent; so what is run here offers
 * itself to be taken first.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** How much of what a program says of its failure is told. */
const TOLD = 300;
/** `oom_score_adj`: before all others. */
const FIRST_TO_GO = '1000';

/** It was ended since its time was over. */
export class OvertimeError extends Error {}

/**
 * Not so far behind that a busy host never gets to it, and not for more than so many milliseconds. Rejects with `OvertimeError`,
 * or with what the program said when it fails.
 */
export function runBehind(program: string, words: readonly string[], mostMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let isOvertime = false;
    const limit = setTimeout(() => {
      isOvertime = true;
      child.kill('SIGKILL');
    }, mostMs);
    let said = '';
    child.stderr.on('data', (piece) => {
      if (said.length < TOLD) said += String(piece).slice(0, TOLD);
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) resolve();
      else if (isOvertime) reject(new OvertimeError(`took longer than ${Math.round(mostMs / 1000)} s`));
      else reject(new Error(said.trim() || (signal === null ? `exit ${code}` : `killed by ${signal}`)));
    });
    if (child.pid !== undefined) stepBack(child.pid);
  });
}

function stepBack(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_GO);
  } catch {
    // It has ended already.
  }
}
