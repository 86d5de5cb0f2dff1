/**
 * A recorder that is to cost a hundredth of a processor runs most of its code a few times a minute: compiling it for speed as
 * early as in a program that computes takes more than that code does in minutes. And what is to be there within a moment of
 * the start has the processor for itself until then. For processes of our own: it is for all of one.
 */
import { setFlagsFromString } from 'node:v8';

/** What V8 has by itself: bytes of code that a function runs, in version 12 calls. */
const BYTES = 66 * 1024;
const CALLS = 3000;

/** How much later V8 compiles code for speed from now on than it does by itself; 1: as by itself. */
export function compileLate(times = 44): void {
  // Version 12 counts calls instead, and complains of a flag that it does not know.
  const isCounting = Number.parseInt(process.versions.v8, 10) >= 12;
  setFlagsFromString(
    isCounting ? `--invocation-count-for-turbofan=${CALLS * times}` : `--interrupt-budget=${BYTES * times}`,
  );
}
