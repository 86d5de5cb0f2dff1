/** The engine in the addon: one call per sweep, nothing allocated in the steady state. */
import { getSystemErrorName } from 'node:util';
import { STATUSES, Status } from '../schema.js';
import { type Attached, type Engine, type EngineOptions, READ_DEADLINE_MS } from './engine.js';
import { MAX_COMM } from './identity.js';
import { listingError } from './listing-error.js';
import type { MappingSweep } from './mapping-sweep.js';
import type { NativeBinding, NativeSweeper } from './native-binding.js';
import type { TierColumns } from './tier-columns.js';

const PF_KTHREAD = 0x00200000;

export class NativeEngine implements Engine {
  readonly name = 'native';
  readonly times = new BigInt64Array(2);
  renamed = new Uint32Array(64);
  readonly #sweeper: NativeSweeper;
  readonly #numbers = new Float64Array(4);
  readonly #comm = new Uint8Array(MAX_COMM);
  readonly #readersCpu = new Float64Array(1);
  #pids = new Int32Array(4096);

  /** Throws when the tree cannot be opened. */
  constructor(binding: NativeBinding & { state: 'loaded' }, options: EngineOptions) {
    const { root, maxKept, readers = 0, deadlineMs = READ_DEADLINE_MS } = options;
    const { pageSize, clockTicksPerSecond } = options.host;
    const { Sweeper } = binding.addon;
    try {
      this.#sweeper = new Sweeper(root, pageSize, clockTicksPerSecond, maxKept, readers, Math.round(deadlineMs * 1e6));
    } catch (error) {
      // With a code it is trouble of the host and no fault of ours.
      const { errno } = error as NodeJS.ErrnoException;
      throw errno === undefined ? error : Object.assign(error as Error, { code: getSystemErrorName(-errno) });
    }
  }

  attach(slot: number, pid: number): Attached {
    const status = this.#sweeper.attach(slot, pid, this.#numbers, this.#comm);
    if (status !== Status.ok) return { status: STATUSES[status] as Exclude<Attached['status'], 'ok'> };
    const [startTicks, parentPid, flags, commLength] = this.#numbers as unknown as [number, number, number, number];
    return {
      status: 'ok',
      identity: {
        pid,
        startTicks,
        parentPid,
        kernelThread: (flags & PF_KTHREAD) !== 0,
        comm: this.#comm.slice(0, commLength),
      },
    };
  }

  detach(slot: number): void {
    this.#sweeper.detach(slot);
  }

  comm(slot: number): Uint8Array {
    return this.#comm.slice(0, this.#sweeper.comm(slot, this.#comm));
  }

  isThere(slot: number): boolean {
    return this.#sweeper.isThere(slot) === Status.ok;
  }

  sweepCounters(slots: Uint32Array, count: number, out: TierColumns, statEvery = 1, phase = 0): number {
    if (this.renamed.length < count) this.renamed = new Uint32Array(count * 2);
    const { values, status } = out;
    return this.#sweeper.sweepCounters(slots, count, values, status, this.renamed, this.times, statEvery, phase);
  }

  sweepRollup(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint): number {
    return this.#sweeper.sweepRollup(slots, count, out.values, out.status, this.times, stopNs);
  }

  sweepPaced(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint, maxHoldNs: number): number {
    return this.#sweeper.sweepPaced(slots, count, out.values, out.status, this.times, stopNs, Math.round(maxHoldNs));
  }

  sweepMappings(slots: Uint32Array, count: number, out: MappingSweep, stopNs: bigint, maxHoldNs = 0): number {
    for (;;) {
      const done = this.#sweeper.sweepMappings(
        slots,
        count,
        out.status,
        out.table.buffer,
        out.table.capacity,
        out.text,
        out.spans,
        out.holds,
        this.times,
        stopNs,
        out.needed,
        Math.round(maxHoldNs),
      );
      if (done > 0 || count === 0 || !out.grow()) return done;
    }
  }

  listPids(): Int32Array {
    for (;;) {
      const found = this.#sweeper.listPids(this.#pids);
      if (found < 0) throw listingError(found);
      if (found <= this.#pids.length) return this.#pids.subarray(0, found);
      this.#pids = new Int32Array(found * 2);
    }
  }

  lastPid(): number {
    return this.#sweeper.lastPid();
  }

  kept(): number {
    return this.#sweeper.kept();
  }

  readerCpuNs(): number {
    this.#sweeper.readers(this.#readersCpu);
    return this.#readersCpu[0]!;
  }

  stuckReaders(): number {
    return this.#sweeper.readers(this.#readersCpu);
  }

  close(): void {
    this.#sweeper.close();
  }
}
