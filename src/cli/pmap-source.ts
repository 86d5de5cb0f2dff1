/**
 * What `pmap` reads of one process, each file once.
 *
 * The trap: a pid may be that of a thread. Then the maps are those of its process, and the title and the start of the
 * stack its own.
 */
import { readGuardedFile } from '../engine/guarded-file.js';
import { readPieces } from '../engine/read-ahead.js';
import { readBounded } from '../procfs/bounded-file.js';
import { pad } from '../procfs/padding.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import { processTitle } from '../views/process-title.js';
import type { PmapForm } from './pmap-words.js';

const ZOMBIE = 90;

/** The bits of the exit code. */
export const PmapExit = { denied: 1, missing: 42 } as const;

/** The file that a form is made of. */
export function sourceOf(form: PmapForm): 'maps' | 'smaps' {
  return form === 'plain' || form === 'device' ? 'maps' : 'smaps';
}

export interface AboutProcess {
  /** The process that the pid belongs to: it may be one of its threads. */
  readonly tgid: number;
  readonly title: Uint8Array;
  readonly stackStart: Uint32Array;
}

/** What is printed of a process beside its mappings, or undefined when it is not there. */
export function aboutProcess(root: string, pid: number, utf8: boolean): AboutProcess | undefined {
  const folder = `${root}/${pid}`;
  const status = readIfThere(`${folder}/status`);
  const stat = readIfThere(`${folder}/stat`);
  if (stat === undefined || stat.length === 0) return undefined;
  const tgid = status === undefined ? null : /^Tgid:\t(\d+)$/m.exec(Buffer.from(status).toString('latin1'));
  const values = new StatValues();
  const { bytes, length } = pad(stat);
  // Of a text that is cut the name may be there all the same; what was not read is 0, as in procps.
  tokenizeStat(bytes, length, values);
  const comm = bytes.subarray(values.commStart, values.commStart + values.commLength);
  const cmdline = readIfThere(`${folder}/cmdline`, readGuardedFile) ?? new Uint8Array(0);
  const at = StatField.startstack * 2;
  return {
    tgid: tgid ? Number(tgid[1]) : pid,
    title: processTitle(cmdline, comm, values.state === ZOMBIE, utf8),
    stackStart: values.halves.subarray(at, at + 2),
  };
}

function readIfThere(name: string, read: (name: string) => Uint8Array = readBounded): Uint8Array | undefined {
  try {
    return read(name);
  } catch {
    return undefined;
  }
}

/**
 * The text as it comes, or the error of opening it and of its begin. One that cannot be read to its end is taken as far as it
 * goes, except one that does not answer in time: then the pieces end with that error.
 */
export function mappingPieces(name: string): Iterable<Uint8Array> | Error {
  try {
    return readPieces(name);
  } catch (error) {
    return error as Error;
  }
}

/** The text in one, for those who need all of it. */
export function mappingText(name: string): Uint8Array | Error {
  try {
    return Buffer.concat([...readPieces(name)]);
  } catch (error) {
    return error as Error;
  }
}
