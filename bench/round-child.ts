/**
 * A child process that does one round of work for each line it is sent, and answers each with one line.
 *
 * The trap: a process that is started for each round measures its own start. One that waits on a pipe between its rounds
 * has warm caches and kept descriptors, as our side has; and it ends by itself when the pipe closes, however we end.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What one round of a child cost and read. */
export interface RoundAnswer {
  /** CPU time of the child's process in this round, user and system, nanoseconds. */
  readonly cpuNs: number;
  /** What the round added up, to be held against our own sum. */
  readonly sum: number;
  /** Processes that were read. */
  readonly processes: number;
}

export class RoundChild implements AsyncDisposable {
  readonly #child;
  readonly #exited: Promise<string>;
  #answer: ((line: string) => void) | undefined;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
    // Its death is noticed where an answer is awaited, not here.
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.#answer?.(line));
  }

  /** Sends a line and resolves to the answer. Rejects when the child ends instead. */
  async ask(line: string): Promise<string> {
    const answer = new Promise<string>((resolve) => {
      this.#answer = resolve;
    });
    this.#child.stdin.write(`${line}\n`);
    const died = this.#exited.then((how) => Promise.reject(new Error(`${this.name} ended early (${how})`)));
    return Promise.race([answer, died]);
  }

  /** One round of the work that has this name. */
  async round(work: string): Promise<RoundAnswer> {
    const answer = await this.ask(work);
    const [cpuNs, sum, processes] = answer.split(' ').map(Number) as [number, number, number];
    if (!(cpuNs > 0 && processes > 0)) throw new Error(`${this.name} answered ${JSON.stringify(answer)} to ${work}`);
    return { cpuNs, sum, processes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }
}
