/** `tidemark info`: what a recording holds, what it lacks, and what it cost. */
import type { Command } from 'commander';
import { recordingInfoJson, recordingInfoLines } from '../views/recording-info.js';
import { type JsonOption, jsonOption } from './options.js';
import { writeJson, writeLines } from './output.js';
import { openInput } from './recording-input.js';

export function configure(command: Command): void {
  command.argument('<file>', 'a recording, or - for standard input').addOption(jsonOption()).action(run);
}

async function run(file: string, options: JsonOption): Promise<void> {
  using recording = openInput(file);
  const summary = recording.summary();
  await (options.json
    ? writeJson(recordingInfoJson(recording, summary))
    : writeLines(recordingInfoLines(recording, summary)));
}
