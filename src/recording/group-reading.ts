/**
 * What a recording holds of control groups: which there were, all of them at one instant, and one of them over time.
 *
 * The traps: a group that was made anew under the same path is another one; a limit of "max" is `Infinity`, while one that was
 * not read is NaN; and not every sweep reads every group, so what stands beside a value may be older than that.
 */
import { decodeGroup, type GroupHierarchy, type GroupIdentity, groupKey } from '../engine/group-identity.js';
import type { RingReader } from '../ring/ring-reader.js';
import {
  CGROUP_COLUMNS,
  CGROUP_DEPTHS,
  type CgroupMetricName,
  GroupDepth,
  STATUSES,
  Status,
  type StatusName,
} from '../schema.js';
import type { ClockLine } from './clock-line.js';
import { nameParts } from './events.js';
import type { Points } from './series.js';
import { GROUP_RING } from './tier-format.js';
import { type TierRange, TierWalk } from './tier-walk.js';

/** Which group; see `groupKey`. */
export interface GroupRef {
  readonly hierarchy: GroupHierarchy;
  readonly inode: bigint;
  /** From the root of the hierarchy on; what is not UTF-8 has `\uFFFD` in its place, and `pathHex` tells the bytes. */
  readonly path: string;
  readonly pathHex?: string;
  /** In a merged recording: the number of the host in `metadata.sources`. */
  readonly source?: number;
}

export interface RecordedGroup extends GroupRef {
  /** Unix nanoseconds of the first and the last sweep that it is in. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Sweeps that it is in. */
  readonly sweeps: number;
  /** Whether it was seen to go, or to get another path. */
  readonly departed: boolean;
}

/** A group at one instant. */
export interface GroupReading extends GroupRef {
  /** Of the last sweep; `not-due`: that one did not look at it. */
  readonly status: StatusName;
  /** In the metric's own unit; NaN when it was not measured, `Infinity` for a limit that is none. */
  value(metric: CgroupMetricName): number;
  /** Nanoseconds between the sweep that read this metric last and this one; null when none is known that did. */
  ageNs(metric: CgroupMetricName): bigint | null;
  /** By metric; null when it was not measured. */
  readonly values: Readonly<Record<CgroupMetricName, number | null>>;
}

export interface GroupSnapshot {
  /** Unix nanoseconds at the start of the sweep. */
  readonly timeNs: bigint;
  readonly groups: readonly GroupReading[];
}

/** The labels of a walk as groups, decoded when they change. */
class GroupLabels {
  readonly #identities: (GroupIdentity | undefined)[] = [];
  readonly #keys: (string | undefined)[] = [];
  #changes = -1;

  constructor(private readonly walk: TierWalk) {}

  identity(slot: number): GroupIdentity | undefined {
    this.#refresh();
    return this.#identities[slot];
  }

  key(slot: number): string | undefined {
    this.#refresh();
    return this.#keys[slot];
  }

  #refresh(): void {
    const { walk } = this;
    if (this.#changes === walk.labelChanges) return;
    this.#changes = walk.labelChanges;
    this.#identities.length = this.#keys.length = walk.slots;
    for (let slot = 0; slot < walk.slots; slot++) {
      const label = walk.label(slot);
      // The bytes of a label are the walk's own.
      const identity = label && decodeGroup(label.slice());
      this.#identities[slot] = identity;
      this.#keys[slot] = identity && groupKey(identity);
    }
  }
}

/** Every group, in the order in which they were first seen. */
export function recordedGroups(reader: RingReader, clock: ClockLine): RecordedGroup[] {
  const walk = TierWalk.over(reader, GROUP_RING);
  if (!walk) return [];
  const labels = new GroupLabels(walk);
  const seen = new Map<string, { identity: GroupIdentity; firstNs: bigint; lastNs: bigint; sweeps: number }>();
  /** By input: the keys of its last sweep. */
  const last = new Map<number, Set<string>>();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const keys = new Set<string>();
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = labels.key(slot);
      if (key === undefined) continue;
      if (walk.status(slot) !== Status.gone) keys.add(key);
      const known = seen.get(key);
      if (known) {
        known.lastNs = walk.startNs;
        known.sweeps++;
      } else {
        seen.set(key, { identity: labels.identity(slot)!, firstNs: walk.startNs, lastNs: walk.startNs, sweeps: 1 });
      }
    }
    last.set(walk.input, keys);
  }
  const isThere = (key: string) => [...last.values()].some((keys) => keys.has(key));
  return [...seen].map(([key, { identity, firstNs, lastNs, sweeps }]) => ({
    ...refOf(identity),
    firstNs: clock.toUnix(firstNs),
    lastNs: clock.toUnix(lastNs),
    sweeps,
    departed: !isThere(key),
  }));
}

/** The last sweep at or before a monotonic time, of a merged recording the last of each input; undefined when there is none. */
export function groupsAt(reader: RingReader, clock: ClockLine, toNs: bigint): GroupSnapshot | undefined {
  const isMerged = reader.metadata.sources !== undefined;
  const ranges: TierRange[] = isMerged ? [{ toNs }] : [{ toNs, fromBlockAt: toNs }, { toNs }];
  for (const range of ranges) {
    const finding = TierWalk.over(reader, GROUP_RING, range);
    if (!finding) return undefined;
    const lastOf = new Map<number, number>();
    for (let step = finding.next(); step !== null; step = finding.next()) {
      if (step === 'frame') lastOf.set(finding.input, finding.frames);
    }
    if (lastOf.size === 0) continue;
    return snapshotOf(TierWalk.over(reader, GROUP_RING, range)!, new Set(lastOf.values()), clock);
  }
  return undefined;
}

/** Every sweep that looked at the metric of the group. */
export function groupPoints(reader: RingReader, range: TierRange, group: GroupRef, metric: CgroupMetricName): Points {
  const column = columnOfGroup(metric);
  const key = groupKey({ ...group, path: bytesOf(group) });
  return (take) => {
    const walk = TierWalk.over(reader, GROUP_RING, { ...range, metrics: [metric] });
    if (!walk) return;
    const labels = new GroupLabels(walk);
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const { slots, count } = walk.rows;
      for (let index = 0; index < count; index++) {
        const slot = slots[index]!;
        if (labels.key(slot) !== key || !walk.isRead(column, slot)) continue;
        const value = walk.value(column, slot);
        const status = walk.status(slot);
        take(walk.startNs, value, Number.isNaN(value) && status === Status.ok ? Status.unsupported : status);
      }
    }
  };
}

/** Throws a TypeError for a name that is none. */
export function columnOfGroup(metric: string): number {
  const column = (CGROUP_COLUMNS as readonly string[]).indexOf(metric);
  if (column >= 0) return column;
  throw new TypeError(`There is no metric "${metric}" of groups; the metrics are ${CGROUP_COLUMNS.join(' ')}`);
}

/** What a group is called outside. */
export function refOf({ hierarchy, inode, path, source }: GroupIdentity): GroupRef {
  const { comm, commHex } = nameParts(path);
  return {
    hierarchy,
    inode,
    path: comm,
    ...(commHex === undefined ? {} : { pathHex: commHex }),
    ...(source === undefined ? {} : { source }),
  };
}

function bytesOf({ path, pathHex }: GroupRef): Uint8Array {
  return pathHex === undefined ? new TextEncoder().encode(path) : Buffer.from(pathHex, 'hex');
}

function snapshotOf(walk: TierWalk, frames: ReadonlySet<number>, clock: ClockLine): GroupSnapshot | undefined {
  const labels = new GroupLabels(walk);
  const read = new ReadTimes(walk, labels);
  const last = Math.max(...frames);
  const groups = new Map<string, GroupReading>();
  while (walk.frames < last) {
    const step = walk.next();
    if (step === null) break;
    if (step !== 'frame') continue;
    read.note();
    if (!frames.has(walk.frames)) continue;
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const identity = labels.identity(slot);
      if (identity) groups.set(labels.key(slot)!, readingOf(walk, slot, identity, read));
    }
  }
  return { timeNs: clock.toUnix(walk.startNs), groups: [...groups.values()] };
}

/** When each slot was read last, by depth, of the group that has it now. */
class ReadTimes {
  /** By depth and slot. */
  readonly #atNs: (bigint | undefined)[][] = Object.values(GroupDepth).map(() => []);
  readonly #keys: (string | undefined)[] = [];

  constructor(
    private readonly walk: TierWalk,
    private readonly labels: GroupLabels,
  ) {}

  note(): void {
    const { walk, labels } = this;
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = labels.key(slot);
      if (this.#keys[slot] !== key) for (const times of this.#atNs) times[slot] = undefined;
      this.#keys[slot] = key;
      const depth = walk.depth(slot);
      this.#atNs.forEach((times, least) => {
        if (depth >= least) times[slot] = walk.startNs;
      });
    }
  }

  /** Nanoseconds by depth; null for what was not read since the walk began. */
  agesNs(slot: number): readonly (bigint | null)[] {
    return this.#atNs.map((times) => (times[slot] === undefined ? null : this.walk.startNs - times[slot]));
  }
}

function readingOf(walk: TierWalk, slot: number, identity: GroupIdentity, read: ReadTimes): GroupReading {
  const ages = read.agesNs(slot);
  const held = CGROUP_COLUMNS.map((_, column) => walk.held(column, slot));
  return {
    ...refOf(identity),
    status: STATUSES[walk.status(slot)] ?? 'lost',
    value: (metric) => held[columnOfGroup(metric)]!,
    ageNs: (metric) => ages[CGROUP_DEPTHS[columnOfGroup(metric)]!] ?? null,
    values: Object.fromEntries(
      CGROUP_COLUMNS.map((name, column) => [name, Number.isNaN(held[column]!) ? null : held[column]!]),
    ) as Record<CgroupMetricName, number | null>,
  };
}
