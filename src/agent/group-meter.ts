/**
 * Adds up the frames of a recording by group, as they are written: nothing is made per process and tick.
 *
 * The traps: slots are reused, so all that is known of a slot goes when its process changes; a counter of a group never goes
 * back when a member leaves, so what is added are differences; and between two sweeps a process may have needed more than at
 * both, which only the kernel's high-water mark tells, and only where it exceeds the process's own earlier peak.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, Status } from '../schema.js';
import type { GroupBy } from './group-by.js';
import { GroupTable, OTHER } from './group-table.js';
import { NameReader } from './process-names.js';
import { WindowMost } from './window-most.js';

const placeOf = (name: MetricName) => COUNTER_COLUMNS.indexOf(name);
const [RSS, HWM, RSS_HIGH, FAULTS] = [placeOf('rss'), placeOf('hwm'), placeOf('rssHigh'), placeOf('minorFaults')];
const CGROUP_ID = placeOf('cgroupId');
const rollupPlaceOf = (name: MetricName) => ROLLUP_COLUMNS.indexOf(name);
const [DURATION, PSS, USS] = [rollupPlaceOf('rollupDuration'), rollupPlaceOf('pss'), rollupPlaceOf('uss')];
/** No process, or one that has no memory of its own. */
const NOBODY = -1;
/** A mark that was not read yet. */
const UNKNOWN = -1;
/** After this a process may have been moved to the group that it stays in. */
const SETTLED_NS = 2e9;
/** Processes whose group is asked again at each look, in turn, and so many more that each has its turn in a round. */
const ASKED_AGAIN = 8;
const ROUND_NS = 600e9;
/** Most of the time for reading marks, and for names of processes that were there before, at each look. */
const MARKS_MS = 3;
const NONE: Float64Array = new Float64Array(0);
const HWM_FIELD = 'VmHWM:';

/** What is added up of counters, in the order of the columns of `counters`. */
export const GROUP_COUNTERS = ['minorFaults', 'majorFaults', 'userTime', 'systemTime'] as const;
const COUNTED = GROUP_COUNTERS.map(placeOf);

/** By slot: at the last deep read of its process, bytes; NaN where it was not read. */
export interface ReadBasis {
  rss: Float64Array;
  pss: Float64Array;
  uss: Float64Array;
  /** How long the read took, by which a new one is told from the one before. */
  mark: Float64Array;
  atNs: Float64Array;
}

export class GroupMeter {
  readonly table = new GroupTable();
  /** By slot: the place of its group, or -1. */
  groups = new Int32Array(0);
  readonly basis: ReadBasis = { rss: NONE, pss: NONE, uss: NONE, mark: NONE, atNs: NONE };
  /** By counter and place: what was counted since the group was first seen; of `OTHER` while groups were folded. */
  readonly counters: Float64Array[];
  /** Frames that were overwritten before they could be added up. */
  lost = 0;
  readonly #names: NameReader;
  readonly #identities: (ProcessIdentity | undefined)[] = [];
  /** By slot: the most that the kernel told of its process so far, and the faults when it was asked. */
  #marks = NONE;
  #markedFaults = NONE;
  #metNs = NONE;
  #askedNs = NONE;
  /** By counter and slot: the last value. */
  readonly #last: Float64Array[];
  /** Of the frame, by slot; empty where the engine does not tell them. */
  #cgroupIds = NONE;
  #isFirstFrame = true;
  #frameNs = 0;
  /** The longest time from the begin of one sweep to the end of the next, lately. */
  readonly #distances = new WindowMost();
  #askCursor = 0;
  #askedAtNs = Number.NaN;
  #markCursor = 0;

  /** `isCounting`: whether counters are added up as well. */
  constructor(
    root: string,
    private readonly by: GroupBy,
    private readonly isCounting: boolean,
  ) {
    this.#names = new NameReader(root, by);
    this.counters = GROUP_COUNTERS.map(() => new Float64Array(this.table.members.length));
    this.#last = GROUP_COUNTERS.map(() => new Float64Array(0));
    this.table.onNew = (place) => this.#makeCounters(place);
  }

  identity(slot: number): ProcessIdentity | undefined {
    return this.#identities[slot];
  }

  /** Takes in all frames that the walk has come to, and leaves it on the newest. Returns whether there was one. */
  follow(walk: FrameWalk): boolean {
    let moved = false;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step === 'gap') this.lost += walk.lost;
      else this.#absorb(walk);
      moved = true;
    }
    if (moved && walk.isOnFrame) this.#look(walk);
    return moved;
  }

  /** Nanoseconds that something must last to be in a sweep for certain, by the sweeps of the last minutes; NaN when there are too few. */
  get longestDistanceNs(): number {
    return this.#distances.most;
  }

  /** The text of the control groups of a process, read anew. */
  cgroupsOf(slot: number): string {
    const identity = this.#identities[slot];
    return identity ? this.#names.cgroupsOf(identity.pid) : '';
  }

  #absorb(walk: FrameWalk): void {
    const { table, groups } = this;
    const { slots, count } = walk.rows;
    if (!this.#isFirstFrame) this.#distances.put(Number(walk.endNs) - this.#frameNs, walk.startNs);
    this.#frameNs = Number(walk.startNs);
    const rss = walk.counterColumn(RSS);
    if (rss.length > groups.length) this.#grow(rss.length);
    this.#cgroupIds = walk.hasCounter(CGROUP_ID) ? walk.counterColumn(CGROUP_ID) : NONE;
    table.begin(walk.startNs);
    const hasPeaks = walk.hasCounter(HWM);
    const hwm = hasPeaks ? walk.counterColumn(HWM) : rss;
    const highest = hasPeaks ? walk.counterColumn(RSS_HIGH) : rss;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const identity = walk.identity(slot);
      if (identity !== this.#identities[slot]) this.#meet(slot, identity);
      if (walk.status(slot) === Status.gone) {
        this.#leave(slot);
        continue;
      }
      const place = this.groups[slot]!;
      if (place === NOBODY) continue;
      const bytes = rss[slot]!;
      if (Number.isNaN(bytes)) continue;
      table.rss[place]! += bytes;
      if (!hasPeaks) continue;
      let high = bytes;
      // Absent while nothing watches between ticks.
      if (highest[slot]! > high) high = highest[slot]!;
      if (this.#isNewMark(slot, hwm[slot]!) && hwm[slot]! > high) high = hwm[slot]!;
      table.risen[place]! += high - bytes;
    }
    if (this.isCounting) this.#count(walk);
    table.end();
    this.#isFirstFrame = false;
  }

  #count(walk: FrameWalk): void {
    const { shown } = this.table;
    const { slots, count } = walk.rows;
    for (let counter = 0; counter < COUNTED.length; counter++) {
      const values = walk.counterColumn(COUNTED[counter]!);
      const [last, sums] = [this.#last[counter]!, this.counters[counter]!];
      for (let index = 0; index < count; index++) {
        const slot = slots[index]!;
        const place = this.groups[slot] ?? NOBODY;
        const value = values[slot]!;
        if (place === NOBODY || Number.isNaN(value)) continue;
        const before = last[slot]!;
        last[slot] = value;
        // NaN: the first that is known of a process that was there before us.
        if (!(value > before)) continue;
        sums[place]! += value - before;
        if (place !== OTHER && shown[place] === 0) sums[OTHER]! += value - before;
      }
    }
  }

  /** What is done once in a while, on the newest frame: marks, deep reads, processes that have moved. */
  #look(walk: FrameWalk): void {
    const { slots, count } = walk.rows;
    const { basis } = this;
    const rss = walk.counterColumn(RSS);
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      if (this.groups[slot] === NOBODY) continue;
      const mark = walk.rollup(DURATION, slot);
      if (Number.isNaN(mark) || mark === basis.mark[slot]) continue;
      basis.mark[slot] = mark;
      basis.rss[slot] = rss[slot]!;
      basis.pss[slot] = walk.rollup(PSS, slot);
      basis.uss[slot] = walk.rollup(USS, slot);
      basis.atNs[slot] = this.#frameNs;
    }
    this.#dropAbsent(slots, count);
    const endMs = performance.now() + MARKS_MS;
    this.#nameAgain(slots, count, endMs);
    if (!walk.hasCounter(HWM)) this.#readMarks(walk, endMs);
    this.table.expire();
  }

  /** Whoever is in no frame any more has gone, also when the frame that said so was lost. */
  #dropAbsent(slots: Uint32Array, count: number): void {
    let row = 0;
    for (let slot = 0; slot < this.groups.length; slot++) {
      while (row < count && slots[row]! < slot) row++;
      if (slots[row] !== slot || row >= count) this.#forget(slot);
    }
  }

  /** Of the processes that have faulted since: nothing else lets one have more than it ever had. */
  #readMarks(walk: FrameWalk, endMs: number): void {
    const { slots, count } = walk.rows;
    const rss = walk.counterColumn(RSS);
    const faults = walk.counterColumn(FAULTS);
    for (let step = 0; step < count; step++) {
      const at = (this.#markCursor + step) % count;
      const slot = slots[at]!;
      const place = this.groups[slot]!;
      if (place === NOBODY || Number.isNaN(faults[slot]!) || faults[slot] === this.#markedFaults[slot]) continue;
      this.#markedFaults[slot] = faults[slot]!;
      const mark = this.#markOf(this.#identities[slot]!.pid);
      if (this.#isNewMark(slot, mark) && mark > rss[slot]!) this.table.reached(place, mark - rss[slot]!);
      if (performance.now() < endMs) continue;
      this.#markCursor = (at + 1) % count;
      return;
    }
  }

  /** Whether the process came to this since it was last asked; a lower mark than before is that of another program. */
  #isNewMark(slot: number, mark: number): boolean {
    const before = this.#marks[slot]!;
    if (Number.isNaN(mark) || mark === before) return false;
    this.#marks[slot] = mark;
    // The first mark of a process that was there before us is of a time that nobody asked for.
    return before !== UNKNOWN;
  }

  #markOf(pid: number): number {
    const text = this.#names.text(pid, 'status');
    const at = text.indexOf(HWM_FIELD);
    return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + HWM_FIELD.length), 10) * 1024;
  }

  #nameAgain(slots: Uint32Array, count: number, endMs: number): void {
    if (!this.by.needs.cgroups && !this.by.needs.exe) return;
    const passedNs = Math.min(ROUND_NS, this.#frameNs - this.#askedAtNs) || 0;
    const most = Math.max(ASKED_AGAIN, Math.ceil((count * passedNs) / ROUND_NS));
    this.#askedAtNs = this.#frameNs;
    let asked = 0;
    for (let step = 0; step < count; step++) {
      const at = (this.#askCursor + step) % count;
      const slot = slots[at]!;
      if (this.groups[slot] === NOBODY) continue;
      const isSettled = this.#askedNs[slot]! - this.#metNs[slot]! >= SETTLED_NS;
      if (isSettled && (asked >= most || step > most)) continue;
      if (!isSettled && this.#frameNs - this.#metNs[slot]! < SETTLED_NS) continue;
      asked++;
      this.#askedNs[slot] = this.#frameNs;
      this.#join(slot, this.#identities[slot]!);
      if (performance.now() >= endMs) break;
    }
    this.#askCursor = (this.#askCursor + most) % Math.max(1, count);
  }

  /** A process, another one, or another name of the same in a slot; or the same read again at the begin of a block. */
  #meet(slot: number, identity: ProcessIdentity | undefined): void {
    const before = this.#identities[slot];
    this.#identities[slot] = identity;
    const isSame = before && identity && before.pid === identity.pid && before.startTicks === identity.startTicks;
    if (isSame && Buffer.compare(before.comm, identity.comm) === 0) return;
    if (!isSame) this.#leave(slot);
    if (!identity || identity.kernelThread) return;
    this.#askedNs[slot] = this.#frameNs;
    // Whoever was there before us has been moved by now.
    this.#metNs[slot] = this.#isFirstFrame ? Number.NEGATIVE_INFINITY : this.#frameNs;
    if (!isSame) {
      // Of a process that has come while we looked all counts; of the others what they had before does not.
      const unknown = this.#isFirstFrame ? Number.NaN : 0;
      for (const last of this.#last) last[slot] = unknown;
      for (const values of Object.values(this.basis)) values[slot] = Number.NaN;
      this.#markedFaults[slot] = Number.NaN;
      this.#marks[slot] = this.#isFirstFrame ? UNKNOWN : 0;
    }
    this.#join(slot, identity);
  }

  #join(slot: number, identity: ProcessIdentity): void {
    const before = this.groups[slot]!;
    const names = this.#names.read(identity, this.#cgroupIds[slot] ?? Number.NaN);
    // Who has ended by now stays where it was.
    if (before !== NOBODY && this.by.needs.cgroups && names.cgroups === '') return;
    const place = this.table.placeOf(this.by.nameOf(names));
    if (place === before) return;
    if (before !== NOBODY) this.table.members[before]!--;
    this.table.members[place]!++;
    this.groups[slot] = place;
  }

  #forget(slot: number): void {
    if (this.#identities[slot] === undefined) return;
    this.#leave(slot);
    this.#identities[slot] = undefined;
  }

  #leave(slot: number): void {
    const place = this.groups[slot]!;
    if (place === NOBODY) return;
    this.table.members[place]!--;
    this.groups[slot] = NOBODY;
  }

  #makeCounters(place: number): void {
    for (let counter = 0; counter < this.counters.length; counter++) {
      const values = this.counters[counter]!;
      if (place < values.length) values[place] = 0;
      else this.counters[counter] = larger(values, this.table.members.length);
    }
  }

  #grow(slots: number): void {
    const before = this.groups.length;
    const groups = new Int32Array(slots).fill(NOBODY);
    groups.set(this.groups);
    this.groups = groups;
    for (const key of Object.keys(this.basis) as (keyof ReadBasis)[]) {
      this.basis[key] = larger(this.basis[key], slots).fill(Number.NaN, before);
    }
    this.#marks = larger(this.#marks, slots);
    this.#markedFaults = larger(this.#markedFaults, slots);
    this.#metNs = larger(this.#metNs, slots);
    this.#askedNs = larger(this.#askedNs, slots);
    this.#last.forEach((values, counter) => {
      this.#last[counter] = larger(values, slots);
    });
  }
}

function larger(values: Float64Array, size: number): Float64Array {
  const out = new Float64Array(Math.max(size, values.length));
  out.set(values);
  return out;
}
