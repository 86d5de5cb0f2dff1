/**
 * Tens of thousands of processes that cost little: children of one small static program (test/hostile/crowd.c), each asleep
 * in an address space of its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';

export class CrowdProcesses implements AsyncDisposable {
  private constructor(
    readonly count: number,
    private readonly keeper: ChildProcess,
  ) {}

  /** Resolves once all are there. Rejects when there cannot be so many: `kernel.pid_max` counts threads as well. */
  static async start(count: number): Promise<CrowdProcesses> {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    try {
      const program = path.join(folder, 'crowd');
      execFileSync('gcc', ['-O2', '-static', '-o', program, path.join(packageRoot(), 'test', 'hostile', 'crowd.c')]);
      const keeper = spawn(program, [String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(keeper, 'exit').then(() =>
        Promise.reject(new Error(`There cannot be ${count} processes here`)),
      );
      await Promise.race([once(keeper.stdout!, 'data'), ended]);
      ended.catch(() => {});
      return new CrowdProcesses(count, keeper);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** They die with the one that made them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.keeper, 'exit');
    this.keeper.kill('SIGKILL');
    await gone;
  }
}
