/** How a process ended, in words. The trap: what `wait` tells holds a code or a signal in one number. */
import { constants } from 'node:os';

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
const SIGNAL_BITS = 0x7f;

/** `SIGKILL`, also of the bare number of a signal; or undefined for a process that ended by itself. */
export function signalName(exitStatus: number): string | undefined {
  const signal = exitStatus & SIGNAL_BITS;
  return signal === 0 ? undefined : (SIGNALS.get(signal) ?? `signal ${signal}`);
}

/** Of a process that ended by itself. */
export function exitCode(exitStatus: number): number {
  return (exitStatus >> 8) & 0xff;
}

/** `ended with code 0`, `killed by SIGKILL`. */
export function exitText(exitStatus: number): string {
  const signal = signalName(exitStatus);
  return signal === undefined ? `ended with code ${exitCode(exitStatus)}` : `killed by ${signal}`;
}
