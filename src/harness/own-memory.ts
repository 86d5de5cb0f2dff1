/**
 * The resident memory of this process, as the kernel tells it at this instant, and its highest value since it was last reset.
 *
 * The traps: the share of a page of a file changes with every other process that maps it, so a second Node beside us takes
 * tens of MiB from our PSS, and pages of files are left out; and the kernel keeps its mark since exec, with the start of Node in
 * it, unless it is told to begin anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseSmapsRollup } from '../procfs/mapping-objects.js';
import { parseStatus } from '../procfs/stat-objects.js';

/** Bytes; a value that the kernel does not tell is absent. */
export interface OwnMemory {
  readonly rss?: number | undefined;
  /** Of anonymous and shared memory, without pages of files. */
  readonly pss?: number | undefined;
}

export function ownMemory(): OwnMemory {
  try {
    const { rss, pssAnon, pssShmem } = parseSmapsRollup(readFileSync('/proc/self/smaps_rollup'));
    return { rss, pss: pssAnon === undefined ? undefined : pssAnon + (pssShmem ?? 0) };
  } catch {
    return {};
  }
}

/** The kernel's mark begins anew, at what is resident now. False where that is not allowed. */
export function resetOwnPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

/** Most resident bytes since the last reset. */
export function ownPeak(): number | undefined {
  try {
    const { vmHWM } = parseStatus(readFileSync('/proc/self/status'));
    return typeof vmHWM === 'number' ? vmHWM : undefined;
  } catch {
    return undefined;
  }
}
