/**
 * What becomes of processes, as the kernel tells it between sweeps.
 *
 * The trap: a process that lives for a millisecond has no slot and no row, only what is told here; and what is told is
 * finite, so what was lost is counted beside it.
 */
import type { KernelLives } from './bpf-binding.js';

export type LifeType = 'fork' | 'exec' | 'exit' | 'oom';

export interface Life {
  readonly type: LifeType;
  /** Monotonic nanoseconds. */
  readonly timeNs: bigint;
  readonly pid: number;
  readonly startTicks: number;
  readonly parentPid: number;
  readonly uid: number;
  readonly comm: Uint8Array;
  /** Of an exit: as `wait` tells it, the code times 256, or the signal. */
  readonly exitStatus: number;
  /** Of an exit: most resident bytes since the last exec; undefined when the memory was gone already. */
  readonly peakBytes: number | undefined;
  /** Of an exit: nanoseconds that its threads ran, as far as the scheduler had counted. */
  readonly cpuNs: number;
}

/** The numbers are those of native/bpf/program/shared.h. */
export const SelectionKind = { pids: 0, tree: 1, cgroup: 2, uid: 3, all: 4, namespace: 5 } as const;

/** Which processes the kernel's programs tell of. */
export interface KernelSelection {
  readonly kind: keyof typeof SelectionKind;
  /** Of `pids` and `tree`: who is told of from the start. A tree takes in who its members fork. */
  readonly pids?: readonly number[];
  readonly cgroupId?: bigint;
  readonly uid?: number;
  readonly pidNamespace?: number;
}

export interface LifeCounts {
  /** Lives that were told, and those for which there was no room. */
  readonly told: number;
  readonly lost: number;
  /** Processes that were begun, whether selected or not. */
  readonly forks: number;
}

export interface LifeSource {
  /** Begins to listen. Returns why that is not possible, or undefined. */
  open(selection: KernelSelection): string | undefined;
  /** Another process to tell of. */
  add(pid: number): void;
  /** Takes what has come since the last time, in order. */
  drain(take: (life: Life) => void): void;
  counts(): LifeCounts;
}

const LIFE_BYTES = 72;
const LIVES_AT_ONCE = 1024;
const TYPES: readonly (LifeType | undefined)[] = [undefined, 'fork', 'exec', 'exit', 'oom'];

/** Reads the lives of a ring in the kernel. */
export class LifeReader {
  readonly #bytes = new Uint8Array(LIFE_BYTES * LIVES_AT_ONCE);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #counts = new Float64Array(3);

  constructor(
    private readonly ring: KernelLives,
    private readonly pageSize: number,
    private readonly ticksOf: (startNs: bigint) => number,
  ) {}

  drain(take: (life: Life) => void): void {
    for (;;) {
      const count = this.ring.drain(this.#bytes);
      for (let index = 0; index < count; index++) this.#take(index * LIFE_BYTES, take);
      if (count < LIVES_AT_ONCE) return;
    }
  }

  counts(): LifeCounts {
    this.ring.counts(this.#counts);
    const [told, lost, forks] = this.#counts as unknown as [number, number, number];
    return { told, lost, forks };
  }

  #take(at: number, take: (life: Life) => void): void {
    const view = this.#view;
    const type = TYPES[view.getUint32(at + 32, true)];
    if (type === undefined) return;
    const comm = this.#bytes.subarray(at + 56, at + LIFE_BYTES);
    const end = comm.indexOf(0);
    take({
      type,
      timeNs: view.getBigUint64(at, true),
      startTicks: this.ticksOf(view.getBigUint64(at + 8, true)),
      peakBytes: view.getUint32(at + 48, true) ? Number(view.getBigUint64(at + 16, true)) * this.pageSize : undefined,
      cpuNs: Number(view.getBigUint64(at + 24, true)),
      pid: view.getUint32(at + 36, true),
      parentPid: view.getUint32(at + 40, true),
      exitStatus: view.getUint32(at + 44, true),
      uid: view.getUint32(at + 52, true),
      comm: comm.slice(0, end < 0 ? comm.length : end),
    });
  }
}
