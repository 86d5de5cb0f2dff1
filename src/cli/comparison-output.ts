/** What `compare` and `bench` print, and the rules that both take. */
import type { Command } from 'commander';
import { type Comparison, isExceeded } from '../workload/compare-runs.js';
import { comparisonLines, comparisonMarkdown } from '../workload/compare-text.js';
import { comparisonJson } from '../workload/comparison-json.js';
import { junitLines } from '../workload/junit.js';
import { parseRule, type Rule } from '../workload/rules.js';
import { UsageError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { jsonOption, valueOption } from './options.js';
import { writeJson, writeLines } from './output.js';
import { readValue } from './read-value.js';
import { checkResultFile, writeResultFile } from './result-file.js';
import { isTerminal } from './standard-streams.js';

export interface ComparisonOptions {
  failOn: Rule[];
  json?: true;
  markdown?: true;
  junit?: string;
}

export function addComparisonOptions(command: Command): void {
  command
    .addOption(
      valueOption('--fail-on <rule>', 'exit 3 when it is exceeded: pss.peak=+3%; may be repeated', (text) => text)
        .argParser((text: string, before: Rule[] = []) => [...before, readValue('--fail-on', text, parseRule)])
        .default([], 'none'),
    )
    .addOption(jsonOption())
    .option('--markdown', 'print Markdown, for a pull request')
    .option('--junit <file>', 'write JUnit XML as well');
}

export function checkComparisonOptions({ json, markdown }: ComparisonOptions): void {
  if (json && markdown) throw new UsageError('--json and --markdown exclude each other: give one of them');
}

/** What would be found out only after the work is found out before it. */
export function checkComparisonFiles({ junit }: ComparisonOptions): void {
  if (junit !== undefined) checkResultFile('--junit', junit);
}

/** Prints the comparison; the exit code tells whether a rule was exceeded. */
export async function printComparison(comparison: Comparison, options: ComparisonOptions): Promise<void> {
  const { json, markdown, junit } = options;
  if (json) await writeJson(comparisonJson(comparison));
  else if (markdown) await writeLines(comparisonMarkdown(comparison));
  else await writeLines(comparisonLines(comparison, isTerminal() ? { maxWidth: process.stdout.columns } : {}));
  if (isExceeded(comparison)) process.exitCode = ExitCode.mismatch;
  // Last: what was found is printed whatever becomes of the file.
  if (junit !== undefined)
    writeResultFile(
      '--junit',
      junit,
      junitLines(comparison).map((line) => `${line}\n`),
    );
}
