/**
 * A recorder that runs for months keeps little: for processes of our own, since it is for all of one.
 *
 * The traps: V8 doubles the room for young objects whenever many of them live for a moment, up to 16 MiB a half, and gives it
 * back late; and a C library that has freed a block of megabytes takes that for a reason to keep the next ones.
 */
import { setFlagsFromString } from 'node:v8';
import { keepLittle } from '../engine/malloc-use.js';

/** To be called before there is much. */
export function useLittleMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // What thousands of looks leave behind is collected sooner.
  setFlagsFromString('--optimize-for-size');
  keepLittle();
}
