/** `tidemark merge`: recordings of several hosts, or several runs, in one. */
import type { Command } from 'commander';
import { mergeRecordings } from '../recording/merge.js';
import type { Recording } from '../recording/recording.js';
import { formatTime } from '../text/time.js';
import { UsageError } from './command-error.js';
import { startProgress } from './progress.js';
import { openInput } from './recording-input.js';
import { writeRecording } from './recording-output.js';

const MOST_INPUTS = 1000;

interface Options {
  output: string;
  force?: true;
}

export function configure(command: Command): void {
  command
    .argument('<files...>', 'recordings; one of them may be - for standard input')
    .requiredOption('-o, --output <file>', 'new recording to write, or - for standard output')
    .option('--force', 'replace the output file if it exists')
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  if (files.length > MOST_INPUTS) throw new UsageError(`at most ${MOST_INPUTS} recordings can be merged at once`);
  if (files.filter((file) => file === '-').length > 1) throw new UsageError('-: standard input can be read once');
  const progress = startProgress();
  const recordings: Recording[] = [];
  try {
    for (const file of files) recordings.push(openInput(file));
    await writeRecording(options.output, options.force ?? false, (path) =>
      mergeRecordings(recordings, path, (timeNs) => progress.show(() => `merged up to ${formatTime(timeNs)}`)),
    );
  } finally {
    progress.clear();
    for (const recording of recordings) recording.close();
  }
}
