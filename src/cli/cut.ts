/** `tidemark cut`: a part of a recording, with names taken out where that is asked for, as a recording of its own. */
import type { Command } from 'commander';
import { cutRecording } from '../recording/cut.js';
import { REDACTABLE, type Redactable, Redactor } from '../recording/redact.js';
import { formatTime } from '../text/time.js';
import { oneOf } from './option-values.js';
import { valueOption } from './options.js';
import { warn } from './output.js';
import { startProgress } from './progress.js';
import { openInput } from './recording-input.js';
import { writeRecording } from './recording-output.js';
import { addRangeOptions, type RangeWords, rangeIn } from './recording-times.js';

interface Options extends RangeWords {
  output: string;
  force?: true;
  redact?: Redactable[];
}

export function configure(command: Command): void {
  const described = command
    .argument('<file>', 'a recording, also one that is being written, or - for standard input')
    .requiredOption('-o, --output <file>', 'new recording to write, or - for standard output')
    .option('--force', 'replace the output file if it exists');
  addRangeOptions(described)
    .addOption(
      valueOption('--redact <what>', `pseudonyms in place of ${REDACTABLE.join(', ')}`, (text) =>
        text.split(',').map((word) => oneOf('what can be redacted', REDACTABLE)(word)),
      ),
    )
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  const range = rangeIn(recording, 'cut', options);
  if (options.redact?.includes('comm') && !(options.redact.includes('args') && options.redact.includes('paths'))) {
    warn('cut', 'names of programs stay in what is not redacted of args and paths; --redact args,paths,comm takes all');
  }
  const progress = startProgress();
  try {
    await writeRecording(options.output, options.force ?? false, (path) =>
      cutRecording(recording, path, {
        ...range,
        redactor: options.redact && new Redactor(options.redact),
        onProgress: (timeNs) => progress.show(() => `copied up to ${formatTime(timeNs)}`),
      }),
    );
  } finally {
    progress.clear();
  }
}
