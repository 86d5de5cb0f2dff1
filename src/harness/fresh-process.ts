/**
 * A task in a fresh process: that process is started, recorded from here, and told when to go on.
 *
 * The traps: the process that is measured must not record itself, since that would be in the figures; it waits at both ends of the
 * task, so that a frame lies on either side; collections beside the program would make its memory depend on how busy the machine is,
 * so V8 does nothing beside it (`--predictable`), with hash tables that are the same each time; and what cannot be taken to another process, a function, must be said to be so.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SpanMemory } from '../analyze/span-memory.js';
import { FRESH_TASK, type FreshTask, type FromFresh } from './fresh-task.js';
import { IsolationError } from './isolation-error.js';
import { startRecording } from './measuring-recorder.js';
import type { TaskStamp } from './task-stamp.js';

export interface FreshProgram {
  readonly script: string;
  /** Where the task is; default: in the script. */
  readonly module?: string;
  readonly args?: readonly string[];
  readonly hz: number;
}

const START_MS = 60_000;
const STDERR_BYTES = 4096;
const FLAGS = ['--predictable', '--hash-seed=1'];

/**
 * The script whose tasks are to be run alone: the one that this process was started with (`true`), or the module of that URL.
 * Throws a TypeError when there is none.
 */
export function isolatedScript(isolate: unknown): string {
  if (isolate === true) {
    const script = process.argv[1];
    if (script === undefined || !existsSync(script) || process.env.VITEST !== undefined) {
      throw new TypeError(
        'Expected the "isolate" option to be the URL of the module that runs the tasks: this process was not started with a script of its own',
      );
    }
    return script;
  }
  return moduleFile('isolate', isolate);
}

/** The file of a `file:` URL, as a URL or as text such as `import.meta.url`. */
export function moduleFile(option: string, value: unknown): string {
  const isUrl = (value instanceof URL || typeof value === 'string') && String(value).startsWith('file:');
  if (!isUrl)
    throw new TypeError(
      `Expected the "${option}" option to be true or the file: URL of a module, got ${String(value)}`,
    );
  const file = fileURLToPath(value as string | URL);
  if (!existsSync(file))
    throw new TypeError(`Expected the "${option}" option to be the URL of a module, got ${file}, which does not exist`);
  return file;
}

/** Runs one task alone. Rejects with an IsolationError when it cannot be, or with what the task threw. */
export async function runFresh(
  task: FreshTask,
  program: FreshProgram,
): Promise<{ stamp: TaskStamp; memory: SpanMemory }> {
  const child = fork(program.script, [...(program.args ?? process.argv.slice(2))], {
    execArgv: [...process.execArgv.filter((word) => !word.startsWith('--inspect')), ...FLAGS],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, [FRESH_TASK]: JSON.stringify(task) },
  });
  const line = new FreshLine(child, task, program.module ?? program.script);
  try {
    await line.next('ready', START_MS);
    await using recorder = await startRecording({
      target: { pids: [child.pid!] },
      hz: program.hz,
      budget: 0.05,
      hostTier: 'off',
      cgroupTier: 'off',
    });
    line.go();
    const { stamp } = await line.next('done');
    return { stamp, memory: await recorder.memoryBetween(stamp.fromNs, stamp.toNs, stamp.faults) };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Whether it was the task itself that failed: others of its script may be run all the same. */
export function isOfTask(error: unknown): error is IsolationError {
  return error instanceof IsolationError && error.cause !== undefined;
}

/** What the process says, in its order. */
class FreshLine {
  #heard: FromFresh | Error | undefined;
  #wake: (() => void) | undefined;
  #stderr = '';

  constructor(
    private readonly child: ChildProcess,
    private readonly task: FreshTask,
    private readonly module: string,
  ) {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES);
    });
    child.on('message', (message) => this.#hear(message as FromFresh));
    child.on('error', (error) => this.#hear(this.#failure(error.message)));
    child.on('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      this.#hear(this.#failure(`it ${how} before it had run the task`));
    });
  }

  go(): void {
    this.child.send('go', () => {});
  }

  async next<T extends FromFresh['type']>(type: T, withinMs?: number): Promise<Extract<FromFresh, { type: T }>> {
    const heard = await new Promise<FromFresh | Error>((resolve) => {
      const late = () => resolve(this.#failure(`it did not come to the task within ${withinMs! / 1000} s`));
      const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(this.#heard!);
      };
      if (this.#heard) this.#wake();
    });
    this.#wake = undefined;
    this.#heard = undefined;
    if (heard instanceof Error) throw heard;
    if (heard.type === 'failed') {
      const { message } = heard;
      throw this.#failure(`the task failed there: ${message}`, heard.isOfTask ? message : undefined);
    }
    if (heard.type !== type) throw this.#failure(`it said "${heard.type}" for "${type}"`);
    return heard as Extract<FromFresh, { type: T }>;
  }

  #hear(heard: FromFresh | Error): void {
    // The end of the process comes after all that it said; what has not been asked for yet stands.
    if (this.#heard) return;
    this.#heard = heard;
    this.#wake?.();
  }

  #failure(why: string, cause?: string): IsolationError {
    const said = this.#stderr.trim() === '' ? '' : `\n${this.#stderr.trim()}`;
    return new IsolationError(
      `The task "${this.task.name}" of ${this.module} cannot be run in a fresh process: ${why}${said}`,
      cause === undefined ? {} : { cause },
    );
  }
}
