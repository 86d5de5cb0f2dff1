/**
 * Waiting for a deadline with the thread asleep, and being woken when it is there: ahead of others, and beside them.
 *
 * The trap: a timer of the event loop is up to a millisecond late and `Atomics.wait` about 90 us; the addon's
 * `clock_nanosleep` with the least timer slack about 30 us.
 */
import { nativeBinding } from './native-binding.js';

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread until the monotonic time in nanoseconds; returns at once when it has passed. */
export function sleepUntil(deadlineNs: bigint): void {
  const binding = nativeBinding();
  if (binding.state === 'loaded') {
    binding.addon.sleepUntil(deadlineNs);
    return;
  }
  for (;;) {
    const leftNs = deadlineNs - process.hrtime.bigint();
    if (leftNs <= 0n) return;
    Atomics.wait(never, 0, 0, Number(leftNs) / 1e6);
  }
}

/** Runs this thread ahead of all ordinary work, or no longer. Returns whether that was permitted. */
export function runAhead(isAhead: boolean): boolean {
  const binding = nativeBinding();
  return binding.state === 'loaded' && binding.addon.runAhead(isAhead) === 0;
}

/**
 * Keeps this thread off one processor, in place of the one before; with `takesAll` the other threads of this process too.
 * Returns whether it has another to run on.
 */
export function stayOff(processor: number, takesAll: boolean): boolean {
  const binding = nativeBinding();
  return binding.state === 'loaded' && binding.addon.stayOff(processor, takesAll) === 0;
}
