/**
 * The folder of the agent's ring, and the file in it.
 *
 * The traps: a folder that others can write to lets them put a link or a file of theirs where ours is to be; what is there from
 * before may be of another version, rate or size, or damaged, and an agent must begin all the same, without taking away what
 * somebody may still want to look at.
 */
import { lstatSync, renameSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from '../recording/recording.js';
import { makeFolderOf } from '../sampler/own-folder.js';

/** The folder cannot be used: a sentence with the way out. */
export class RingFolderError extends Error {
  constructor(
    message: string,
    readonly code: 'denied' | 'unusable' = 'unusable',
  ) {
    super(message);
  }
}

const WRITABLE_BY_OTHERS = 0o022;
const FILE = 'ring.tide';
const PREVIOUS = 'previous.tide';
/** A file that is smaller or larger than asked by this part was made for another size. */
const OTHER_SIZE = 0.1;

/** The path of the ring in a folder that is ours; makes the folder, for its owner alone, if only it is missing. */
export function ringFileIn(folder: string): string {
  const file = path.join(path.resolve(folder), FILE);
  makeFolderOf(file);
  const found = lstatSync(path.dirname(file), { throwIfNoEntry: false });
  const wrong = (why: string) => new RingFolderError(`Cannot keep the ring in ${folder}: ${why}`);
  if (!found) throw wrong(`there is no folder ${path.dirname(path.dirname(file))}; make it, or choose another`);
  if (found.isSymbolicLink()) throw wrong('it is a symbolic link; name the folder itself');
  if (!found.isDirectory()) throw wrong('it is no folder');
  if (found.uid !== process.geteuid!()) throw wrong(`it belongs to user ${found.uid}; choose a folder of your own`);
  if ((found.mode & WRITABLE_BY_OTHERS) !== 0) throw wrong('others can write to it; chmod go-w it, or choose another');
  const ring = lstatSync(file, { throwIfNoEntry: false });
  if (ring && !ring.isFile()) throw wrong(`${FILE} in it is no regular file; move it away`);
  if (ring && ring.uid !== process.geteuid!()) throw wrong(`${FILE} in it belongs to user ${ring.uid}; move it away`);
  return file;
}

/** Why the ring that is there cannot be gone on with; undefined when it can be, as far as its header tells, or there is none. */
export function whyNotResumed(file: string, sizeBytes: number): string | undefined {
  if (!lstatSync(file, { throwIfNoEntry: false })) return undefined;
  try {
    using recording = openRecording(file);
    const isOfSize = Math.abs(recording.sizeBytes - sizeBytes) <= OTHER_SIZE * sizeBytes;
    return isOfSize ? undefined : `it was made for ${recording.sizeBytes} bytes`;
  } catch (error) {
    if (['EACCES', 'EPERM', 'denied'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    return (error as Error).message;
  }
}

/** Puts the ring aside, in the place of the one that was put aside before. Returns where it is now. */
export function putAside(file: string): string {
  const previous = path.join(path.dirname(file), PREVIOUS);
  renameSync(file, previous);
  return previous;
}
