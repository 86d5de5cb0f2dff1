/** `tidemark compare A B`: did memory get worse? Statistics over two sets of runs, not two numbers. */
import type { Command } from 'commander';
import { escapeTerminal } from '../text/escape.js';
import { compareRuns } from '../workload/compare-runs.js';
import { RunsError, readRuns } from '../workload/read-runs.js';
import type { RunReport } from '../workload/run-report.js';
import { CommandError } from './command-error.js';
import {
  addComparisonOptions,
  type ComparisonOptions,
  checkComparisonFiles,
  checkComparisonOptions,
  printComparison,
} from './comparison-output.js';

export function configure(command: Command): void {
  command
    .argument('<before>', "report of 'run --json', recording, folder of either, or several with commas between them")
    .argument('<after>', 'the same');
  addComparisonOptions(command);
  command
    .addHelpText(
      'after',
      `
A rule names a metric and the change that it allows: pss.peak=+3%, wall=+200ms, class.heap.pss=+1MiB. It is exceeded when the
change is larger with 95 % confidence; four runs on each side are the least that can tell.`,
    )
    .action(compare);
}

async function compare(before: string, after: string, options: ComparisonOptions): Promise<void> {
  checkComparisonOptions(options);
  checkComparisonFiles(options);
  await printComparison(compareRuns(sideOf(before), sideOf(after), options.failOn), options);
}

function sideOf(given: string): RunReport {
  try {
    return readRuns(given);
  } catch (error) {
    if (error instanceof RunsError) throw new CommandError(escapeTerminal(error.message));
    throw error;
  }
}
