/** `tidemark info`: what a recording holds, what it lacks, and what it cost. */
import type { Command } from 'commander';
import { recordingInfoJson, recordingInfoLines } from '../views/recording-info.js';
import { holdLines, measureHolds } from '../views/target-holds.js';
import { type JsonOption, jsonOption } from './options.js';
import { writeJson, writeLines } from './output.js';
import { openInput } from './recording-input.js';

export function configure(command: Command): void {
  command
    .argument('<file>', 'a recording, or - for standard input')
    .option('--targets', 'for how long deep reads held each process')
    .addOption(jsonOption())
    .action(run);
}

async function run(file: string, options: JsonOption & { targets?: true }): Promise<void> {
  using recording = openInput(file);
  if (options.targets) {
    const targets = measureHolds(recording);
    await (options.json ? writeJson({ schema: 1, targets }) : writeLines(holdLines(targets)));
    return;
  }
  const summary = recording.summary();
  await (options.json
    ? writeJson(recordingInfoJson(recording, summary))
    : writeLines(recordingInfoLines(recording, summary)));
}
