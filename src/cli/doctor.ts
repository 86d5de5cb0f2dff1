/** `tidemark doctor`: what this host allows, which engine and why, and what to grant to get more. */
import type { Command } from 'commander';
import { type CostReport, measureCost } from '../check/cost-report.js';
import { examineHost } from '../check/host-report.js';
import { escapeTerminal } from '../text/escape.js';
import { readVersion } from '../text/package.js';
import { parseBudget } from './budget-option.js';
import { CommandError } from './command-error.js';
import { costLines } from './cost-lines.js';
import { doctorLines } from './doctor-lines.js';

import { type JsonOption, jsonOption, type ProcfsOption, procfsOption, valueOption } from './options.js';
import { writeJson, writeLines } from './output.js';

export function configure(command: Command): void {
  command
    .option('--cost', 'measure what recording would cost here, and what the budget gives')
    .addOption(valueOption('--budget <share>', 'with --cost: CPU time of one core', parseBudget).default(0.01, '1%'))
    .addOption(procfsOption())
    .addOption(jsonOption())
    .action(async ({ procfs, json, cost, budget }: ProcfsOption & JsonOption & { cost?: true; budget: number }) => {
      if (cost) {
        const report = measured(procfs, budget);
        await (json ? writeJson({ schema: 1, ...report }) : writeLines(costLines(report)));
        return;
      }
      const report = examineHost(procfs, readVersion());
      await (json ? writeJson(report) : writeLines(doctorLines(report)));
    });
}

const MAX_HOLD_NS = 500_000;

function measured(root: string, budget: number): CostReport {
  try {
    return measureCost(root, budget, MAX_HOLD_NS);
  } catch (error) {
    throw new CommandError(`cannot measure on "${escapeTerminal(root)}": ${escapeTerminal((error as Error).message)}`);
  }
}
