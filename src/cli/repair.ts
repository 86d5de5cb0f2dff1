/** `tidemark repair`: what can be read of a damaged recording as a sound one, and what was lost. */
import type { Command } from 'commander';
import { salvageRecording } from '../recording/cut.js';
import { formatTime } from '../text/time.js';
import { damageLines, lostLines, ringAt } from '../views/damage-lines.js';
import { UsageError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { type JsonOption, jsonOption } from './options.js';
import { writeJson, writeLines } from './output.js';
import { startProgress } from './progress.js';
import { openDamaged } from './recording-input.js';
import { writeRecording } from './recording-output.js';

interface Options extends JsonOption {
  output?: string;
  force?: true;
}

export function configure(command: Command): void {
  command
    .argument('<file>', 'a recording that was damaged or cut short, or - for standard input')
    .option('-o, --output <file>', 'new recording to write (default: FILE with .repaired.tide at its end)')
    .option('--force', 'replace the output file if it exists')
    .addOption(jsonOption())
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  if (file === '-' && options.output === undefined)
    throw new UsageError('-o: say where to write what comes from a pipe');
  const output = options.output ?? `${file.replace(/\.tide$/, '')}.repaired.tide`;
  const { recording: opened, headerDamage } = openDamaged(file);
  using recording = opened;
  const progress = startProgress();
  let lost: Readonly<Record<string, number>>;
  try {
    lost = await writeRecording(output, options.force ?? false, (path) =>
      salvageRecording(recording, path, (timeNs) => progress.show(() => `salvaged up to ${formatTime(timeNs)}`)),
    );
  } finally {
    progress.clear();
  }
  const { damage } = recording;
  const isWhole = damage.length === 0 && headerDamage === undefined;
  const told = {
    schema: 1,
    file: output,
    isWhole,
    ...(headerDamage === undefined ? {} : { header: headerDamage }),
    damage: damage.map(({ ring, ...rest }) => ({ ...rest, ring: ringAt(recording, ring) })),
    lostFrames: lost,
  };
  if (options.json) {
    if (output === '-') process.stderr.write(`${JSON.stringify(told)}\n`);
    else await writeJson(told);
  } else {
    const lines = [
      ...(headerDamage === undefined ? [] : [headerDamage]),
      ...damageLines(recording),
      ...lostLines(lost, isWhole),
    ];
    if (output === '-') process.stderr.write(`${lines.join('\n')}\n`);
    else await writeLines(lines);
  }
  if (!isWhole) process.exitCode = ExitCode.mismatch;
}
