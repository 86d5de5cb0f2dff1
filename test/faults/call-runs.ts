/** One function of the addons, called twice in a process of its own under the library that lets calls fail. */
import { execFile } from 'node:child_process';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeFifo } from '../engine/commands.js';
import { FakeProcfs } from '../engine/fake-procfs.js';
import { ROOT } from '../torture/root.js';
import { buildLibrary, emptyTable, readTable } from './faulty-runs.js';

const PROGRAM = path.join(ROOT, 'test/faults/addon-calls.js');
export const FILE_BYTES = 100_000;
export const LONG_BYTES = 40 * 2 ** 20;
const PROCESSES = 80;

export interface Outcome {
  /** What came of the first call, and of the second. */
  readonly first: unknown;
  readonly second: unknown;
  /** Calls into the C library by key. */
  readonly calls: ReadonlyMap<string, number>;
  readonly failed: number;
}

export class CallRuns implements Disposable {
  readonly #tree = new FakeProcfs();
  readonly #library = path.join(this.#tree.root, 'fail-calls.so');
  #runs = 0;

  constructor() {
    buildLibrary(this.#library);
    this.#tree.loadavg(PROCESSES);
    for (const index of [0, 1]) makeFifo(path.join(this.#tree.root, `fifo-${index}`));
    writeFileSync(path.join(this.#tree.root, 'long'), '');
    truncateSync(path.join(this.#tree.root, 'long'), LONG_BYTES);
    for (let pid = 1; pid <= PROCESSES; pid++) {
      this.#tree.add(pid);
      this.#tree.write(pid, 'cmdline', `program\0${'x'.repeat(pid * 100)}\0`);
    }
  }

  [Symbol.dispose](): void {
    this.#tree.destroy();
  }

  /** Rejects when the process does not end by itself with code 0. `fails`: what the library is told. */
  async run(call: string, fails = '', env: Record<string, string> = {}): Promise<Outcome> {
    const { root } = this.#tree;
    const table = path.join(root, `${++this.#runs}.table`);
    const file = path.join(root, `${this.#runs}.file`);
    emptyTable(table);
    writeFileSync(file, Buffer.alloc(FILE_BYTES, 'x'));
    const told = { LD_PRELOAD: this.#library, FAULTS_TABLE: table, FAULTS_FAIL: fails };
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, call, root, file], {
      env: { ...process.env, ...env, ...told },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const [first, second] = JSON.parse(stdout) as [unknown, unknown];
    const outcome = { first, second, ...readTable(table) };
    for (const one of [table, file]) rmSync(one);
    return outcome;
  }
}
