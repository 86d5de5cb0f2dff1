/**
 * A file that a command writes beside what it prints, named by an option of its own: `--json`, `--junit`, `--save`.
 *
 * The trap: it is written when all the work is done, and a folder that is not there would cost the result of an hour. So it
 * is looked at before the work too.
 */
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';
import { writeTextFile } from './output-file.js';

/** Throws `CommandError` that names the option where the file could not be written now. */
export function checkResultFile(option: string, file: string): void {
  try {
    const existing = lstatSync(file, { throwIfNoEntry: false });
    const shown = escapeTerminal(file);
    if (existing?.isDirectory()) throw new CommandError(`${option}: ${shown} is a directory`);
    if (existing && !existing.isFile()) throw new CommandError(`${option}: ${shown} is no regular file`);
    accessSync(path.dirname(path.resolve(file)), constants.W_OK);
  } catch (error) {
    throw error instanceof CommandError ? error : cannotWrite(option, file, error);
  }
}

/** Makes the folder if it is not there. Throws as `checkResultFile` does. */
export function makeResultFolder(option: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw isFile
      ? new CommandError(`${option}: ${escapeTerminal(folder)} is no folder`)
      : cannotWrite(option, folder, error);
  }
}

/** Writes it, or replaces it. Throws `CommandError` that names the option. */
export function writeResultFile(option: string, file: string, pieces: Iterable<string>): void {
  try {
    writeTextFile(file, pieces, true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.message.replace(/^-o:/, `${option}:`), error.exitCode);
  }
}

function cannotWrite(option: string, file: string, error: unknown): CommandError {
  return new CommandError(`${option}: cannot write ${escapeTerminal(file)}: ${reasonOf(error)}`, exitCodeOf(error));
}
