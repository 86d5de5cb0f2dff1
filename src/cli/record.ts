/** `tidemark record`: samples processes into a recording until it is told to stop. */
import { hostname } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { EngineUnavailableError } from '../engine/choose.js';
import { CMDLINE_MODES, type CmdlineMode } from '../recording/format.js';
import { formatKeep, parseKeep } from '../recording/keep.js';
import { openRecording } from '../recording/recording.js';
import type { SamplerProgress } from '../sampler/progress.js';
import { FILE_BYTES, MAX_RING_BYTES, MIN_RING_BYTES } from '../sampler/record-options.js';
import { type Recorder, startRecording } from '../sampler/recorder.js';
import { RecordingError } from '../sampler/recording-error.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeShell, escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { formatSize, parseSize } from '../text/size.js';
import { growthTable, measureGrowth } from '../views/growth-table.js';
import { ownCostText, recordingInfoJson } from '../views/recording-info.js';
import { type ActionOptions, actionOptions, actionsOf, awaitActions } from './action-options.js';
import { parseBudget } from './budget-option.js';
import { CommandError, UsageError } from './command-error.js';
import { compileLate } from './compile-late.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode } from './exit-codes.js';
import { parseAllowHold, parseMaxHold } from './hold-options.js';
import { type HostUnitOptions, hostUnitsOf } from './host-unit-options.js';
import { useLittleMemory } from './little-memory.js';
import { oneOf, parseHz, parsePositiveDuration, wordOr } from './option-values.js';
import {
  clockTicksOption,
  type JsonOption,
  jsonOption,
  type ProcfsOption,
  pageSizeOption,
  procfsOption,
  type SweepingEngineOption,
  sweepingEngineOption,
  valueOption,
} from './options.js';
import { warn, writeJson, writeLines } from './output.js';
import { startProgress } from './progress.js';
import { describeChoice, type TargetOptions, targetOf, targetOptions } from './target-options.js';
import { cgroupTierOption, hostTierOption, parseDeepHz } from './tier-options.js';

interface Options
  extends ActionOptions,
    TargetOptions,
    ProcfsOption,
    SweepingEngineOption,
    HostUnitOptions,
    JsonOption {
  output?: string;
  hz?: number;
  for?: bigint;
  size?: number;
  rollup: 'auto' | 'off' | number;
  mappings: 'auto' | 'off' | number;
  host: 'auto' | 'off' | number;
  cgroups: 'auto' | 'off' | number;
  budget: number;
  maxHold: bigint;
  allowHold?: bigint;
  audit: number;
  keep?: string;
  cmdline: CmdlineMode;
  summary?: true;
  resume?: true;
  ringGroup?: string;
}

const USUAL_SIZE = `${FILE_BYTES / 2 ** 20}M`;
const SUMMARY_ROWS = 15;

export function configure(command: Command): void {
  command
    .option('-o, --output <file>', 'new file to record into (default: ./tidemark-HOST-TIME.tide)')
    .option('--resume', 'go on in the file if it is there')
    .addOption(
      valueOption('--hz <rate>', 'ticks per second (default: what half of the budget pays for at the time)', parseHz),
    )
    .addOption(valueOption('--for <time>', 'stop after that long (default: at Ctrl-C)', parsePositiveDuration))
    .addOption(
      valueOption(
        '--size <size>',
        `most bytes of the file (default: ${USUAL_SIZE}, more where so many processes need it)`,
        parseRingSize,
      ),
    )
    .addOption(
      valueOption('--keep <ladder>', 'what is kept for how long: full:6h,1s:3d,1m:30d', (text) =>
        formatKeep(parseKeep(text)),
      ),
    )
    .addOption(
      valueOption(
        '--cmdline <what>',
        `what of command lines is stored: ${CMDLINE_MODES.join(', ')}`,
        oneOf('what to store', CMDLINE_MODES),
      ).default('full'),
    )
    .option('--ring-group <group>', 'a group that may read the file, and enter a folder that is made for it');
  for (const option of targetOptions()) command.addOption(option);
  command
    .addOption(
      valueOption(
        '--rollup <rate>',
        'deep reads (PSS, USS): auto, off, or times per second',
        wordOr(['auto', 'off'], parseDeepHz),
      ).default('auto'),
    )
    .addOption(
      valueOption(
        '--mappings <rate>',
        'every mapping: auto, off, or times per second',
        wordOr(['auto', 'off'], parseDeepHz),
      ).default('off'),
    )
    .addOption(hostTierOption())
    .addOption(cgroupTierOption())
    .addOption(
      valueOption('--budget <share>', 'CPU time that recording may take, of one core', parseBudget).default(0.01, '1%'),
    )
    .addOption(
      valueOption(
        '--max-hold <time>',
        'hold no process for longer: larger ones are read in pieces',
        parseMaxHold,
      ).default(500_000n, '0.5ms'),
    )
    .addOption(
      valueOption('--allow-hold <time>', 'read each process whole once if that holds it no longer', parseAllowHold),
    )
    .addOption(
      valueOption('--audit <n>', 'check one deep read in n with the other engine, 0 = none', parseCount).default(
        10_000,
      ),
    )
    .option('--summary', 'end with a table of what grew');
  for (const option of actionOptions()) command.addOption(option);
  command
    .addOption(sweepingEngineOption())
    .addOption(procfsOption())
    .addOption(pageSizeOption())
    .addOption(clockTicksOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.output === '-') throw new UsageError('-o: a recording cannot be written to standard output; name a file');
  compileLate();
  useLittleMemory();
  const file = options.output ?? `tidemark-${hostname()}-${fileTime(new Date())}.tide`;
  const stop = onStopSignals();
  const recorder = await start(file, options, stop.signal);
  process.stderr.write(
    `recording ${describeChoice(options)} at ${recorder.hz} Hz with the ${recorder.engine} engine into ${escapeTerminal(file)}` +
      `${grownText(recorder.sizeBytes, options)}` +
      `${options.for === undefined ? '; Ctrl-C ends it' : ''}\n`,
  );
  const progress = startProgress();
  const started = performance.now();
  // Where nobody looks on, waking up four times a second would be a cost of its own.
  const show = process.stderr.isTTY
    ? setInterval(() => progress.show(() => progressText(recorder.progress, performance.now() - started)), 250)
    : undefined;
  try {
    await recorder.finished;
    progress.clear();
    await awaitActions(recorder, stop.signal, (sentence) => warn('record', escapeTerminal(sentence)));
  } catch (error) {
    throw asCommandError(error, options);
  } finally {
    clearInterval(show);
    stop.end();
    progress.clear();
  }
  await report(file, options);
  // A target that is stuck may hold a thread that reads its arguments, and Node would wait for that thread for ever.
  await endAtOnce();
}

async function start(file: string, options: Options, signal: AbortSignal): Promise<Recorder> {
  try {
    return await startRecording({
      target: targetOf(options),
      file,
      resume: options.resume === true,
      hz: options.hz ?? (options.resume ? rateOf(file) : 'auto'),
      ...(options.size === undefined ? {} : { sizeBytes: options.size }),
      rollup: options.rollup,
      mappings: options.mappings,
      hostTier: options.host,
      cgroupTier: options.cgroups,
      budget: options.budget,
      maxHoldMs: Number(options.maxHold) / 1e6,
      ...(options.allowHold === undefined ? {} : { allowHoldMs: Number(options.allowHold) / 1e6 }),
      audit: options.audit,
      ...actionsOf(options),
      cmdline: options.cmdline,
      ...(options.ringGroup === undefined ? {} : { ringGroup: options.ringGroup }),
      ...(options.keep === undefined ? {} : { keep: options.keep }),
      engine: options.engine,
      procfs: options.procfs,
      host: hostUnitsOf(options),
      // This process does nothing else, so a thread of it costs least and is counted whole.
      sampler: 'worker',
      signal,
      onWarning: (sentence) => warn('record', escapeTerminal(sentence)),
      ownCost: 'process',
      ...(options.for === undefined ? {} : { durationMs: Number(options.for) / 1e6 }),
    });
  } catch (error) {
    throw asCommandError(error, options);
  }
}

/** Of the recording that is gone on with, which keeps its rate, or goes on to choose it. */
function rateOf(file: string): number | 'auto' {
  try {
    using recording = openRecording(file);
    return recording.metadata.hzAsked === 'auto' ? 'auto' : recording.metadata.hz;
  } catch {
    return 'auto';
  }
}

/** The first signal ends the recording in order, also while it starts, the second one at once. */
function onStopSignals(): { readonly signal: AbortSignal; end(): void } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 1));
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}

async function report(file: string, options: Options): Promise<void> {
  using recording = openRecording(file);
  const summary = recording.summary();
  const { ticks, durationSeconds, processes } = summary;
  if (options.json) await writeJson({ file: path.resolve(file), ...recordingInfoJson(recording, summary) });
  else if (options.summary) {
    const width = process.stdout.isTTY ? { maxWidth: process.stdout.columns } : {};
    await writeLines(['', ...growthTable(measureGrowth(recording), SUMMARY_ROWS, width), '']);
  }
  process.stderr.write(
    `recorded ${formatDurationShort(durationSeconds * 1e9)}: ${ticks.recorded} of ${ticks.expected} ticks, ` +
      `${processes.seen} processes, ${formatSize(recording.sizeBytes)}\n` +
      `recording cost ${ownCostText(summary)}\n` +
      `next: tidemark info ${escapeShell(file)}\n` +
      `      tidemark export ${escapeShell(file)} --format csv -o ${escapeShell(`${file.replace(/\.tide$/, '')}.csv`)}\n`,
  );
}

/** What so many processes take more than usual, which nobody asked for. */
function grownText(sizeBytes: number, { size }: Options): string {
  if (size !== undefined || sizeBytes <= FILE_BYTES) return '';
  return ` of ${formatSize(sizeBytes)}, since so many processes need more than ${USUAL_SIZE}`;
}

function progressText(progress: SamplerProgress | undefined, elapsedMs: number): string {
  const elapsed = formatDurationShort(Math.round(elapsedMs / 1000) * 1e9);
  if (!progress) return elapsed;
  const { ticks, missedTicks, live, bytes, ownCpuNs } = progress;
  const share = ((ownCpuNs / (elapsedMs * 1e6)) * 100).toFixed(1);
  return `${elapsed}  ${live} processes  ${ticks} ticks, ${missedTicks} missed  ${formatSize(bytes)}  ${share} % of one core`;
}

function asCommandError(error: unknown, options: Options): unknown {
  if (error instanceof EngineUnavailableError) {
    const code = options.engine === 'bpf' ? ExitCode.notPermitted : ExitCode.failed;
    return new CommandError(`--engine: ${escapeTerminal(error.message)}`, code);
  }
  if (error instanceof TypeError || error instanceof RangeError) return new UsageError(escapeTerminal(error.message));
  if (!(error instanceof Error) || !('code' in error)) return error;
  const sentence = escapeTerminal(error.message);
  switch (error.code) {
    case 'target-not-found':
      return new CommandError(sentence, ExitCode.notFound);
    case 'size-too-small':
      return new UsageError(`--size: ${sentence}`);
    case 'exists':
      return new CommandError(
        `${sentence}; choose another with -o${sentence.endsWith('exists already') ? ', or go on in it with --resume' : ''}`,
      );
    case 'different-recording':
      return new CommandError(`${sentence}; choose another with -o`);
    case 'no-space':
      return new CommandError(
        options.size === undefined
          ? `${sentence}; they are allocated at the start, ask for less with --size`
          : `${sentence}; --size ${formatSize(options.size)} is allocated at the start, ask for less`,
      );
    case 'no-cgroups':
      return new CommandError(`--cgroups ${options.cgroups}: ${sentence}`);
    case 'denied':
      return new CommandError(sentence, ExitCode.notPermitted);
    default:
      return error instanceof RecordingError || options ? new CommandError(sentence) : error;
  }
}

function parseRingSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES) return bytes;
  throw new InputError(text, 'the size of a ring', `${formatSize(MIN_RING_BYTES)} to ${formatSize(MAX_RING_BYTES)}`);
}

function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InputError(text, 'a count', 'a whole number, 0 or more');
}

/** Local time to the second in a form that sorts and needs no quoting. */
function fileTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}` +
    `-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
  );
}
