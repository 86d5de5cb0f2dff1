/** `tidemark doctor`: what this host allows, which engine and why, and what to grant to get more. */
import type { Command } from 'commander';
import { examineHost } from '../check/host-report.js';
import { readVersion } from '../text/package.js';
import { doctorLines } from './doctor-lines.js';
import { type JsonOption, jsonOption, type ProcfsOption, procfsOption } from './options.js';
import { writeJson, writeLines } from './output.js';

export function configure(command: Command): void {
  command
    .addOption(procfsOption())
    .addOption(jsonOption())
    .action(async ({ procfs, json }: ProcfsOption & JsonOption) => {
      const report = examineHost(procfs, readVersion());
      await (json ? writeJson(report) : writeLines(doctorLines(report)));
    });
}
