/**
 * A recorder that is to cost a hundredth of a processor runs most of its code a few times a minute: compiling it for speed as
 * early as in a program that computes takes more than that code does in minutes.
 */
import { setFlagsFromString } from 'node:v8';

export function compileLate(): void {
  setFlagsFromString('--interrupt-budget=3000000');
}
