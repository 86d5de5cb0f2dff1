/** `tidemark cut`: a part of a recording, with names taken out where that is asked for, as a recording of its own. */
import type { Command } from 'commander';
import { cutRecording } from '../recording/cut.js';
import { REDACTABLE, type Redactable, Redactor } from '../recording/redact.js';
import { formatTime } from '../text/time.js';
import { UsageError } from './command-error.js';
import { oneOf, parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { warn } from './output.js';
import { startProgress } from './progress.js';
import { instantIn, openInput } from './recording-input.js';
import { writeRecording } from './recording-output.js';

interface Options {
  output: string;
  force?: true;
  from?: string;
  to?: string;
  last?: bigint;
  redact?: Redactable[];
}

export function configure(command: Command): void {
  command
    .argument('<file>', 'a recording, also one that is being written, or - for standard input')
    .requiredOption('-o, --output <file>', 'new recording to write, or - for standard output')
    .option('--force', 'replace the output file if it exists')
    .option('--from <time>', 'leave out what is earlier: 03:02, -15m, RFC 3339, or the name of a mark')
    .option('--to <time>', 'leave out what is later')
    .addOption(valueOption('--last <time>', 'only that long before the end, such as 10m', parsePositiveDuration))
    .addOption(
      valueOption('--redact <what>', `pseudonyms in place of ${REDACTABLE.join(', ')}`, (text) =>
        text.split(',').map((word) => oneOf('what can be redacted', REDACTABLE)(word)),
      ),
    )
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  if (options.last !== undefined && (options.from !== undefined || options.to !== undefined)) {
    throw new UsageError('--last excludes --from and --to');
  }
  const to = options.to === undefined ? undefined : instantIn(recording, '--to', options.to);
  const from =
    options.last !== undefined
      ? recording.endNs - options.last
      : options.from === undefined
        ? undefined
        : instantIn(recording, '--from', options.from);
  if (from !== undefined && to !== undefined && from > to) throw new UsageError('--from: it is later than --to');
  if (options.redact?.includes('comm') && !(options.redact.includes('args') && options.redact.includes('paths'))) {
    warn('cut', 'names of programs stay in what is not redacted of args and paths; --redact args,paths,comm takes all');
  }
  const progress = startProgress();
  try {
    await writeRecording(options.output, options.force ?? false, (path) =>
      cutRecording(recording, path, {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        redactor: options.redact && new Redactor(options.redact),
        onProgress: (timeNs) => progress.show(() => `copied up to ${formatTime(timeNs)}`),
      }),
    );
  } finally {
    progress.clear();
  }
}
