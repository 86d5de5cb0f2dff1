/**
 * What a sampler is told: plain data that crosses threads and processes.
 */

import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { ClockReading } from '../engine/clocks.js';
import type { EngineName } from '../engine/engine.js';
import { readMeminfo } from '../procfs/meminfo.js';
import { type CmdlineMode, FORMAT, type RecordingMetadata, type WorkloadPart } from '../recording/format.js';
import { MAPPING_COLUMNS } from '../recording/mapping-columns.js';
import type { HostUnits } from '../schema.js';
import type { DeepRate } from './deep-schedule.js';
import { readBootId } from './ring-owner.js';
import type { WatchedRule } from './rule-watch.js';
import { describeTarget, type PlainTarget } from './target.js';

export interface SamplerConfig {
  readonly target: PlainTarget;
  /** The procfs tree. */
  readonly root: string;
  readonly host: HostUnits;
  readonly engine: EngineName;
  readonly engineReason: string;
  /** Ticks per second. */
  readonly hz: number;
  /** The rate was chosen for the budget, and changes with what a tick costs; it never falls below `leastHz`. */
  readonly isRateChosen: boolean;
  readonly leastHz: number;
  readonly rollup: DeepRate;
  readonly mappings: DeepRate | 'peak';
  /** How often the host itself is read; `auto`: as often as a part of the budget has it. */
  readonly hostTier: DeepRate;
  /** How often control groups are read; `off` where none can be. */
  readonly cgroupTier: DeepRate;
  /** The kernel's marks of resident memory are read and stored. */
  readonly highWater: boolean;
  /** There is to be room for what V8 tells. */
  readonly v8: boolean;
  /** What is run, when it is a workload of ours. */
  readonly workload: WorkloadPart | undefined;
  /** The share of one core that recording may cost. */
  readonly budget: number;
  /** A target that one read would hold for longer is read in pieces; nanoseconds. */
  readonly maxHoldNs: number;
  /** Longer holds that somebody agreed to, once for each process; nanoseconds. */
  readonly allowHoldNs: number;
  /** One deep read in this many is checked by the other implementation; 0 = none. */
  readonly audit: number;
  /** What is kept for how long; undefined: every tick, as long as there is room. */
  readonly keep: string | undefined;
  /** What of command lines is stored. */
  readonly cmdline: CmdlineMode;
  /** What is looked for at each tick, to be acted upon. */
  readonly rules: readonly WatchedRule[];
  /** Ticks to record, or 0 to go on until told to stop. */
  readonly ticks: number;
  /** Milliseconds after which the recording is over, when `ticks` is not 0. */
  readonly durationMs: number;
  /** Most descriptors to keep open, or undefined to find out. */
  readonly maxKept: number | undefined;
  /** What this process has loaded into the kernel already, for a sampler in a thread of it. */
  readonly parked: number | undefined;
  /** Where the ring lives. */
  readonly storage:
    | {
        readonly kind: 'file';
        readonly path: string;
        readonly sizeBytes: number;
        readonly trim: boolean;
        /** Goes on in the file, which is there. */
        readonly resume: boolean;
        /** Loses its name on purpose once both sides have it open. */
        readonly isNameless?: boolean;
        /** Whose members may read the file; undefined: its owner alone. */
        readonly group: number | undefined;
      }
    | { readonly kind: 'shared'; readonly buffer: SharedArrayBuffer };
  /** The program that embeds the sampler, whose main thread is to run undisturbed; undefined: it has nothing else to do. */
  readonly embedder: number | undefined;
  /** Whose CPU time and memory count as the recorder's own. */
  readonly ownCost: 'thread' | 'process';
  readonly version: string;
}

/** The header of the recording that this sampler makes. */
export function metadataOf(config: SamplerConfig, started: ClockReading): RecordingMetadata {
  return {
    format: FORMAT,
    writer: { name: 'tidemark', version: config.version, pid: process.pid },
    host: {
      hostname: hostname(),
      kernel: release(),
      architecture: process.arch,
      cpus: countCpus(),
      bootId: readBootId(),
      ...memoryOf(config.root),
      ...config.host,
    },
    engine: { name: config.engine, reason: config.engineReason },
    procfs: config.root,
    target: describeTarget(config.target),
    hz: config.hz,
    rollup: String(config.rollup),
    mappings: String(config.mappings),
    budget: config.budget,
    hzAsked: config.isRateChosen ? 'auto' : String(config.hz),
    maxHoldNs: config.maxHoldNs,
    allowHoldNs: config.allowHoldNs,
    audit: config.audit,
    ...(config.keep === undefined ? {} : { keep: config.keep }),
    cmdline: config.cmdline,
    ...(config.v8 ? { v8: true as const } : {}),
    ...(config.hostTier === 'off' ? {} : { hostTier: String(config.hostTier) }),
    ...(config.cgroupTier === 'off' ? {} : { cgroupTier: String(config.cgroupTier) }),
    ...(config.workload === undefined ? {} : { workload: config.workload }),
    ...(config.mappings === 'off' ? {} : { mappingColumns: MAPPING_COLUMNS }),
    startedAt: {
      monotonicNs: `${started.monotonicNs}`,
      realNs: `${started.realNs}`,
      boottimeNs: `${started.boottimeNs}`,
    },
  };
}

/** Absent where the tree does not tell. */
function memoryOf(root: string): { memoryBytes?: number } {
  try {
    const memoryBytes = readMeminfo(root).get('MemTotal');
    return memoryBytes === undefined ? {} : { memoryBytes };
  } catch {
    return {};
  }
}

function countCpus(): number {
  return (readFileSync('/proc/stat', 'latin1').match(/^cpu\d+ /gm) ?? []).length;
}
