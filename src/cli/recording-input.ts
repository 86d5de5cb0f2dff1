/**
 * Opening the recording that a command was given: a path, or `-` for one that comes through a pipe.
 *
 * The trap: a pipe cannot be read twice or from its middle, and a recording must be; so it is taken in whole first, into a file.
 */
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cutRecording } from '../recording/cut.js';
import { NotARecordingError } from '../recording/format.js';
import { withSoundHeader } from '../recording/header-salvage.js';
import { openRecording, Recording } from '../recording/recording.js';
import type { TimeRange } from '../recording/time-range.js';
import { FileStorage } from '../ring/file-storage.js';
import { RingFormatError } from '../ring/ring-format-error.js';
import { StorageError } from '../ring/storage-error.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';

const CHUNK_BYTES = 256 * 1024;

/** Opens a recording, also one with a damaged header where that can be helped. Says what was wrong with the header. */
export function openDamaged(file: string): { readonly recording: Recording; readonly headerDamage?: string } {
  try {
    return { recording: openInput(file) };
  } catch (error) {
    if (!(error instanceof DamagedHeader)) throw error;
    const sound = file === '-' ? undefined : withSoundHeader(FileStorage.open(file));
    if (!sound) throw new CommandError(error.damage);
    return { recording: Recording.open(sound), headerDamage: error.damage };
  }
}

/** The header cannot be read as it is. */
class DamagedHeader extends CommandError {
  constructor(
    readonly damage: string,
    way: string,
  ) {
    super(`${damage}${way}`);
  }
}

/** Opens a recording. Throws `CommandError` with the path and what is wrong with it. */
export function openInput(file: string): Recording {
  const shown = file === '-' ? 'standard input' : escapeTerminal(file);
  try {
    return file === '-' ? readPipe() : openRecording(file);
  } catch (error) {
    if (error instanceof RingFormatError || error instanceof NotARecordingError) {
      const what = `${shown}: ${escapeTerminal(error.message)}`;
      if (error.code === 'damaged-header') throw new DamagedHeader(what, '; tidemark repair may save what is in it');
      throw error.code === 'not-a-ring' ? new DamagedHeader(what, '') : new CommandError(what);
    }
    const cause = error instanceof StorageError ? (error.cause ?? error) : error;
    throw new CommandError(`${shown}: ${reasonOf(cause)}`, exitCodeOf(cause));
  }
}

/** What lies in a range, as a recording of its own in a file without a name. */
export function openPart(recording: Recording, range: TimeRange): Recording {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'));
  try {
    const file = path.join(folder, 'part.tide');
    cutRecording(recording, file, range);
    return openRecording(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What comes through the pipe, in a file without a name: a recording can be larger than memory. */
function readPipe(): Recording {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'));
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
  const file = path.join(folder, 'in.tide');
  const fd = openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600);
  try {
    rmSync(folder, { recursive: true, force: true });
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let count = readSync(0, chunk); count > 0; count = readSync(0, chunk)) {
      for (let done = 0; done < count; ) done += writeSync(fd, chunk, done, count - done);
    }
    return openRecording(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}
