/** The writer (kill-writer.js) as a child, and what it has said so far. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './root.js';

const WRITER = path.join(ROOT, 'test/torture/kill-writer.js');

export interface WriterConfig {
  readonly file: string;
  readonly engine: 'ts' | 'native' | 'none';
  readonly resume: boolean;
  readonly sizeBytes: number;
  readonly pids: readonly number[];
  readonly hz?: number;
}

export class WriterChild {
  log = '';
  /** Resolves with its first report, or when it ends. */
  readonly spoke: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #errors = '';

  constructor(config: WriterConfig) {
    const child = spawn(process.execPath, [WRITER, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#closed = once(child, 'close');
    this.spoke = Promise.race([this.#closed, once(child.stdout, 'data')]);
    child.stdout.on('data', (chunk) => {
      this.log += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.#errors += chunk;
    });
  }

  /** Kills it and takes the rest of its log. Throws when it had ended by itself. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    const [code, signal] = await this.#closed;
    if (signal !== 'SIGKILL') throw new Error(`The writer ended by itself, with code ${code}: ${this.#errors}`);
  }
}
