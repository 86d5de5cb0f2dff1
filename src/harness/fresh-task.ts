/**
 * The other side: this process was started for one task. It says when it has come to it, waits until it is recorded, runs it,
 * tells what it wrote down, and waits for its end.
 *
 * The trap: the script that is run does what it always does, so it comes to other tasks as well, and would go on after this one:
 * they are passed over, and after this one nothing is run any more.
 */
import { once } from 'node:events';
import { type TaskStamp, TaskStamper } from './task-stamp.js';

export const FRESH_TASK = 'TIDEMARK_FRESH_TASK';

export interface FreshTask {
  readonly harness: 'tinybench' | 'benchmark' | 'measure';
  readonly name: string;
  /** The how manieth run of such a harness in the script it belongs to. */
  readonly run: number;
}

export type FromFresh =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly stamp: TaskStamp }
  /** `isOfTask`: it is what the task threw, and others of its script may be run. */
  | { readonly type: 'failed'; readonly message: string; readonly isOfTask: boolean };

const text = process.send ? process.env[FRESH_TASK] : undefined;
// What this process starts is not for that task.
if (text !== undefined) delete process.env[FRESH_TASK];

/** The task that this process is for; undefined in a process that is nobody's. */
export const freshTask: FreshTask | undefined = text === undefined ? undefined : (JSON.parse(text) as FreshTask);

/** What a task threw, its `cause`, told from what kept it from being run. */
export class TaskError extends Error {
  constructor(thrown: unknown) {
    super('The task threw', { cause: thrown });
  }
}

/** Runs the task, which stamps its begin and end itself. Never returns: the process ends. */
export async function runFreshTask(run: (stamper: TaskStamper) => Promise<TaskStamp | undefined>): Promise<never> {
  const gone = once(process, 'disconnect').then(() => process.exit(1));
  try {
    const told = once(process, 'message');
    say({ type: 'ready' });
    await Promise.race([told, gone]);
    const stamp = await run(new TaskStamper(true));
    if (!stamp) throw new Error('it was not run');
    say({ type: 'done', stamp });
  } catch (error) {
    const isOfTask = error instanceof TaskError;
    const thrown = isOfTask ? error.cause : error;
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    say({ type: 'failed', message, isOfTask });
  }
  // The frame behind the end is recorded while this process waits.
  return await gone;
}

function say(message: FromFresh): void {
  process.send!(message);
}
