/** `tidemark report`: a recording as one page that opens from disk. */
import path from 'node:path';
import type { Command } from 'commander';
import { reportPage } from '../report/report.js';
import { UsageError } from './command-error.js';
import { writePieces } from './output.js';
import { isSameFile, writeTextFile } from './output-file.js';
import { startProgress } from './progress.js';
import { openInput, openPart } from './recording-input.js';
import { addRangeOptions, type RangeWords, rangeIn } from './recording-times.js';
import { isTerminal } from './standard-streams.js';

interface Options extends RangeWords {
  output: string;
  force?: true;
}

export function configure(command: Command): void {
  const described = command
    .argument('<file>', 'a recording, or - for standard input')
    .option('-o, --output <file>', 'new file to write, or - for standard output', '-')
    .option('--force', 'replace the output file if it exists');
  addRangeOptions(described).action(run);
}

async function run(file: string, options: Options): Promise<void> {
  if (options.output === '-' && isTerminal('stdout')) {
    throw new UsageError('-o: a page is nothing for a terminal; name a file, or use a pipe');
  }
  if (isSameFile(file, options.output)) throw new UsageError('-o: the output is the recording itself');
  using whole = openInput(file);
  const range = rangeIn(whole, 'report', options);
  const isPart = range.from !== undefined || range.to !== undefined;
  // Counts and findings are to be of the part too, as if no more had been recorded.
  using recording = isPart ? openPart(whole, range) : whole;
  const progress = startProgress();
  const page = reportPage(recording, {
    ...(file === '-' ? {} : { title: path.basename(file) }),
    onProgress: (frames) => progress.show(() => `read ${frames} ticks`),
  });
  progress.clear();
  if (options.output === '-') await writePieces(page);
  else writeTextFile(options.output, page, options.force ?? false);
}
