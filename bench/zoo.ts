/** The processes that all sides of a comparison read: half `/bin/sleep`, half idle python3, see zoo.py. */
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';

export class Zoo implements AsyncDisposable {
  readonly #keeper: RoundChild;
  readonly pids: readonly number[];
  /** Such as `2000 processes (1000 sleep, 1000 python3)`. */
  readonly description: string;

  private constructor(keeper: RoundChild, pids: readonly number[], description: string) {
    this.#keeper = keeper;
    this.pids = pids;
    this.description = description;
  }

  /** Resolves once every process has come up. Throws when there is no python3. */
  static async start(processes: number): Promise<Zoo> {
    const python = findPython();
    if (python === undefined) throw new Error('The zoo needs python3, and none is on the PATH');
    const sleepers = Math.floor(processes / 2);
    const pythons = processes - sleepers;
    const keeper = new RoundChild('The zoo', python, [path.join(packageRoot(), 'bench', 'zoo.py')]);
    const answer = await keeper.ask(`start ${sleepers} ${pythons}`);
    const description = `${processes} processes (${sleepers} sleep, ${pythons} python3)`;
    return new Zoo(keeper, answer.split(' ').map(Number), description);
  }

  /** Ends all of them and waits until they have gone. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#keeper[Symbol.asyncDispose]();
  }
}
