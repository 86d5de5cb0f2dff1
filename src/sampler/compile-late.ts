/**
 * A recorder that is to cost a hundredth of a processor runs most of its code a few times a minute: compiling it for speed as
 * early as in a program that computes takes more than that code does in minutes. For processes of our own: it is for all of one.
 */
import { setFlagsFromString } from 'node:v8';

export function compileLate(): void {
  // V8 12 counts calls instead, from 3000 of them on, and complains of a flag that it does not know.
  const isCounting = Number.parseInt(process.versions.v8, 10) >= 12;
  setFlagsFromString(isCounting ? '--invocation-count-for-turbofan=130000' : '--interrupt-budget=3000000');
}
