/**
 * The engine in the kernel: one run of a program fills the counters of every process that has a slot, with no descriptor
 * for any of them. Deep reads and texts are the business of another engine, which it has inside.
 *
 * The traps: the kernel counts pids in the initial namespace and says names of kernel threads shorter than procfs does; and
 * a program sees this kernel only, whatever tree of files was given.
 */
import { existsSync, readFileSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { STATUSES, Status } from '../schema.js';
import type { BpfBinding, KernelCounters } from './bpf-binding.js';
import type { Attached, Engine, EngineOptions, PeakWatch } from './engine.js';
import { MAX_COMM, type ProcessIdentity } from './identity.js';
import { internedBytes } from './interned.js';
import { KernelLifeSource } from './kernel-lives.js';
import { listingError } from './listing-error.js';
import { type KernelSelection, SelectionKind } from './lives.js';
import type { MappingSweep } from './mapping-sweep.js';
import { isInitialPidNamespace } from './pid-namespace.js';
import type { TierColumns } from './tier-columns.js';

const PF_KTHREAD = 0x00200000;
/** Beyond so many processors, adding up all their parts of a counter would cost more than the rest. */
export const EXACT_CPUS = 32;

/** How the program visits processes; the numbers are those of native/bpf/kernel_counters.h. */
export const BpfMethod = { best: 0, walk: 1, iterate: 2 } as const;

export interface BpfEngineOptions extends EngineOptions {
  readonly method?: keyof typeof BpfMethod;
  /** From `park` of an engine of the same options in this process; loaded anew where it is taken already. */
  readonly parked?: number | undefined;
}

export class BpfEngine implements Engine {
  readonly name = 'bpf';
  readonly times = new BigInt64Array(2);
  renamed = new Uint32Array(64);
  readonly lives: KernelLifeSource;
  readonly peaks: PeakWatch | undefined;
  readonly method: 'walk' | 'iterate';
  readonly note: string;
  readonly #counters: KernelCounters;
  readonly #inner: Engine;
  readonly #root: string;
  readonly #numbers = new Float64Array(4);
  readonly #comm = new Uint8Array(MAX_COMM);
  /** By slot: who has it, and whether the inner engine knows it too. */
  readonly #identities: (ProcessIdentity | undefined)[] = [];
  readonly #isInside: boolean[] = [];
  /** Processes that procfs has and programs are not shown, which some hardened kernels do with pid 1; once looked for. */
  #hiddenPids: Set<number> | undefined;
  /** Slots of such: the inner engine sweeps them. */
  readonly #hiddenSlots = new Set<number>();
  /** Slots that the inner engine could not be let know in the last deep sweep, with the status. */
  readonly #refused = new Map<number, number>();
  #pids = new Int32Array(4096);

  /** `inner` makes the deep reads and is closed with this one. Throws with the kernel's reason when it takes no program. */
  constructor(binding: BpfBinding & { state: 'loaded' }, options: BpfEngineOptions, inner: Engine) {
    const { pageSize, clockTicksPerSecond } = options.host;
    const isInitial = isInitialPidNamespace();
    const method = BpfMethod[options.method ?? 'best'];
    const { KernelCounters } = binding.addon;
    this.#counters = new KernelCounters(pageSize, clockTicksPerSecond, EXACT_CPUS, method, isInitial, options.parked);
    const facts = this.#counters.facts();
    this.method = facts.method;
    this.note = facts.isExact ? 'counters exact' : 'counters approximate: too many processors to add up their parts';
    this.#inner = inner;
    this.#root = options.root;
    this.lives = new KernelLifeSource(binding, options.host, EXACT_CPUS, isInitial, (pid) =>
      this.#counters.tgidOf(pid),
    );
    this.peaks = facts.method === 'walk' ? new KernelPeaks(this.#counters) : undefined;
  }

  attach(slot: number, pid: number): Attached {
    this.detach(slot);
    const attached = this.#hidden.has(pid)
      ? this.#attachHidden(slot, pid)
      : this.method === 'walk'
        ? this.#look(slot, pid)
        : this.#bind(slot, pid);
    if (attached.status === 'ok') this.#identities[slot] = attached.identity;
    return attached;
  }

  detach(slot: number): void {
    this.#counters.detach(slot);
    if (this.#isInside[slot]) this.#inner.detach(slot);
    this.#isInside[slot] = false;
    this.#hiddenSlots.delete(slot);
    this.#identities[slot] = undefined;
  }

  comm(slot: number): Uint8Array {
    if (this.#hiddenSlots.has(slot)) return this.#inner.comm(slot);
    return this.#comm.slice(0, this.#counters.comm(slot, this.#comm));
  }

  sweepCounters(slots: Uint32Array, count: number, out: TierColumns, statEvery = 1, phase = 0): number {
    if (this.renamed.length < count) this.renamed = new Uint32Array(count * 2);
    const { values, status } = out;
    const renames = this.#counters.sweepCounters(
      slots,
      count,
      values,
      status,
      this.renamed,
      this.times,
      statEvery,
      phase,
    );
    if (this.#hiddenSlots.size > 0) this.#sweepHidden(slots, count, out);
    return renames;
  }

  isThere(slot: number): boolean {
    if (this.#isInside[slot]) return this.#inner.isThere(slot);
    const identity = this.#identities[slot];
    if (!identity) return false;
    // Looked at and let go again: descriptors are kept only of those that are read deeply.
    const attached = this.#inner.attach(slot, identity.pid);
    if (attached.status !== 'ok') return false;
    this.#inner.detach(slot);
    return attached.identity.startTicks === identity.startTicks;
  }

  sweepRollup(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint): number {
    this.#takeIn(slots, count);
    const done = this.#inner.sweepRollup(slots, count, out, stopNs);
    this.#tellRefused(slots, done, out.status);
    this.times.set(this.#inner.times);
    return done;
  }

  sweepPaced(slots: Uint32Array, count: number, out: TierColumns, stopNs: bigint, maxHoldNs: number): number {
    this.#takeIn(slots, count);
    const done = this.#inner.sweepPaced(slots, count, out, stopNs, maxHoldNs);
    this.#tellRefused(slots, done, out.status);
    this.times.set(this.#inner.times);
    return done;
  }

  sweepMappings(slots: Uint32Array, count: number, out: MappingSweep, stopNs: bigint, maxHoldNs = 0): number {
    this.#takeIn(slots, count);
    const done = this.#inner.sweepMappings(slots, count, out, stopNs, maxHoldNs);
    this.#tellRefused(slots, done, out.status);
    this.times.set(this.#inner.times);
    return done;
  }

  listPids(): Int32Array {
    // Looked for before, since that is a listing as well.
    const { size } = this.#hidden;
    for (;;) {
      const found = this.#counters.listPids(this.#pids);
      if (found < 0) throw listingError(found);
      if (found + size <= this.#pids.length) return this.#withHidden(found);
      this.#pids = new Int32Array((found + size) * 2);
    }
  }

  narrow({ kind, uid = 0, cgroupId = 0n, pidNamespace = 0, pids = [] }: KernelSelection): (pid: number) => boolean {
    // Looked for among all.
    const hidden = this.#hidden;
    this.#counters.narrow(SelectionKind[kind], uid, cgroupId, pidNamespace, kind === 'tree' ? (pids[0] ?? 0) : 0);
    // The hidden are listed whatever they are.
    return (pid) => !hidden.has(pid);
  }

  lastPid(): number {
    return this.#inner.lastPid();
  }

  kept(): number {
    return this.#inner.kept();
  }

  readerCpuNs(): number {
    return this.#inner.readerCpuNs();
  }

  stuckReaders(): number {
    return this.#inner.stuckReaders();
  }

  close(): void {
    this.lives.close();
    this.#counters.close();
    this.#inner.close();
  }

  /** Closes it but for the loaded programs, which an engine of another thread of this process takes by this key. */
  park(): number {
    const key = this.#counters.park();
    this.close();
    return key;
  }

  #look(slot: number, pid: number): Attached {
    const status = this.#counters.attach(slot, pid, this.#numbers, this.#comm);
    if (status !== Status.ok) return { status: STATUSES[status] as Exclude<Attached['status'], 'ok'> };
    const [startTicks, parentPid, flags, commLength] = this.#numbers as unknown as [number, number, number, number];
    const kernelThread = (flags & PF_KTHREAD) !== 0;
    const name = (kernelThread ? this.#longName(pid) : undefined) ?? this.#comm.subarray(0, commLength);
    const comm = internedBytes(name);
    return { status: 'ok', identity: { pid, startTicks, parentPid, kernelThread, comm } };
  }

  /** Without a program that looks at one process, its identity comes from procfs. */
  #bind(slot: number, pid: number): Attached {
    const attached = this.#inner.attach(slot, pid);
    if (attached.status !== 'ok') return attached;
    const { startTicks, comm } = attached.identity;
    const status = this.#counters.bind(slot, pid, startTicks, comm);
    if (status === Status.ok) {
      this.#isInside[slot] = true;
      return attached;
    }
    this.#inner.detach(slot);
    return { status: STATUSES[status] as Exclude<Attached['status'], 'ok'> };
  }

  /** Looked for when first asked: who tries whether the kernel takes the program lists nobody. */
  get #hidden(): Set<number> {
    this.#hiddenPids ??= this.#findHidden();
    return this.#hiddenPids;
  }

  #findHidden(): Set<number> {
    const before = this.#inner.listPids();
    const shown = new Set(this.#listShown());
    return new Set(before.filter((pid) => !shown.has(pid) && existsSync(`${this.#root}/${pid}`)));
  }

  #listShown(): Int32Array {
    const found = this.#counters.listPids(this.#pids);
    if (found > this.#pids.length) {
      this.#pids = new Int32Array(found * 2);
      return this.#listShown();
    }
    return this.#pids.subarray(0, Math.max(0, found));
  }

  #withHidden(found: number): Int32Array {
    let count = found;
    for (const pid of this.#hidden) this.#pids[count++] = pid;
    return this.#pids.subarray(0, count);
  }

  #attachHidden(slot: number, pid: number): Attached {
    const attached = this.#inner.attach(slot, pid);
    if (attached.status === 'ok') {
      this.#isInside[slot] = true;
      this.#hiddenSlots.add(slot);
    } else if (attached.status === 'gone') this.#hidden.delete(pid);
    return attached;
  }

  #sweepHidden(slots: Uint32Array, count: number, out: TierColumns): void {
    for (const slot of this.#hiddenSlots) {
      // Its renames are not told: who is hidden does not change its name.
      if (slots.subarray(0, count).includes(slot)) this.#inner.sweepCounters(Uint32Array.of(slot), 1, out);
    }
  }

  /** The kernel keeps fifteen bytes; procfs adds what a worker works on. */
  #longName(pid: number): Uint8Array | undefined {
    try {
      return readFileSync(`${this.#root}/${pid}/comm`).subarray(0, -1).subarray(0, MAX_COMM);
    } catch {
      return undefined;
    }
  }

  /** Lets the inner engine know the slots of a deep read, if they are still the same processes. */
  #takeIn(slots: Uint32Array, count: number): void {
    this.#refused.clear();
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const identity = this.#identities[slot];
      if (this.#isInside[slot] || !identity) continue;
      const attached = this.#inner.attach(slot, identity.pid);
      if (attached.status !== 'ok') {
        this.#refused.set(slot, STATUSES.indexOf(attached.status));
        continue;
      }
      if (attached.identity.startTicks === identity.startTicks) this.#isInside[slot] = true;
      else this.#inner.detach(slot);
    }
  }

  /** The inner engine takes a slot that it does not know for that of a process that has gone; who could not be looked at may live. */
  #tellRefused(slots: Uint32Array, done: number, status: Uint8Array): void {
    if (this.#refused.size === 0) return;
    for (let index = 0; index < done; index++) {
      const refused = this.#refused.get(slots[index]!);
      if (refused !== undefined) status[slots[index]!] = refused;
    }
  }
}

class KernelPeaks implements PeakWatch {
  isOn = false;

  constructor(private readonly counters: KernelCounters) {}

  turn(isOn: boolean): string | undefined {
    const error = this.counters.watchPeaks(isOn);
    if (error < 0) return getSystemErrorName(error);
    this.isOn = isOn;
    return undefined;
  }

  events(): number {
    return this.counters.peakEvents();
  }
}
