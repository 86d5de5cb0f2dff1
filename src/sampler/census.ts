/**
 * Arrivals and departures: keeps the process table in step with the procfs tree.
 *
 * The traps: listing all pids costs far more than a sweep of one, so it is done only when the last pid given out has
 * changed, when a departure may hide the reuse of its pid, and now and then for what neither shows; a process that is not
 * wanted now may be after its next exec, so young ones are looked at again. On a busy host all that is too slow for a tree that
 * lives for a second: there the pids that were given out since the last look are tried one by one.
 */
import type { Engine } from '../engine/engine.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { ProcessTable } from './process-table.js';
import type { Selector } from './target.js';
import { isThreadGroup } from './thread-group.js';

/** Without a sign that somebody came all are listed after so long; */
const FULL_LOOK_EVERY_NS = 1_000_000_000n;
/** after so long where everybody is taken in, and the kernel itself tells of who comes: the last pid is that of one namespace. */
const TOLD_LOOK_EVERY_NS = 10_000_000_000n;
/** A listing is not repeated before this many times its own duration has passed. */
const REST_RATIO = 10n;
/** An unwanted process is looked at again at each listing while it is so young, then at this interval. */
const YOUNG_NS = 2_000_000_000n;
const RECHECK_NS = 5_000_000_000n;
/** Not all of them at once: thousands of looks would not fit into a tick. */
const SPREAD_MS = 1000;

/** Pids that are tried one by one; when more were given out, all are listed. */
const MOST_TRIED = 256;

interface Unwanted {
  readonly parentPid: number;
  readonly firstSeenNs: bigint;
  checkedNs: bigint;
  seenIn: number;
  /** Why it is not recorded although it may belong to the target. */
  reason: string | undefined;
}

export class Census {
  /** Most processes that were live at once, and all that were ever seen. */
  mostLive = 0;
  seen = 0;
  readonly #unwanted = new Map<number, Unwanted>();
  /** Processes that could not be taken in, and the rows lost with them that are not stored yet; by reason. */
  readonly #failing = new Map<string, number>();
  readonly #owed = new Map<string, number>();
  #last = -2;
  #listedNs = 0n;
  #costNs = 0n;
  #isDue = true;
  /** The last pid that was given out when new ones were tried; -1: try none. */
  #triedPid = -1;
  #listing = 0;

  constructor(
    private readonly engine: Engine,
    private readonly table: ProcessTable,
    private readonly selector: Selector,
    private readonly writer: RecordingWriter,
    private readonly isOpenEnded: boolean,
    private readonly arrived: (slot: number) => void,
    /** Changes when there may be somebody new. */
    private readonly lastBegun: () => number = () => engine.lastPid(),
    /** Tries new pids in the tree with this root; `lastBegun` is then the last pid that was given out. */
    private readonly triesNew?: { readonly root: string; readonly pidMax: number },
    /** Whether `lastBegun` changes with everybody who begins. */
    private readonly isTold: () => boolean = () => false,
  ) {}

  /** Looks for new processes if there can be any. `nowNs` is monotonic. */
  look(nowNs: bigint): void {
    if (this.#listing > 0) {
      if (!this.isOpenEnded) return;
      const last = this.lastBegun();
      if (this.triesNew && this.#tryNew(last, nowNs)) {
        this.table.refresh();
        this.mostLive = Math.max(this.mostLive, this.table.count);
        this.#isDue = false;
        this.#last = last;
      }
      if (last !== this.#last) {
        this.#last = last;
        this.#isDue = true;
      }
      const rested = nowNs - this.#listedNs;
      const every = this.#unwanted.size === 0 && this.isTold() ? TOLD_LOOK_EVERY_NS : FULL_LOOK_EVERY_NS;
      if (rested < this.#costNs * REST_RATIO || (!this.#isDue && rested < every)) return;
    } else {
      this.#last = this.#triedPid = this.lastBegun();
    }
    this.#isDue = false;
    this.#listedNs = nowNs;
    this.#list(nowNs);
    // The first one looks at everybody; where new pids are tried, that must not delay the next.
    this.#costNs = this.triesNew && this.#listing === 1 ? 0n : process.hrtime.bigint() - nowNs;
    this.table.refresh();
    this.mostLive = Math.max(this.mostLive, this.table.count);
  }

  /** Takes in who got one of the pids since the last look; false where those are too many, or cannot be told. */
  #tryNew(lastPid: number, nowNs: bigint): boolean {
    const { root, pidMax } = this.triesNew!;
    const from = this.#triedPid;
    this.#triedPid = lastPid;
    if (from < 0 || lastPid < 0) return false;
    const count = (lastPid - from + pidMax) % pidMax;
    if (count > MOST_TRIED) return false;
    for (let step = 1; step <= count; step++) {
      const pid = (from + step) % pidMax;
      if (this.table.has(pid) || !this.selector.mayAccept(pid) || !isThreadGroup(root, pid)) continue;
      this.#unwanted.delete(pid);
      this.#consider(pid, nowNs, undefined);
    }
    return true;
  }

  /** A sweep found that the process of this slot has gone. */
  depart(slot: number, nowNs: bigint): void {
    this.engine.detach(slot);
    const identity = this.table.release(slot);
    this.selector.departed(identity);
    this.writer.depart(nowNs, slot, identity);
    // Its pid may have been given to another already, and the last pid given out is known.
    this.#isDue = true;
  }

  /** All pids; undefined when they cannot be listed now, which is counted, and tried again at the next tick. */
  #listed(): Int32Array | undefined {
    try {
      return this.engine.listPids();
    } catch (error) {
      // Without the first one nobody is known at all, and a tree that is not there any more does not come back.
      if (this.#listing === 0 || isGone(error)) throw error;
      this.#isDue = true;
      this.#owed.set('not-listed', (this.#owed.get('not-listed') ?? 0) + 1);
      return undefined;
    }
  }

  #list(nowNs: bigint): void {
    const pids = this.#listed();
    if (pids === undefined) return;
    this.#listing++;
    let added = false;
    for (const pid of pids) {
      if (this.table.has(pid) || !this.selector.mayAccept(pid)) continue;
      const known = this.#unwanted.get(pid);
      if (known) {
        known.seenIn = this.#listing;
        const isYoung = nowNs - known.firstSeenNs < YOUNG_NS;
        if (!isYoung && nowNs - known.checkedNs < RECHECK_NS + BigInt(pid % SPREAD_MS) * 1_000_000n) continue;
        known.checkedNs = nowNs;
      }
      if (this.#consider(pid, nowNs, known)) added = true;
    }
    // A parent with a larger pid than its child comes later in the list: go on until nobody has a wanted parent.
    while (added) {
      added = false;
      for (const [pid, entry] of this.#unwanted) {
        if (entry.seenIn !== this.#listing) this.#unwanted.delete(pid);
        else if (this.table.has(entry.parentPid) && this.#consider(pid, nowNs, entry)) added = true;
      }
    }
    this.#failing.clear();
    for (const [pid, entry] of this.#unwanted) {
      if (entry.seenIn !== this.#listing) this.#unwanted.delete(pid);
      else if (entry.reason !== undefined) {
        this.#failing.set(entry.reason, (this.#failing.get(entry.reason) ?? 0) + 1);
      }
    }
  }

  /** By reason, the processes that the last listing could not take in. */
  get failing(): ReadonlyMap<string, number> {
    return this.#failing;
  }

  /** A tick was swept: those that could not be taken in are a row less each. */
  swept(): void {
    for (const [reason, processes] of this.#failing) {
      this.#owed.set(reason, (this.#owed.get(reason) ?? 0) + processes);
    }
  }

  /** Stores how many rows were lost since the last time because their processes could not be taken in. */
  settle(timeNs: bigint): void {
    for (const [reason, rows] of this.#owed) this.writer.dropped(timeNs, 'counters', reason, rows);
    this.#owed.clear();
  }

  /** Takes the process with this pid in, if it is wanted. */
  #consider(pid: number, nowNs: bigint, known: Unwanted | undefined): boolean {
    const slot = this.table.nextSlot();
    const attached = slot < 0 ? undefined : this.engine.attach(slot, pid);
    const accepted = attached?.status === 'ok' && this.selector.accepts(attached.identity);
    if (attached?.status === 'ok' && accepted === true) {
      this.#unwanted.delete(pid);
      this.table.bind(slot, attached.identity);
      this.writer.arrive(nowNs, slot, attached.identity);
      this.arrived(slot);
      this.seen++;
      return true;
    }
    if (attached?.status === 'ok') this.engine.detach(slot);
    if (attached?.status === 'gone') return false;
    const status = accepted === 'unread' ? accepted : attached ? attached.status : 'no-slot';
    const reason = status === 'ok' ? undefined : status;
    if (known) known.reason = reason;
    else {
      // Once, and at the next listing that may be.
      if (accepted === 'unread') this.#isDue = true;
      const parentPid = attached?.status === 'ok' ? attached.identity.parentPid : 0;
      this.#unwanted.set(pid, { parentPid, firstSeenNs: nowNs, checkedNs: nowNs, seenIn: this.#listing, reason });
    }
    return false;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
