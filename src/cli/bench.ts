/**
 * `tidemark bench 'A' 'B'`: runs two commands in turn and compares their memory.
 *
 * The trap: a machine changes while it is measured, so the two alternate, and each goes first as often as the other.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Command } from 'commander';
import type { SweepingChoice } from '../engine/choose-sweeping.js';
import { escapeTerminal } from '../text/escape.js';
import { compareRuns } from '../workload/compare-runs.js';
import { readConditions } from '../workload/conditions.js';
import { type RunReport, runReport } from '../workload/run-report.js';
import { endText, reportLines } from '../workload/run-text.js';
import { runWorkload, type WorkloadRun } from '../workload/run-workload.js';
import { WorkloadError } from '../workload/workload-error.js';
import { CommandError } from './command-error.js';
import {
  addComparisonOptions,
  type ComparisonOptions,
  checkComparisonFiles,
  checkComparisonOptions,
  printComparison,
} from './comparison-output.js';
import { jsonPieces } from './json-pieces.js';
import { parseCount } from './option-values.js';
import { sweepingEngineOption, valueOption } from './options.js';
import { warn, writeJson, writeLines } from './output.js';
import { startProgress } from './progress.js';
import { checkResultFile, makeResultFolder, writeResultFile } from './result-file.js';
import { budgetOption, maxHoldOption, rateOption } from './workload-options.js';

interface Options extends ComparisonOptions {
  runs: number;
  warmup: number;
  prepare?: string;
  save?: string;
  hz: number;
  budget: number;
  maxHold: bigint;
  engine: SweepingChoice;
  ignoreFailure?: true;
  showOutput?: true;
}

const MOST_RUNS = 10_000;
const NAMES = ['before', 'after'] as const;

export function configure(command: Command): void {
  command
    .argument('<command>', 'command line for sh')
    .argument('[other]', 'the one to compare it with')
    .addOption(valueOption('--runs <n>', 'runs of each', (text) => parseCount(text, 1, MOST_RUNS)).default(10))
    .addOption(
      valueOption('--warmup <n>', 'runs of each before those, not counted', (text) =>
        parseCount(text, 0, MOST_RUNS),
      ).default(0),
    )
    .option('--prepare <command>', 'run this before each run')
    .option('--save <folder>', "keep the runs as before.json and after.json, for 'compare'")
    .option('--ignore-failure', 'go on when a command fails')
    .option('--show-output', "print the commands' output to standard error")
    .addOption(rateOption())
    .addOption(budgetOption())
    .addOption(maxHoldOption())
    .addOption(sweepingEngineOption());
  addComparisonOptions(command);
  command.action(bench);
}

async function bench(command: string, other: string | undefined, options: Options): Promise<void> {
  checkComparisonOptions(options);
  const commands = other === undefined ? [command] : [command, other];
  const files = options.save === undefined ? [] : filesToSave(options.save, commands.length);
  // After the folder was made, since its file may lie in there.
  checkComparisonFiles(options);
  const conditions = readConditions();
  const runs: WorkloadRun[][] = commands.map(() => []);
  const progress = startProgress();
  try {
    for (let round = -options.warmup; round < options.runs; round++) {
      progress.show(() => (round < 0 ? 'warming up' : `run ${round + 1} of ${options.runs}`));
      const order = commands.map((_, index) => index);
      if (round % 2 !== 0) order.reverse();
      for (const index of order) {
        const run = await runOnce(commands[index]!, options);
        if (round >= 0) runs[index]!.push(run);
      }
    }
  } finally {
    progress.clear();
  }
  const reports = commands.map((text, index) => runReport([text], conditions, options.warmup, runs[index]!));
  try {
    await print(reports, options);
  } finally {
    // What was found is printed whatever becomes of the files, and the files are written whatever becomes of that.
    for (const [index, file] of files.entries())
      writeResultFile('--save', file, [...jsonPieces(reports[index]!, 2), '\n']);
  }
}

async function print([before, after]: readonly RunReport[], options: Options): Promise<void> {
  if (after !== undefined) return await printComparison(compareRuns(before!, after, options.failOn), options);
  if (options.json) await writeJson(before!);
  else await writeLines(reportLines(before!, process.stdout.isTTY ? { maxWidth: process.stdout.columns } : {}));
}

async function runOnce(text: string, options: Options): Promise<WorkloadRun> {
  const { prepare, showOutput, ignoreFailure, hz, budget, engine, maxHold } = options;
  const output = showOutput ? 2 : 'ignore';
  if (prepare !== undefined) {
    const { status, error } = spawnSync('sh', ['-c', prepare], { stdio: ['ignore', output, 'inherit'] });
    if (status !== 0) throw new CommandError(`--prepare: ${error?.message ?? `exit ${status}`}`);
  }
  const run = await runWorkload({
    command: ['sh', '-c', text],
    ...{ hz, budget, engine, maxHoldMs: Number(maxHold) / 1e6, stdio: ['ignore', output, showOutput ? 2 : 'ignore'] },
    onWarning: (sentence) => warn('bench', escapeTerminal(sentence)),
  }).catch((error: Error) => {
    throw error instanceof WorkloadError ? new CommandError(escapeTerminal(error.message)) : error;
  });
  const { end } = run;
  const isFailed = end.kind !== 'exited' || end.code !== 0;
  if (isFailed && !ignoreFailure) {
    throw new CommandError(
      `${escapeTerminal(text)}: ${endText(end)}; --ignore-failure goes on, --show-output shows why`,
    );
  }
  return run;
}

/** Made, or refused, before the first run: what would be found out only after the last one would cost all of them. */
function filesToSave(folder: string, count: number): string[] {
  makeResultFolder('--save', folder);
  const files = NAMES.slice(0, count).map((name) => path.join(folder, `${name}.json`));
  for (const file of files) checkResultFile('--save', file);
  return files;
}
