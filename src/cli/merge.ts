/** `tidemark merge`: recordings of several hosts, or several runs, in one. */
import type { Command } from 'commander';
import { mergeRecordings } from '../recording/merge.js';
import { SameRecordingError } from '../recording/merge-overlap.js';
import type { Recording } from '../recording/recording.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTime } from '../text/time.js';
import { CommandError, UsageError } from './command-error.js';
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
    const show = (timeNs: bigint) => progress.show(() => `merged up to ${formatTime(timeNs)}`);
    await writeRecording(options.output, options.force ?? false, (path) => {
      try {
        mergeRecordings(recordings, path, show);
      } catch (error) {
        if (!(error instanceof SameRecordingError)) throw error;
        const [first, second] = error.places.map((place) => nameOf(files[place]!));
        throw new CommandError(`${first} and ${second} ${error.why}`);
      }
    });
  } finally {
    progress.clear();
    for (const recording of recordings) recording.close();
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : escapeTerminal(file);
}
