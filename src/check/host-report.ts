/**
 * What this host allows: everything that `doctor` says, in one value.
 *
 * The trap: half of it is missing on some host, and a doctor that fails on a strange host is of no use there. So whatever
 * cannot be found out is absent, and the rest is still told.
 */
import { statfsSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { bpfAvailability, chooseSweepingEngine } from '../engine/choose-sweeping.js';
import { readDescriptors } from '../engine/descriptors.js';
import { nativeBinding } from '../engine/native-binding.js';
import { descriptorRoom } from '../engine/open-engine.js';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import type { HostUnits } from '../schema.js';
import { attempt } from './attempt.js';
import { type Permissions, readPermissions } from './permissions.js';
import { type ProcfsMount, readProcfsMount } from './procfs-mount.js';
import { countVisibleProcesses, hasSmapsRollup, type VisibleProcesses } from './visible-processes.js';
import { measureWakeUpLateness, type WakeUpLateness } from './wake-up-lateness.js';

/** `statm` and `stat` are what a counters sweep keeps open of each process. */
const DESCRIPTORS_PER_PROCESS = 2;

export interface HostReport {
  readonly schema: 1;
  readonly tidemark: string;
  readonly node: string;
  readonly arch: string;
  readonly kernel: string;
  readonly cpus: number;
  /** Of the host whose tree it is; absent when nothing in the tree tells. */
  readonly units?: HostUnits;
  readonly procfs: ProcfsMount & { readonly smapsRollup: boolean };
  readonly engine: {
    readonly name: string;
    readonly reason: string;
    /** Where the addon was loaded from, or why it was not. */
    readonly addon: { readonly path: string } | { readonly missing: string };
    readonly bpf: string;
  };
  readonly descriptors?: {
    /** Soft limit of this process; absent when there is none. */
    readonly limit?: number;
    /** How many a sampler here would keep open, and for how many processes they last. */
    readonly room: number;
    readonly processes: number;
  };
  readonly permissions: Permissions;
  /** Absent when the tree cannot be listed. */
  readonly processes?: VisibleProcesses;
  readonly space: readonly { readonly path: string; readonly freeBytes: number; readonly sizeBytes: number }[];
  readonly wakeUp: WakeUpLateness;
}

/** Examines the host and a procfs tree; takes about 20 ms and a few microseconds per process. Never throws. */
export function examineHost(root: string, version: string): HostReport {
  const units = attempt(() => (root === '/proc' ? readHostUnits() : readTreeUnits(root)));
  const descriptors = attempt(describeDescriptors);
  const processes = attempt(() => countVisibleProcesses(root));
  const binding = nativeBinding();
  const sweeping = { root, host: units ?? readHostUnits() };
  return {
    schema: 1,
    tidemark: version,
    node: process.version,
    arch: process.arch,
    kernel: release(),
    cpus: availableParallelism(),
    ...(units ? { units } : {}),
    procfs: { ...readProcfsMount(root), smapsRollup: attempt(() => hasSmapsRollup(root)) ?? false },
    engine: {
      ...chooseSweepingEngine('auto', sweeping),
      addon: binding.state === 'loaded' ? { path: binding.path } : { missing: binding.reason },
      bpf: bpfText(sweeping),
    },
    ...(descriptors ? { descriptors } : {}),
    permissions: readPermissions(),
    ...(processes ? { processes } : {}),
    space: [...new Set(['/dev/shm', tmpdir()])].flatMap((path) => attempt(() => spaceOf(path)) ?? []),
    wakeUp: measureWakeUpLateness(),
  };
}

function bpfText(options: Parameters<typeof bpfAvailability>[0]): string {
  const bpf = bpfAvailability(options);
  if (bpf.works) return `works: ${bpf.how}`;
  return `cannot be used: ${bpf.reason}${bpf.grant === undefined ? '' : `; to get it, ${bpf.grant}`}`;
}

function describeDescriptors(): NonNullable<HostReport['descriptors']> {
  const { limit } = readDescriptors() ?? { limit: Number.POSITIVE_INFINITY };
  const room = descriptorRoom();
  return {
    ...(Number.isFinite(limit) ? { limit } : {}),
    room,
    processes: Math.floor(room / DESCRIPTORS_PER_PROCESS),
  };
}

/** What an unprivileged user may still write there, which is less than what is free. */
function spaceOf(path: string): HostReport['space'][number] {
  const { bavail, blocks, bsize } = statfsSync(path);
  return { path, freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}
