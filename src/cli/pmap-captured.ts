/** What is known of a process of which only the text of `maps` or `smaps` is there. */

import { hexHalves } from '../procfs/digits.js';
import type { PmapProcess } from '../views/pmap-head.js';
import { CommandError } from './command-error.js';

/** The process of a captured text: its stack is the mapping that the kernel named so. */
export function capturedProcess(text: Uint8Array): PmapProcess {
  const stackStart = new Uint32Array(2);
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const name = bytes.indexOf(' [stack]\n');
  if (name >= 0) {
    const line = bytes.lastIndexOf(10, name) + 1;
    // Not its first byte, which is the end of the mapping before.
    if (hexHalves(bytes, line, bytes.length, stackStart, 0)) stackStart[0]! += 1;
  }
  return { stackStart };
}

/** Throws `CommandError` when a form that needs the fields of `smaps` is given `maps`. */
export function refuseOtherForm(text: Uint8Array, source: 'maps' | 'smaps', name: string): void {
  if (source === 'maps' || text.length === 0) return;
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  if (!bytes.includes('\nSize:')) {
    throw new CommandError(`${name}: has no fields as smaps has them, which this form needs; -d and no option do not`);
  }
}
