/**
 * Opening the recording that a command was given: a path, or `-` for one that comes through a pipe.
 *
 * The trap: a pipe cannot be read twice or from its middle, and a recording must be; so it is taken in whole first.
 */
import { readFileSync } from 'node:fs';
import { NotARecordingError } from '../recording/format.js';
import { withSoundHeader } from '../recording/header-salvage.js';
import { openRecording, openSharedRecording, Recording } from '../recording/recording.js';
import { FileStorage } from '../ring/file-storage.js';
import { RingFormatError } from '../ring/ring-format-error.js';
import { StorageError } from '../ring/storage-error.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { parseTime } from '../text/time.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';
import { ExitCode } from './exit-codes.js';

/** Opens a recording, also one with a damaged header where that can be helped. Says what was wrong with the header. */
export function openDamaged(path: string): { readonly recording: Recording; readonly headerDamage?: string } {
  try {
    return { recording: openInput(path) };
  } catch (error) {
    if (path === '-' || !(error instanceof DamagedHeader)) throw error;
    const sound = withSoundHeader(FileStorage.open(path));
    if (!sound) throw error;
    return { recording: Recording.open(sound), headerDamage: error.message };
  }
}

/** The header cannot be read as it is. */
class DamagedHeader extends CommandError {}

/** Opens a recording. Throws `CommandError` with the path and what is wrong with it. */
export function openInput(path: string): Recording {
  const shown = path === '-' ? 'standard input' : escapeTerminal(path);
  try {
    return path === '-' ? openSharedRecording(readPipe()) : openRecording(path);
  } catch (error) {
    if (error instanceof RingFormatError || error instanceof NotARecordingError) {
      const Thrown = error.code === 'damaged-header' || error.code === 'not-a-ring' ? DamagedHeader : CommandError;
      throw new Thrown(`${shown}: ${escapeTerminal(error.message)}`);
    }
    const cause = error instanceof StorageError ? (error.cause ?? error) : error;
    throw new CommandError(`${shown}: ${reasonOf(cause)}`, exitCodeOf(cause));
  }
}

/**
 * An instant in a recording, Unix nanoseconds: the name of a mark, or what `parseTime` reads, with `-15m` before the end.
 */
export function instantIn(recording: Recording, option: string, text: string): bigint {
  const mark = recording.marks().find(({ name }) => name === text);
  if (mark) return mark.timeNs;
  try {
    return parseTime(text, recording.endNs);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CommandError(`${option}: ${error.message}, or the name of a mark`, ExitCode.usage);
  }
}

function readPipe(): SharedArrayBuffer {
  const bytes = readFileSync(0);
  // Whole words: the ring reads its commit words as such.
  const buffer = new SharedArrayBuffer(Math.ceil(bytes.length / 8) * 8);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
