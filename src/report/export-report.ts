/** The page of a recording for programs: as an iterable, and into a stream. What makes it is loaded when it is asked for. */
import type { Writable } from 'node:stream';
import { writePieces } from '../export/write-pieces.js';
import type { Recording } from '../recording/recording.js';
import { checkNames, functionOption, typedOption } from '../text/option-checks.js';
import type { ReportOptions } from './report.js';

const OPTION_NAMES: readonly (keyof ReportOptions)[] = ['title', 'onProgress'];

/**
 * The page in pieces of UTF-8: one HTML file with all its data. The first piece comes when all of the recording has been
 * read, in one go. Throws a TypeError for an option that is wrong.
 */
export async function* exportReport(recording: Recording, options: ReportOptions = {}): AsyncGenerator<Uint8Array> {
  checkNames(options, OPTION_NAMES);
  typedOption('title', options.title, 'a string', (value) => typeof value === 'string');
  functionOption('onProgress', options.onProgress);
  const { reportPage } = await import('./report.js');
  for (const piece of reportPage(recording, options)) yield Buffer.from(piece);
}

/** Writes the page to a stream, no faster than the stream takes it, and ends it. Rejects with what the stream fails with. */
export function writeReport(
  recording: Recording,
  options: ReportOptions,
  stream: Writable | WritableStream<Uint8Array>,
): Promise<void> {
  return writePieces(exportReport(recording, options), stream);
}
