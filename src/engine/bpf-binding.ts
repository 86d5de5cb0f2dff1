/**
 * The second addon: programs that sweep in the kernel.
 *
 * The trap: like the first, an addon that was built for other columns would fill ours with wrong numbers. And it is absent
 * on a host without clang and bpftool, which is no error: then the other engines do the work.
 */
import { COUNTER_COLUMNS } from '../schema.js';
import { findAddon, openAddon, wayToBuild } from './native-binding.js';

/** The class `KernelCounters`; see native/addon/bpf_addon.cc for the arguments. */
export interface KernelCounters {
  attach(slot: number, pid: number, numbers: Float64Array, comm: Uint8Array): number;
  bind(slot: number, pid: number, startTicks: number, comm: Uint8Array): number;
  detach(slot: number): void;
  /** The pid in the initial namespace of who has this one in ours; 0: nobody has it. */
  tgidOf(pid: number): number;
  comm(slot: number, comm: Uint8Array): number;
  sweepCounters(
    slots: Uint32Array,
    count: number,
    values: Float64Array,
    status: Uint8Array,
    renamed: Uint32Array,
    times: BigInt64Array,
    timesEvery: number,
    phase: number,
  ): number;
  listPids(out: Int32Array): number;
  narrow(kind: number, uid: number, cgroup: bigint, pidNamespace: number, root: number): void;
  watchPeaks(isOn: boolean): number;
  peakEvents(): number;
  facts(): { readonly method: 'walk' | 'iterate'; readonly isExact: boolean };
  /** Closes this one and keeps what it has loaded for another thread of this process: the key for its constructor. */
  park(): number;
  close(): void;
}

/** The class `LifeRing`. */
export interface KernelLives {
  add(pid: number): number;
  drain(out: Uint8Array): number;
  counts(out: Float64Array): void;
  close(): void;
}

interface BpfAddon {
  KernelCounters: new (
    pageSize: number,
    clockTicksPerSecond: number,
    exactCpus: number,
    method: number,
    isInitialNamespace: boolean,
    parked?: number,
  ) => KernelCounters;
  LifeRing: new (
    ringBytes: number,
    exactCpus: number,
    isInitialNamespace: boolean,
    kind: number,
    uid: number,
    cgroup: bigint,
    pidNamespace: number,
  ) => KernelLives;
  /** Lets go of what was parked and nobody has taken. */
  dropParked(key: number): void;
  columns(): readonly string[];
}

export type BpfBinding =
  | { readonly state: 'loaded'; readonly path: string; readonly addon: BpfAddon }
  | { readonly state: 'absent'; readonly reason: string };

let loaded: BpfBinding | undefined;

/** The addon, loaded once per thread, or the reason why there is none. Never throws. */
export function bpfBinding(): BpfBinding {
  loaded ??= load();
  return loaded;
}

function load(): BpfBinding {
  const file = findAddon('tidemark_bpf');
  if (file === undefined) {
    return {
      state: 'absent',
      reason: `it was not built: that needs clang, bpftool and libbpf-dev (${wayToBuild()})`,
    };
  }
  try {
    const addon = openAddon(file) as BpfAddon;
    if (JSON.stringify(addon.columns()) !== JSON.stringify(COUNTER_COLUMNS)) {
      return { state: 'absent', reason: `${file} was built for other columns` };
    }
    return { state: 'loaded', path: file, addon };
  } catch (error) {
    return { state: 'absent', reason: `${file} does not load: ${(error as Error).message}` };
  }
}
