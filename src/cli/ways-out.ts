/**
 * Every way out of a screen leads past its restoration: signals, uncaught errors, `process.exit`; and Ctrl-Z on the way
 * out and back.
 *
 * The traps: a signal must still end us as that signal, or a shell script goes on; Node prints an uncaught error before
 * anything else, which must not go to a screen that then disappears; and a stop has to be the default action of the signal,
 * for the whole job, since only the kernel knows whether somebody can continue us.
 */

/** Signals that end a process by default and can be caught. Ctrl-C comes as a key. */
const ENDING = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGALRM',
  'SIGUSR2',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGXFSZ',
] as const;
/** Where nobody can continue us, the stop is ignored, and we go on after this. */
const NOT_STOPPED_MS = 100;

/** Calls `restore` on every way out until the returned function is called. `restore` may be called more than once. */
export function guardWaysOut(restore: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    restore();
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  };
  process.on('exit', restore);
  process.on('uncaughtExceptionMonitor', restore);
  for (const signal of ENDING) process.on(signal, end);
  return () => {
    process.off('exit', restore);
    process.off('uncaughtExceptionMonitor', restore);
    for (const signal of ENDING) process.off(signal, end);
  };
}

/** Lets the job be stopped with the terminal as it was, and calls `resume` when it goes on. */
export class Suspension {
  readonly #leave: () => void;
  readonly #resume: () => void;
  #isSuspended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(leave: () => void, resume: () => void) {
    this.#leave = leave;
    this.#resume = resume;
  }

  listen(): void {
    process.on('SIGTSTP', this.suspend);
    process.on('SIGCONT', this.#continued);
  }

  close(): void {
    process.off('SIGTSTP', this.suspend);
    process.off('SIGCONT', this.#continued);
  }

  readonly suspend = (): void => {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#leave();
    process.off('SIGTSTP', this.suspend);
    // The job, since whoever started us (npx) must stop as well, or no shell gets its terminal back.
    process.kill(0, 'SIGTSTP');
    this.#timer = setTimeout(this.#continued, NOT_STOPPED_MS);
  };

  readonly #continued = (): void => {
    // Also after a stop that could not be caught: the shell has had the terminal meanwhile.
    const wasOurs = this.#isSuspended;
    this.#isSuspended = false;
    clearTimeout(this.#timer);
    if (wasOurs) process.on('SIGTSTP', this.suspend);
    else this.#leave();
    this.#resume();
  };
}
