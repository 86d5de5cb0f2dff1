/** How long a program takes, from fork to exit, with its output thrown away by the kernel. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Milliseconds. Throws when it fails. */
export function wallMs(program: string, args: readonly string[]): number {
  const nothing = openSync('/dev/null', 'w');
  try {
    const start = performance.now();
    const { status, error } = spawnSync(program, args, { stdio: ['ignore', nothing, nothing] });
    const ms = performance.now() - start;
    if (error || status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${error?.message ?? status}`);
    return ms;
  } finally {
    closeSync(nothing);
  }
}
