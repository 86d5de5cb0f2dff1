/**
 * The cgroup tier while recording: finds groups, reads those whose turn it is, and stores the sweep.
 *
 * The traps: a group that is removed while it is read and one that is renamed look the same until its folder is looked for; its row is
 * stored with `gone` once before it is another's; there may be more groups than rows; and none of this may hold up a tick.
 */
import { threadCpuNs } from '../engine/clocks.js';
import type { TextEngineName } from '../engine/engine.js';
import { findGroupHierarchy } from '../engine/group-hierarchy.js';
import type { GroupIdentity } from '../engine/group-identity.js';
import { GroupSweep } from '../engine/group-sweep.js';
import { type Group, GroupTree } from '../engine/group-tree.js';
import { nativeBinding } from '../engine/native-binding.js';
import { descriptorRoom } from '../engine/open-engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { type MemoryHierarchy, workingSetOf } from '../procfs/memory-group.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { SlotList } from '../ring/moved-cells.js';
import { CGROUP_COLUMNS, type CgroupMetricName, Status } from '../schema.js';
import { HOST_PART } from './budget.js';
import type { SamplerConfig } from './config.js';
import { GroupPace } from './group-pace.js';

/** Where sweeps go; see `GroupTierWriter`. */
export interface GroupRows {
  /** A row for a group, or below 0 where there is no room. */
  arrive(identity: GroupIdentity): number;
  rename(row: number, identity: GroupIdentity): void;
  depart(row: number): void;
  sweep(startNs: bigint, endNs: bigint, columns: TierColumns, moved: SlotList): boolean;
}

export interface CgroupTierOptions {
  readonly hierarchy: MemoryHierarchy;
  readonly procfs: string;
  readonly engine: TextEngineName;
  readonly maxKept: number;
  /** Nanoseconds between two sweeps, at least. */
  readonly periodNs: number;
  /** Of a core, that reading groups may take. */
  readonly share: number;
  /** Every sweep reads the charge of every group. */
  readonly readsAll: boolean;
}

const MOST_HZ = 10;
const MOST_KEPT = 4096;

/** Looking for groups: how often, since the first look in a while takes as long as the next four, and for how long. */
const LOOK_EVERY_NS = 450e6;
const LOOK_NS = 200e3;
/** For each that was lost, and before the first tick. */
const LOST_LOOK_NS = 50e3;
const FIRST_LOOK_NS = 200e6;
const FIRST_ROWS = 56;

const [CURRENT, INACTIVE_FILE, MAX, HIGH, DEPTH] = (
  ['cgroupCurrent', 'cgroupInactiveFile', 'cgroupMax', 'cgroupHigh', 'cgroupDepth'] satisfies CgroupMetricName[]
).map((name) => CGROUP_COLUMNS.indexOf(name)) as [number, number, number, number, number];

export class CgroupTier {
  readonly #rows: GroupRows;
  readonly #hierarchy: MemoryHierarchy;
  readonly #tree: GroupTree;
  readonly #sweep: GroupSweep;
  readonly #pace: GroupPace;
  readonly #groupOf: (Group | undefined)[] = [];
  readonly #rowOf = new Map<Group, number>();
  /** Found, and without a row. */
  readonly #waiting = new Set<Group>();
  readonly #departed: number[] = [];
  #columns = new TierColumns(CGROUP_COLUMNS, FIRST_ROWS);
  #live = new Uint32Array(FIRST_ROWS);
  /** Rows with values that no sweep has told of. */
  readonly #moved: SlotList = { slots: new Uint32Array(FIRST_ROWS), count: 0 };
  #count = 0;
  #isStale = false;
  #hasRoom = true;
  readonly #periodNs: number;
  #dueNs = Number.NEGATIVE_INFINITY;
  #lookAtNs = Number.NEGATIVE_INFINITY;
  /** CPU time that the pace has not been told of. */
  #besideNs = 0;

  /** Undefined where nobody asked for it, the recording has no ring for it, or no groups can be read. */
  static open(
    { cgroupTier, root, engine, budget }: SamplerConfig,
    { groups }: RecordingWriter,
  ): CgroupTier | undefined {
    const hierarchy = cgroupTier === 'off' || groups === undefined ? undefined : findGroupHierarchy(root);
    if (groups === undefined || hierarchy === undefined) return undefined;
    const isAuto = typeof cgroupTier !== 'number';
    return new CgroupTier(groups, {
      ...{ hierarchy, procfs: root, readsAll: !isAuto },
      engine: engine !== 'ts' && nativeBinding().state === 'loaded' ? 'native' : 'ts',
      maxKept: Math.min(MOST_KEPT, Math.floor(descriptorRoom() / 2)),
      periodNs: 1e9 / (isAuto ? MOST_HZ : cgroupTier),
      share: isAuto ? budget * HOST_PART : 1,
    });
  }

  constructor(rows: GroupRows, { hierarchy, procfs, engine, maxKept, periodNs, share, readsAll }: CgroupTierOptions) {
    this.#rows = rows;
    this.#hierarchy = hierarchy;
    this.#sweep = new GroupSweep(hierarchy.version, engine, maxKept);
    this.#pace = new GroupPace(periodNs, share, readsAll);
    this.#periodNs = periodNs;
    this.#tree = new GroupTree(hierarchy, procfs, {
      arrived: (group) => this.#arrived(group),
      departed: (group) => this.#left(group),
      renamed: (group) => this.#renamed(group),
    });
  }

  /** Groups that have a row. */
  get count(): number {
    return this.#rowOf.size;
  }

  /** Finds what is there; what takes longer than that is found at the ticks. */
  begin(nowNs: bigint): void {
    this.#tree.look(Number(nowNs), FIRST_LOOK_NS);
  }

  /** Somebody was killed for want of memory. */
  alarm(nowNs: bigint): void {
    this.#pace.alarm(Number(nowNs));
  }

  /** Makes a sweep if one is due at this tick or before the middle of the next. */
  tick(nowNs: bigint, tickPeriodNs: number): void {
    const now = Number(nowNs);
    if (now + tickPeriodNs / 2 < this.#dueNs) return;
    // On the beat that was begun, but for one that was missed.
    this.#dueNs = this.#dueNs + this.#periodNs > now ? this.#dueNs + this.#periodNs : now + this.#periodNs;
    this.#sweepDue(nowNs);
  }

  /** The last sweep: how the groups were at the end. */
  close(nowNs: bigint): void {
    this.alarm(nowNs);
    this.#sweepDue(nowNs);
    this.#sweep.close();
    this.#tree.close();
  }

  /** Looks for groups, reads those that are due, and stores what was read. */
  #sweepDue(startNs: bigint): void {
    const now = Number(startNs);
    if (now - this.#lookAtNs >= LOOK_EVERY_NS) {
      this.#lookAtNs = now;
      const beganNs = threadCpuNs();
      this.#tree.look(now, LOOK_NS);
      this.#placeWaiting();
      this.#besideNs += threadCpuNs() - beganNs;
    }
    if (this.#departed.length === 0 && !this.#pace.isTimeFor(now)) return;
    const beganNs = threadCpuNs();
    this.#refresh();
    const { status } = this.#columns;
    status.fill(Status.notDue);
    const chosen = this.#pace.plan(now, this.#live, this.#count);
    if (chosen > 0) this.#read(chosen, now);
    for (const row of this.#departed) status[row] = Status.gone;
    if (chosen > 0 || this.#departed.length > 0) {
      const isStored = this.#rows.sweep(startNs, process.hrtime.bigint(), this.#columns, this.#moved);
      if (isStored) this.#moved.count = 0;
    }
    this.#release();
    // To choose and to store takes about as long as to read.
    this.#pace.spent(threadCpuNs() - beganNs, this.#besideNs);
    this.#besideNs = 0;
  }

  #read(chosen: number, now: number): void {
    this.#sweep.read(this.#pace.slots, this.#pace.depths, chosen, now, this.#columns);
    for (let index = 0; index < chosen; index++) this.#markMoved(this.#pace.slots[index]!);
    this.#lookAtRead(chosen, now);
  }

  #lookAtRead(chosen: number, now: number): void {
    const { slots, depths } = this.#pace;
    const { status } = this.#columns;
    let lost = 0;
    for (let index = 0; index < chosen; index++) {
      const row = slots[index]!;
      if (status[row] === Status.gone) {
        this.#tree.lost(this.#groupOf[row]!);
        lost++;
      } else this.#note(row, depths[index]!, now);
    }
    for (const row of this.#sweep.suspects) this.#tree.lost(this.#groupOf[row]!);
    if (lost === 0) return;
    this.#tree.look(now, LOST_LOOK_NS * lost);
    for (let index = 0; index < chosen; index++) {
      const row = slots[index]!;
      // It has another name, or nobody has had the time to look: nothing was read, and it is not known to be gone.
      if (status[row] === Status.gone && !this.#departed.includes(row)) status[row] = Status.notDue;
    }
  }

  #note(row: number, depth: number, now: number): void {
    const { columns } = this.#columns;
    const charge = columns[CURRENT]![row]!;
    const max = columns[MAX]![row]!;
    const high = columns[HIGH]![row]!;
    // Version 1 has no such thing.
    const limit = Number.isNaN(high) ? max : Math.min(high, max);
    this.#pace.read(row, depth, now, charge, limit - workingSetOf(charge, columns[INACTIVE_FILE]![row]!), limit);
  }

  #arrived(group: Group): void {
    const row = this.#hasRoom ? this.#rows.arrive(this.#identityOf(group)) : -1;
    if (row < 0) {
      this.#hasRoom = false;
      this.#waiting.add(group);
      return;
    }
    if (row >= this.#columns.stride) this.#columns = this.#columns.grown(row * 2);
    this.#columns.clear(row);
    this.#columns.columns[DEPTH]![row] = 0;
    this.#columns.status[row] = Status.notDue;
    this.#markMoved(row);
    this.#groupOf[row] = group;
    this.#rowOf.set(group, row);
    this.#sweep.attach(row, group);
    this.#pace.arrived(row);
    this.#isStale = true;
  }

  #left(group: Group): void {
    this.#waiting.delete(group);
    const row = this.#rowOf.get(group);
    if (row !== undefined) this.#departed.push(row);
  }

  #renamed(group: Group): void {
    const row = this.#rowOf.get(group);
    if (row === undefined) return;
    this.#sweep.renamed(row);
    this.#rows.rename(row, this.#identityOf(group));
  }

  #placeWaiting(): void {
    if (!this.#hasRoom) return;
    for (const group of this.#waiting) {
      this.#waiting.delete(group);
      this.#arrived(group);
      if (!this.#hasRoom) return;
    }
  }

  #release(): void {
    for (const row of this.#departed) {
      this.#rowOf.delete(this.#groupOf[row]!);
      this.#groupOf[row] = undefined;
      this.#sweep.detach(row);
      this.#pace.departed(row);
      this.#rows.depart(row);
      this.#isStale = true;
      this.#hasRoom = true;
    }
    this.#departed.length = 0;
  }

  #markMoved(row: number): void {
    const moved = this.#moved;
    if (moved.count === moved.slots.length) {
      const larger = new Uint32Array(moved.count * 2);
      larger.set(moved.slots);
      moved.slots = larger;
    }
    moved.slots[moved.count++] = row;
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    if (this.#live.length < this.#groupOf.length) this.#live = new Uint32Array(this.#groupOf.length * 2);
    this.#count = 0;
    for (let row = 0; row < this.#groupOf.length; row++) if (this.#groupOf[row]) this.#live[this.#count++] = row;
  }

  #identityOf({ id, path }: Group): GroupIdentity {
    return { hierarchy: this.#hierarchy.version, inode: id, path: Buffer.from(path, 'latin1') };
  }
}
