/** Processes whose memory map is locked for good; see stuck.c, which needs root, /dev/fuse and libfuse3-dev. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A keeper that cannot stick its processes for so long is told to end. */
const PATIENCE_MS = 25_000;
const SOURCE = fileURLToPath(new URL('stuck.c', import.meta.url));

export class StuckProcesses implements AsyncDisposable {
  /** Of the stuck ones. */
  readonly pids: number[] = [];
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tidemark-stuck-'));
  readonly #keeper: ChildProcess;

  static async start(count: number): Promise<StuckProcesses> {
    const stuck = new StuckProcesses(count);
    const lines = createInterface({ input: stuck.#keeper.stdout! });
    const patience = setTimeout(() => stuck.#keeper.kill(), PATIENCE_MS);
    for await (const line of lines) if (stuck.pids.push(Number(line)) === count) break;
    clearTimeout(patience);
    if (stuck.pids.length === count) return stuck;
    await stuck[Symbol.asyncDispose]();
    throw new Error(`${stuck.pids.length} of ${count} processes are stuck: what stands above says why`);
  }

  private constructor(count: number) {
    const program = path.join(this.#folder, 'stuck');
    const mount = path.join(this.#folder, 'mount');
    mkdirSync(mount);
    execFileSync('gcc', ['-I/usr/include/fuse3', '-D_FILE_OFFSET_BITS=64', '-w', '-o', program, SOURCE, '-lfuse3']);
    this.#keeper = spawn(program, [mount, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** Lets all of them go: they end, and what waits for them goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) {
      this.#keeper.stdin!.end();
      await once(this.#keeper, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
