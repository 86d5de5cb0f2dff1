/**
 * Listening to the kernel's tracepoints, begun when somebody wants to hear.
 *
 * The trap: the ring is read at ticks, so it must hold what a fork storm tells between two of them; more is lost, and
 * counted.
 */
import { readFileSync } from 'node:fs';
import type { HostUnits } from '../schema.js';
import type { BpfBinding, KernelLives } from './bpf-binding.js';
import {
  type KernelSelection,
  type Life,
  type LifeCounts,
  LifeReader,
  type LifeSource,
  SelectionKind,
} from './lives.js';

/** About twenty-five thousand lives. All of it counts as memory of whoever maps it. */
const RING_BYTES = 2 * 2 ** 20;

export class KernelLifeSource implements LifeSource {
  #ring: KernelLives | undefined;
  #reader: LifeReader | undefined;

  constructor(
    private readonly binding: BpfBinding & { state: 'loaded' },
    private readonly host: HostUnits,
    private readonly exactCpus: number,
    private readonly isInitialNamespace: boolean,
    private readonly tgidOf: (pid: number) => number,
  ) {}

  open(selection: KernelSelection, ringBytes = RING_BYTES): string | undefined {
    this.close();
    const { kind, uid = 0, cgroupId = 0n, pidNamespace = 0, pids = [] } = selection;
    try {
      const { LifeRing } = this.binding.addon;
      const number = SelectionKind[kind];
      const { exactCpus, isInitialNamespace } = this;
      this.#ring = new LifeRing(ringBytes, exactCpus, isInitialNamespace, number, uid, cgroupId, pidNamespace);
    } catch (error) {
      return (error as Error).message;
    }
    const tickNs = BigInt(Math.round(1e9 / this.host.clockTicksPerSecond));
    const offsetNs = boottimeOffsetNs();
    this.#reader = new LifeReader(this.#ring, this.host.pageSize, (startNs) => Number((startNs + offsetNs) / tickNs));
    for (const pid of pids) this.add(pid);
    return undefined;
  }

  add(pid: number): void {
    // The kernel's programs know a process by its number in the initial namespace.
    const tgid = this.isInitialNamespace ? pid : this.tgidOf(pid);
    if (tgid > 0) this.#ring?.add(tgid);
  }

  drain(take: (life: Life) => void): void {
    this.#reader?.drain(take);
  }

  counts(): LifeCounts {
    return this.#reader?.counts() ?? { told: 0, lost: 0, forks: 0 };
  }

  close(): void {
    this.#ring?.close();
    this.#ring = undefined;
    this.#reader = undefined;
  }
}

/** What a time namespace adds to the start times in `stat`; nothing on kernels that have none. */
export function boottimeOffsetNs(file = '/proc/self/timens_offsets'): bigint {
  try {
    const found = /^boottime\s+(-?\d+)\s+(-?\d+)/m.exec(readFileSync(file, 'latin1'));
    return found ? BigInt(found[1]!) * 1_000_000_000n + BigInt(found[2]!) : 0n;
  } catch {
    return 0n;
  }
}
