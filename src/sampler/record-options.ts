/**
 * What `startRecording` can be told, checked before anything is started.
 *
 * Each error names the option, the value and what is allowed.
 */
import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { chooseSweepingEngine, SWEEPING_CHOICES, type SweepingChoice, TriedEngine } from '../engine/choose-sweeping.js';
import { AccountNames } from '../procfs/accounts.js';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import { CMDLINE_MODES, type CmdlineMode, type WorkloadPart } from '../recording/format.js';
import type { HostUnits } from '../schema.js';
import { booleanOption, checkNames, functionOption, numberOption, typedOption } from '../text/option-checks.js';
import { readVersion } from '../text/package.js';
import { shown } from '../text/shown.js';
import { type ActionOption, type PlannedAction, planActions, watchedRules } from './action-plan.js';
import { chooseRate, rateOfRecording } from './chosen-rate.js';
import type { SamplerConfig } from './config.js';
import type { DeepRate } from './deep-schedule.js';
import type { SamplerHost } from './host-process.js';
import { checkKeep, leastRateOf } from './kept-steps.js';
import { areUnits, deepRate, groupRate, isPath, isWorkload } from './option-checks.js';
import { sizeFor } from './ring-size.js';
import { type PlainTarget, plainTarget, type Target } from './target.js';

export interface RecordOptions {
  /** Which processes; default `self`. Pids are resolved to processes once, when the recording starts. */
  readonly target?: Target;
  /** Ticks per second, 0.01 to 10000; default 10. `auto`: as many as half of the budget pays for at the time, 0.01 to 100. */
  readonly hz?: number | 'auto';
  /** How often `smaps_rollup` is read (PSS, USS, swap): times per second and process, `auto` (default) or `off`. */
  readonly rollup?: DeepRate;
  /**
   * How often `smaps` is read and every mapping stored: times per second and process, `auto` or `off` (default). `peak`: near
   * each new maximum of the resident memory of the whole target.
   */
  readonly mappings?: DeepRate | 'peak';
  /**
   * How often the host itself is read (meminfo, vmstat, pressure, swap): times per second, `auto` (default: 10, or less often
   * where that took more than a part of the budget) or `off`; never more often than the ticks.
   */
  readonly hostTier?: DeepRate;
  /**
   * How often the control groups of the host are read (charge, limits, events, `memory.stat`): times per second, `auto` (default:
   * 10 for those that move or come near a limit, the rest less often, in about a seventh of the budget) or `off`; never
   * more often than the ticks. With `auto` none are read where none can be.
   */
  readonly cgroupTier?: DeepRate;
  /** Reads the high-water mark of each process (`VmHWM`) while it lives, as an event at its end; default false. */
  readonly highWater?: boolean;
  /**
   * Also stores what V8 tells of the isolate that starts the recording: its heap ten times a second and at marks, and every
   * collection; default false. Needs a target with this process in it.
   */
  readonly v8?: boolean;
  /** What is run, for the header of the recording. */
  readonly workload?: WorkloadPart;
  /** Share of one core that recording may cost, 0.0001 to 1; default 0.01. With `auto` deep reads stay inside it. */
  readonly budget?: number;
  /** A target that one deep read would hold for longer is read in pieces, milliseconds; default 0.5. */
  readonly maxHoldMs?: number;
  /** A longer hold that is allowed, once for each process; milliseconds, default 0: none. */
  readonly allowHoldMs?: number;
  /** Path of a new file; without it the ring is kept in memory until `save`. */
  readonly file?: string;
  /**
   * Goes on in `file` when it is there: a recording of the same host, rate and metrics whose writer has ended or died.
   * Default false: a file that is there is refused.
   */
  readonly resume?: boolean;
  /**
   * Most bytes of the ring, allocated at once; default 256 MiB in a file, 64 MiB in memory, and more where so many processes
   * are to be recorded that they need it.
   */
  readonly sizeBytes?: number;
  /**
   * What is kept for how long, from fine to coarse, such as `full:6h,1s:3d,1m:30d`: every tick, then last, least and most
   * of each second, of each minute; default: every tick, for as long as the ring has room.
   */
  readonly keep?: string;
  /** What of command lines is stored, once for each program a process runs; default `full`. */
  readonly cmdline?: CmdlineMode;
  /** A group, by name or number, whose members may read `file`: 0640 in place of 0600. */
  readonly ringGroup?: string | number;
  /** Default `auto`: `native`, or `ts` where the addon is not there. `bpf` is used only when it is asked for. */
  readonly engine?: SweepingChoice;
  /** Where the sampler runs; default `process` when the target can include this process, else `worker`. */
  readonly sampler?: SamplerHost;
  /** Milliseconds after which the recording ends by itself; default: never. */
  readonly durationMs?: number;
  /** One deep read in this many is checked by the other implementation; default 10000, 0 = none. */
  readonly audit?: number;
  /** What is to be done when a rule becomes true of a process: see docs/actions.md. */
  readonly actions?: readonly ActionOption[];
  /** The procfs tree; default `/proc`. */
  readonly procfs?: string;
  /** Units of the host whose tree it is, for a tree that does not tell; default: found out. */
  readonly host?: HostUnits;
  /**
   * What counts as the recorder's own cost: its `thread`, the default in a worker, or the whole `process`, for a program
   * that does nothing else.
   */
  readonly ownCost?: 'thread' | 'process';
  /** Gives back the space of the file that was never used when the recording ends; default true. */
  readonly trim?: boolean;
  /** Ends the recording when aborted. */
  readonly signal?: AbortSignal;
  /** Told of what did not go as asked, in a sentence; default: nobody. */
  readonly onWarning?: (sentence: string) => void;
}

const MIN_HZ = 0.01;
const MAX_HZ = 10_000;
/** What `sizeBytes` may be. */
export const MIN_RING_BYTES = 2 * 2 ** 20;
export const MAX_RING_BYTES = 2 ** 42;
/** What a file takes where nobody asked for a size, unless so many processes need more. */
export const FILE_BYTES = 256 * 2 ** 20;
const MEMORY_BYTES = 64 * 2 ** 20;
const AUDIT = 10_000;
const BUDGET = 0.01;
/** What `budget` may be. */
export const MIN_BUDGET = 0.0001;
export const MAX_BUDGET = 1;
const MAX_HOLD_MS = 0.5;
/** What `maxHoldMs` and `allowHoldMs` may be. */
export const MIN_MAX_HOLD_MS = 0.05;
export const MAX_MAX_HOLD_MS = 1000;
export const MAX_ALLOW_HOLD_MS = 60_000;

/** How a recording is to be made: everything but the storage in memory, which the caller allocates. */
export interface RecordPlan {
  readonly host: SamplerHost;
  readonly sizeBytes: number;
  readonly file: string | undefined;
  /** The file is there, and the recording in it is continued. */
  readonly resume: boolean;
  readonly group: number | undefined;
  readonly config: Omit<SamplerConfig, 'storage'>;
  readonly trim: boolean;
  readonly actions: readonly PlannedAction[];
}

/** Checks the options. Throws a TypeError or RangeError, or an error with a `code` of the engine or the file. */
export function planRecording(options: RecordOptions): RecordPlan {
  checkNames(options, OPTION_NAMES);
  booleanOption('trim', options.trim);
  booleanOption('resume', options.resume);
  booleanOption('v8', options.v8);
  booleanOption('highWater', options.highWater);
  typedOption('signal', options.signal, 'an AbortSignal', (value) => value instanceof AbortSignal);
  functionOption('onWarning', options.onWarning);
  typedOption('procfs', options.procfs, 'the path of a folder', isPath);
  typedOption('file', options.file, 'the path of a new file', isPath);
  typedOption('workload', options.workload, '{ command }, an array of strings', isWorkload);
  typedOption('host', options.host, '{ pageSize, clockTicksPerSecond }, both positive integers', areUnits);
  options.signal?.throwIfAborted();
  // Defaults of a destructuring: what is absent has one, a null is as wrong as any other value.
  const { engine: choice = 'auto', procfs: root = '/proc', trim = true } = options;
  const { hz = 10, rollup = 'auto', mappings = 'off', audit = AUDIT, durationMs = 0 } = options;
  const { hostTier = 'auto', cgroupTier = 'auto', budget = BUDGET, sizeBytes } = options;
  const { maxHoldMs = MAX_HOLD_MS, allowHoldMs = 0, ownCost = 'thread', target: wanted = 'self' } = options;
  const target = plainTarget(wanted, process.pid);
  const { sampler = includesSelf(target) ? 'process' : 'worker' } = options;
  if (options.v8 && !includesSelf(target)) {
    throw new TypeError('The "v8" option needs a target with this process in it: only V8 itself knows of its heap');
  }
  if (hz !== 'auto') numberOption('hz', hz, MIN_HZ, MAX_HZ);
  numberOption('budget', budget, MIN_BUDGET, MAX_BUDGET);
  numberOption('maxHoldMs', maxHoldMs, MIN_MAX_HOLD_MS, MAX_MAX_HOLD_MS);
  numberOption('allowHoldMs', allowHoldMs, 0, MAX_ALLOW_HOLD_MS);
  if (sizeBytes !== undefined) numberOption('sizeBytes', sizeBytes, MIN_RING_BYTES, MAX_RING_BYTES);
  numberOption('durationMs', durationMs, 0, Number.MAX_SAFE_INTEGER);
  const { cmdline = 'full' } = options;
  if (!CMDLINE_MODES.includes(cmdline)) {
    throw new TypeError(
      `Expected the "cmdline" option to be one of ${CMDLINE_MODES.join(', ')}, got ${shown(cmdline)}`,
    );
  }
  numberOption('audit', audit, 0, Number.MAX_SAFE_INTEGER);
  if (!SWEEPING_CHOICES.includes(choice)) {
    throw new TypeError(
      `Expected the "engine" option to be one of ${SWEEPING_CHOICES.join(', ')}, got ${shown(choice)}`,
    );
  }
  if (sampler !== 'worker' && sampler !== 'process') {
    throw new TypeError(`Expected the "sampler" option to be "worker" or "process", got ${shown(sampler)}`);
  }
  if (ownCost !== 'thread' && ownCost !== 'process') {
    throw new TypeError(`Expected the "ownCost" option to be "thread" or "process", got ${shown(ownCost)}`);
  }
  checkFolder(root);
  const units = hostUnits(root, options);
  using tried = new TriedEngine();
  const chosen = chooseSweepingEngine(choice, { root, host: units }, tried);
  const planned = planFile(options);
  const actions = planActions(options.actions, { engine: chosen.name, rollup, mappings });
  const leastHz = leastRateOf(options.keep);
  const chosenRate = () =>
    (planned.resume ? rateOfRecording(planned.file!) : undefined) ??
    Math.max(leastHz, chooseRate(root, units, chosen.name, target, budget, tried.engine));
  const rate = hz === 'auto' ? chosenRate() : hz;
  const keep = checkKeep(options.keep, rate);
  const usualBytes = options.file === undefined ? MEMORY_BYTES : FILE_BYTES;
  return {
    host: sampler,
    sizeBytes: Math.floor(sizeBytes ?? (planned.resume ? usualBytes : sizeFor(usualBytes, root, target, keep))),
    ...planned,
    group: groupOf(options),
    trim,
    actions,
    config: {
      target,
      root,
      host: units,
      engine: chosen.name,
      engineReason: chosen.reason,
      hz: rate,
      isRateChosen: hz === 'auto',
      leastHz,
      rollup: deepRate('rollup', rollup),
      mappings: mappings === 'peak' ? mappings : deepRate('mappings', mappings),
      hostTier: deepRate('hostTier', hostTier),
      cgroupTier: groupRate(cgroupTier, root),
      v8: options.v8 === true,
      workload: options.workload,
      highWater: options.highWater === true && chosen.name !== 'bpf',
      budget,
      maxHoldNs: maxHoldMs * 1e6,
      allowHoldNs: allowHoldMs * 1e6,
      audit: Math.floor(audit),
      rules: watchedRules(actions),
      keep,
      cmdline,
      // A tick at 0, then one at each period that begins before the end.
      ticks: durationMs === 0 || hz === 'auto' ? 0 : Math.max(1, Math.ceil((durationMs / 1000) * rate - 1e-9)),
      durationMs,
      maxKept: undefined,
      // A program whose own CPU time is the recorder's is one.
      embedder: ownCost === 'process' ? undefined : process.pid,
      ownCost: sampler === 'process' ? 'process' : ownCost,
      version: readVersion(),
      // The last: nothing that is refused is to leave it behind.
      parked: sampler === 'worker' ? tried.park() : undefined,
    },
  };
}

const OPTION_NAMES: readonly (keyof RecordOptions)[] = [
  'target',
  'hz',
  'rollup',
  'mappings',
  'hostTier',
  'cgroupTier',
  'highWater',
  'v8',
  'workload',
  'budget',
  'maxHoldMs',
  'allowHoldMs',
  'file',
  'resume',
  'sizeBytes',
  'keep',
  'cmdline',
  'ringGroup',
  'engine',
  'sampler',
  'durationMs',
  'audit',
  'actions',
  'procfs',
  'host',
  'ownCost',
  'trim',
  'signal',
  'onWarning',
];

function groupOf({ ringGroup, file }: RecordOptions): number | undefined {
  if (ringGroup === undefined) return undefined;
  if (file === undefined)
    throw new TypeError('The "ringGroup" option needs the "file" option: a ring in memory is no file');
  const gid =
    typeof ringGroup === 'number' || /^\d{1,10}$/.test(ringGroup)
      ? Number(ringGroup)
      : new AccountNames('/proc').gidOf(ringGroup);
  if (gid !== undefined && Number.isInteger(gid) && gid >= 0 && gid < 2 ** 32 - 1) return gid;
  throw new TypeError(`Expected the "ringGroup" option to be a group of this host, got ${shown(ringGroup)}`);
}

/** Whether the target can include the process that asks. */
function includesSelf(target: PlainTarget): boolean {
  if (target.kind === 'pids') return target.pids.includes(process.pid);
  return (
    (target.kind !== 'tree' && target.kind !== 'descendants') ||
    target.pid === process.pid ||
    target.pid === process.ppid ||
    target.pid === 1
  );
}

function hostUnits(root: string, options: RecordOptions): HostUnits {
  if (options.host) return options.host;
  if (path.resolve(root) === '/proc') return readHostUnits();
  const found = readTreeUnits(root);
  if (found) return found;
  const own = readHostUnits();
  options.onWarning?.(
    `Nothing in ${root} tells the page size of its host: taking this host's, ${own.pageSize} bytes and ` +
      `${own.clockTicksPerSecond} clock ticks per second`,
  );
  return own;
}

function checkFolder(root: string): void {
  let isFolder = false;
  try {
    isFolder = statSync(root).isDirectory();
  } catch (error) {
    throw Object.assign(new Error(`Cannot read the procfs tree ${root}: ${(error as Error).message}`), {
      code: 'bad-procfs',
    });
  }
  if (!isFolder) throw Object.assign(new Error(`The procfs tree ${root} is not a directory`), { code: 'bad-procfs' });
}

/** An absolute path where nothing is yet, or a recording to go on with; the sampler opens it, so a race is refused there. */
function planFile({ file, resume = false }: RecordOptions): Pick<RecordPlan, 'file' | 'resume'> {
  if (file === undefined) {
    if (resume) throw new TypeError('The "resume" option needs the "file" option: there is nothing else to go on with');
    return { file, resume: false };
  }
  const absolute = path.resolve(file);
  const existing = lstatSync(absolute, { throwIfNoEntry: false });
  if (!existing) return { file: absolute, resume: false };
  if (resume && existing.isFile()) return { file: absolute, resume: true };
  const what = existing.isDirectory() ? 'is a directory' : resume ? 'is no regular file' : 'exists already';
  throw Object.assign(new Error(`Cannot record into ${file}: it ${what}`), { code: 'exists' });
}
