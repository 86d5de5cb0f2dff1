/**
 * `tidemark run -- COMMAND`: records a command with all that descends from it, and says what memory it took.
 *
 * The traps: standard output belongs to the command, so everything here goes to stderr or into files; the exit code is the
 * command's own, so what goes wrong on our side is 125; and a signal is the command's as well, until it has ended and only
 * descendants are waited for.
 */
import { lstatSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { SweepingChoice } from '../engine/choose-sweeping.js';
import { nativeBinding } from '../engine/native-binding.js';
import { escapeTerminal } from '../text/escape.js';
import { readConditions } from '../workload/conditions.js';
import type { CommandEnd, Launcher } from '../workload/launcher.js';
import { brokenLimits, type Limit, parseLimit } from '../workload/limits.js';
import { MarkSocket } from '../workload/mark-socket.js';
import { recordOf, runReport } from '../workload/run-report.js';
import { reportLines } from '../workload/run-text.js';
import { type RunOptions, runWorkload, type WorkloadRun } from '../workload/run-workload.js';
import { type ActionOptions, actionOptions, actionsOf } from './action-options.js';
import { CommandError, reasonOf, UsageError } from './command-error.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode, OWN_FAILURE } from './exit-codes.js';
import { jsonPieces } from './json-pieces.js';
import { parseCount } from './option-values.js';
import { sweepingEngineOption, valueOption } from './options.js';
import { warn } from './output.js';
import { readValue } from './read-value.js';
import { checkResultFile, writeResultFile } from './result-file.js';
import { writeStderr } from './standard-streams.js';
import { cgroupTierOption, hostTierOption } from './tier-options.js';
import { budgetOption, maxHoldOption, rateOption } from './workload-options.js';

interface Options extends ActionOptions {
  output?: string;
  json?: string;
  runs: number;
  warmup: number;
  hz: number;
  budget: number;
  maxHold: bigint;
  host: 'auto' | 'off' | number;
  cgroups: 'auto' | 'off' | number;
  engine: SweepingChoice;
  max: Limit[];
  cgroup?: true;
  quiet?: true;
}

const MOST_RUNS = 10_000;
const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
const ENDS_WAITING: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];
const PATIENCE_MS = 2000;
const ENOENT = 2;
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

export function configure(command: Command): void {
  command
    .usage('[options] -- <command> [args...]')
    .argument('<command...>')
    .passThroughOptions()
    .addOption(valueOption('--runs <n>', 'run it so often', (text) => parseCount(text, 1, MOST_RUNS)).default(1))
    .addOption(
      valueOption('--warmup <n>', 'before that, run it so often without counting it', (text) =>
        parseCount(text, 0, MOST_RUNS),
      ).default(0),
    )
    .option('-o, --output <file>', 'keep the recording; with several runs one each')
    .option('--json <file>', 'write the result as JSON')
    .addOption(
      valueOption(
        '--max <metric=value>',
        'exit 3 when a run takes more: pss.peak=512MiB; may be repeated',
        (text) => text,
      )
        .argParser((text: string, before: Limit[] = []) => [...before, readValue('--max', text, parseLimit)])
        .default([], 'none'),
    )
    .addOption(rateOption())
    .addOption(budgetOption())
    .addOption(maxHoldOption())
    .addOption(hostTierOption())
    .addOption(cgroupTierOption())
    .option('--cgroup', "run it in a cgroup of its own, for the kernel's peak of the whole tree")
    .option('-q, --quiet', 'no summary');
  for (const option of actionOptions()) command.addOption(option);
  command.addOption(sweepingEngineOption()).addHelpText('after', HELP).action(run);
}

const HELP = `
The exit code is that of the command, 128+N when signal N ended it, 127 when it was not found, 126 when it could not be run,
125 when we failed, and 3 when the command exited 0 and a --max was exceeded.`;

async function run(command: string[], options: Options): Promise<void> {
  checkFiles(options);
  // Whatever ends this program before it knows better must not look like a command that went well.
  process.exitCode = OWN_FAILURE;
  const conditions = readConditions();
  const socket = await openSocket();
  const signals = passSignals();
  const runs: WorkloadRun[] = [];
  try {
    for (let index = -options.warmup; index < options.runs && !signals.isOver(); index++) {
      const result = await runWorkload(runOptions(command, options, index, socket, signals));
      if (result.end.kind === 'not-run') throw notRun(command, result.end.errno);
      if (index >= 0) runs.push(result);
      if (result.end.kind === 'killed') break;
    }
  } catch (error) {
    throw asOwnFailure(error);
  } finally {
    socket.close();
    signals.end();
  }
  const report = runReport(command, conditions, options.warmup, runs);
  if (!options.quiet) {
    const width = process.stderr.isTTY ? { maxWidth: process.stderr.columns } : {};
    writeStderr(`\ntidemark run: ${reportLines(report, width).join('\n')}\n`);
  }
  // Last: what was found is printed whatever becomes of the file.
  if (options.json !== undefined) writeResultFile('--json', options.json, [...jsonPieces(report, 2), '\n']);
  process.exitCode = exitCodeOf(runs, options.max);
  await endAtOnce();
}

function runOptions(
  command: string[],
  options: Options,
  index: number,
  socket: MarkSocket,
  signals: Signals,
): RunOptions {
  const { output, hz, budget, engine, cgroup, runs, warmup } = options;
  const isOnly = runs + warmup === 1;
  return {
    ...{ command, hz, budget, engine, cgroup: cgroup === true, socket },
    maxHoldMs: Number(options.maxHold) / 1e6,
    ...actionsOf(options),
    // Nobody will see it without a recording that is kept.
    hostTier: output === undefined ? 'off' : options.host,
    cgroupTier: output === undefined ? 'off' : options.cgroups,
    ...(output === undefined || index < 0 ? {} : { file: fileOf(output, index, runs) }),
    onWarning: (sentence) => warn('run', escapeTerminal(sentence)),
    onStarted: (launcher) => {
      signals.start(launcher);
      // Whoever reads the command's output waits for its end, which must not be ours.
      if (isOnly) letGoOfStreams();
    },
    onCommandEnd: (end) => signals.commandEnded(end),
  };
}

function fileOf(output: string, index: number, runs: number): string {
  if (runs === 1) return output;
  const { dir, name, ext } = path.parse(output);
  return path.join(dir, `${name}-${index + 1}${ext}`);
}

/** What would be found out only after the run is found out before it. */
function checkFiles({ output, json, runs }: Options): void {
  if (output === '-') throw new UsageError('-o: a recording cannot be written to standard output; name a file');
  if (json === '-') throw new UsageError("--json: standard output is the command's; name a file");
  if (json !== undefined) checkResultFile('--json', json);
  for (let index = 0; output !== undefined && index < runs; index++) {
    const file = fileOf(output, index, runs);
    if (lstatSync(file, { throwIfNoEntry: false })) {
      throw new CommandError(`-o: ${escapeTerminal(file)} exists already`);
    }
  }
}

async function openSocket(): Promise<MarkSocket> {
  try {
    return await MarkSocket.open();
  } catch (error) {
    throw asOwnFailure(error);
  }
}

interface Signals {
  start(launcher: Launcher): void;
  commandEnded(end: CommandEnd): void;
  /** Whether somebody wanted the end of all this. */
  isOver(): boolean;
  end(): void;
}

/** Passes signals on to the command while it runs; afterwards the first one ends the waiting for its descendants. */
function passSignals(): Signals {
  let launcher: Launcher | undefined;
  let isRunning = false;
  let isOver = false;
  let patience: NodeJS.Timeout | undefined;
  const hear = (signal: NodeJS.Signals) => {
    if (launcher && isRunning) launcher.signal(osConstants.signals[signal]);
    else if (ENDS_WAITING.includes(signal)) {
      isOver = true;
      launcher?.leave();
    }
  };
  for (const signal of PASSED_ON) process.on(signal, hear);
  return {
    start: (started) => {
      launcher = started;
      isRunning = true;
    },
    commandEnded: () => {
      isRunning = false;
      patience = setTimeout(() => {
        warn('run', 'the command has ended; waiting for what it left behind, Ctrl-C ends that');
      }, PATIENCE_MS);
      patience.unref();
      launcher?.allEnded.then(() => clearTimeout(patience));
    },
    isOver: () => isOver,
    end: () => {
      clearTimeout(patience);
      for (const signal of PASSED_ON) process.off(signal, hear);
    },
  };
}

function letGoOfStreams(): void {
  const binding = nativeBinding();
  if (binding.state === 'loaded') for (const fd of [0, 1]) binding.addon.silence(fd);
}

/** The command's, of several runs that of the first that failed. */
function exitCodeOf(runs: readonly WorkloadRun[], limits: readonly Limit[]): number {
  if (runs.length === 0) return OWN_FAILURE;
  const failed = runs.map(({ end }) => codeOf(end)).find((code) => code !== 0);
  let exceeded = false;
  for (const [index, one] of runs.entries()) {
    for (const sentence of brokenLimits(recordOf(one), limits)) {
      exceeded = true;
      warn('run', `${runs.length > 1 ? `run ${index + 1}: ` : ''}${escapeTerminal(sentence)}`);
    }
  }
  return failed ?? (exceeded ? ExitCode.mismatch : ExitCode.ok);
}

function codeOf(end: WorkloadRun['end']): number {
  if (end.kind === 'killed') return 128 + end.number;
  return end.kind === 'exited' ? end.code : NOT_RUNNABLE;
}

function notRun([name = '']: readonly string[], errno: number): CommandError {
  const error = Object.entries(osConstants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  const reason = errno === ENOENT ? 'no such command' : reasonOf({ code: error, message: error });
  return new CommandError(`${escapeTerminal(name)}: ${reason}`, errno === ENOENT ? NOT_FOUND : NOT_RUNNABLE);
}

/** What was thrown with the exit code of our own failures. */
function asOwnFailure(error: unknown): unknown {
  if (error instanceof CommandError || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  // Without a code it is a fault of ours, and is reported as one.
  return code === undefined ? error : new CommandError(escapeTerminal(error.message), OWN_FAILURE);
}
