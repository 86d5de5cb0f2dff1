/** The files of one process whose reads can block for ever, read with a deadline; see guarded-file.ts. */
import type { MapsText, RollupText } from '../procfs/mapping-objects.js';
import * as files from '../procfs/read.js';
import { checkNames } from '../text/option-checks.js';
import { readGuardedFile } from './guarded-file.js';

/** The mappings of a process, from `maps`; `timeout` when it does not answer. */
export function readMaps(pid: number, options: files.ReadOptions = {}): files.Reading<MapsText> {
  return files.readMaps(pid, guarded(options));
}

/** The mappings of a process with their sizes in bytes, from `smaps`; holds the process's memory map while it is read. */
export function readSmaps(pid: number, options: files.ReadOptions = {}): files.Reading<MapsText> {
  return files.readSmaps(pid, guarded(options));
}

/** The sums of `smaps_rollup` in bytes; holds the process's memory map while it is read. */
export function readSmapsRollup(pid: number, options: files.ReadOptions = {}): files.Reading<RollupText> {
  return files.readSmapsRollup(pid, guarded(options));
}

function guarded(options: files.ReadOptions): files.ReadOptions {
  checkNames(options, files.READ_OPTIONS);
  return { readBytes: readGuardedFile, ...options };
}
