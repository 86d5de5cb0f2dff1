/**
 * `tidemark verify`: the addon's tokenizers against the TypeScript ones on every live process, and the kernel's files
 * against themselves.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { type VerifyReport, verify } from '../check/verify.js';
import { compareWithKernel, type KernelComparison } from '../check/verify-kernel.js';
import { bpfAvailability } from '../engine/choose-sweeping.js';
import { nativeBinding } from '../engine/native-binding.js';
import { whyUnread } from '../engine/why-unread.js';
import { listProcesses } from '../procfs/list-processes.js';
import { typescriptTokenizers } from '../procfs/tokenizers.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { type HostUnitOptions, hostUnitsOf } from './host-unit-options.js';
import { parsePids, parsePositiveDuration } from './option-values.js';
import {
  clockTicksOption,
  type JsonOption,
  jsonOption,
  type ProcfsOption,
  pageSizeOption,
  procfsOption,
  valueOption,
} from './options.js';
import { warn, writeJson, writeLines } from './output.js';
import { startProgress } from './progress.js';
import { kernelLines, verifyLines } from './verify-lines.js';

interface VerifyOptions extends ProcfsOption, JsonOption, HostUnitOptions {
  for?: bigint;
  pid?: number[];
  strict?: true;
}

export function configure(command: Command): void {
  command
    .addOption(valueOption('--for <time>', 'repeat until the time is over', parsePositiveDuration))
    .addOption(valueOption('-p, --pid <pids>', 'only these, with commas between them', parsePids))
    .option('--strict', 'a broken invariant of the kernel counts as a mismatch too')
    .addOption(procfsOption())
    .addOption(pageSizeOption())
    .addOption(clockTicksOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(options: VerifyOptions): Promise<void> {
  const binding = nativeBinding();
  if (binding.state === 'absent') {
    throw new CommandError(`nothing to compare with: the addon is not there: ${binding.reason}`);
  }
  for (const pid of options.pid ?? []) {
    if (existsSync(path.join(options.procfs, String(pid)))) continue;
    throw new CommandError(`no process ${pid}`, ExitCode.notFound);
  }
  const progress = startProgress();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  const report = await verify({
    root: options.procfs,
    host: hostUnitsOf(options),
    engines: [
      { name: 'ts', tokenizers: typescriptTokenizers },
      { name: 'native', tokenizers: binding.tokenizers },
    ],
    ...(options.pid ? { pids: options.pid } : {}),
    ...(options.for ? { durationNs: options.for } : {}),
    signal: interrupted.signal,
    onProgress: ({ passes, files }) => progress.show(() => `pass ${passes + 1}, ${files} files compared`),
  });
  process.off('SIGINT', interrupt);
  progress.clear();
  const kernel = compareKernel(options);
  const differs = 'mismatches' in kernel && kernel.mismatches.length > 0;
  process.exitCode = differs ? ExitCode.mismatch : exitCodeOf(report, options.strict ?? false);
  const why = report.files === 0 ? whyUnread(options.procfs, options.pid?.[0]) : undefined;
  if (why !== undefined) warn('verify', escapeTerminal(why));
  await (options.json
    ? writeJson({ ...report, bpf: kernel })
    : writeLines([...verifyLines(report), ...kernelLines(kernel)]));
}

/** The engine in the kernel against procfs, where it works. */
function compareKernel(options: VerifyOptions): KernelComparison | { readonly unavailable: string } {
  const host = hostUnitsOf(options);
  const available = bpfAvailability({ root: options.procfs, host });
  if (!available.works) return { unavailable: available.reason };
  return compareWithKernel(options.procfs, host, options.pid ?? listProcesses(options.procfs));
}

/** The exit code for what was found. */
export function exitCodeOf({ files, mismatchCount, invariants }: VerifyReport, strict: boolean): number {
  if (mismatchCount > 0 || (strict && invariants.violationCount > 0)) return ExitCode.mismatch;
  // Not one file could be compared, so nothing was verified.
  return files === 0 ? ExitCode.failed : ExitCode.ok;
}
