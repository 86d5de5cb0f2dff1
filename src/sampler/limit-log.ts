/**
 * The limits that memory runs into: those of control groups, with what the kernel charges to them, and those that a process
 * was given. Stored when they are first seen, when they have changed, and what is charged to a limited group once a minute.
 *
 * The traps: each look opens files, so it is taken at processes of some size alone, once a minute, for a small part of a
 * tick; and a group is limited by all groups that it is in. Nothing is stored of what has no limit.
 */
import type { Engine } from '../engine/engine.js';
import { findGroupHierarchy } from '../engine/group-hierarchy.js';
import type { TierColumns } from '../engine/tier-columns.js';
import { parseCgroups } from '../procfs/cgroup.js';
import { type MemoryLimits, parseMemoryLimits } from '../procfs/limits.js';
import {
  groupsAbove,
  groupUse,
  type MemoryGroup,
  type MemoryHierarchy,
  memoryGroupPath,
  readMemoryGroup,
} from '../procfs/memory-group.js';
import { readSmallText } from '../procfs/small-text.js';
import { nameParts } from '../recording/events.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { COUNTER_COLUMNS } from '../schema.js';
import type { ProcessTable } from './process-table.js';

/** Parts of a tick that looks may take: the first ones at processes, and those again, of which there is no end. */
const PART_FIRST = 0.002;
const PART_AGAIN = 0.0005;
const MOST_NS = 200_000;
/** Between two passes over the processes, and between two looks at one. */
const PASS_NS = 1e9;
const LOOK_NS = 60e9;
const NEVER = Number.NEGATIVE_INFINITY;
/** What has not changed is told again, since rings forget. */
const AGAIN_NS = 3600e9;
/** Who has less does not run into a limit. */
const LEAST_RSS = 4 * 2 ** 20;
/** Who has more is looked at before all others. */
const LARGE_RSS = 64 * 2 ** 20;
const MOST_GROUPS = 4096;
const RSS = COUNTER_COLUMNS.indexOf('rss');

/** One for all: most processes never run into a limit. */
const NOTHING = { text: '{}', timeNs: 0 } as const;

interface Group extends MemoryGroup {
  readonly readNs: number;
  /** What was stored of it last; '' nothing. */
  readonly told: string;
}

/** Bytes, and the paths of the groups with a limit that it is in. */
export type KnownLimits = MemoryLimits & { readonly groups: readonly string[] };

export class LimitLog {
  readonly #firstNs: number;
  readonly #againNs: number;
  readonly #hierarchy: MemoryHierarchy | undefined;
  readonly #groups = new Map<string, Group>();
  /** By slot: when its process was looked at, and what was stored of it; monotonic nanoseconds. */
  readonly #lookedNs: number[] = [];
  readonly #told: { readonly text: string; readonly timeNs: number }[] = [];
  readonly #bytes = Buffer.alloc(4096);
  /** By slot, of the last look. */
  readonly #limits: (KnownLimits | undefined)[] = [];
  #cursor = 0;
  #restUntilNs = 0;

  constructor(
    private readonly root: string,
    hz: number,
    private readonly table: ProcessTable,
    private readonly engine: Engine,
    private readonly writer: RecordingWriter,
  ) {
    const most = (part: number) => Math.min(MOST_NS, (part * 1e9) / hz);
    this.#firstNs = most(PART_FIRST);
    this.#againNs = most(PART_AGAIN);
    // Another tree tells paths of groups that are mounted somewhere else, or nowhere.
    this.#hierarchy = root === '/proc' ? findGroupHierarchy(root) : undefined;
  }

  arrived(slot: number): void {
    this.#lookedNs[slot] = NEVER;
    this.#told[slot] = NOTHING;
    this.#limits[slot] = undefined;
  }

  /** What is known to limit the process of a slot: of those of some size, up to a minute old. */
  limitsOf(slot: number): KnownLimits | undefined {
    return this.#limits[slot];
  }

  /** The part of the limit of a group that is charged to it at this moment; NaN where nobody tells. */
  shareOf(path: string): number {
    return groupUse(this.#hierarchy!, path) / (this.#groups.get(path)?.max ?? Number.NaN);
  }

  /** Looks at those whose turn it is, the large ones first, for as long as it may. */
  look(nowNs: bigint, counters: TierColumns): void {
    const now = Number(nowNs);
    if (now < this.#restUntilNs) return;
    const beganNs = performance.now() * 1e6;
    for (const least of [LARGE_RSS, LEAST_RSS]) {
      if (this.#pass(least, now, beganNs, counters.columns[RSS]!)) return;
    }
    this.#restUntilNs = now + PASS_NS;
  }

  /** Returns whether the time was over. */
  #pass(leastRss: number, now: number, beganNs: number, rss: Float64Array): boolean {
    const { live, count } = this.table;
    for (let step = 0; step < count; step++) {
      const slot = live[(this.#cursor + step) % count]!;
      if (!(rss[slot]! >= leastRss)) continue;
      const lookedNs = this.#lookedNs[slot]!;
      if (now - lookedNs < LOOK_NS) continue;
      this.#lookedNs[slot] = now;
      this.#lookAt(slot, now);
      const mostNs = lookedNs === NEVER ? this.#firstNs : this.#againNs;
      if (performance.now() * 1e6 - beganNs < mostNs) continue;
      this.#cursor = (this.#cursor + step + 1) % count;
      return true;
    }
    return false;
  }

  /** The recording ends: what limited groups have come to. */
  close(nowNs: bigint): void {
    for (const [path, { told }] of this.#groups) if (told !== '') this.#groupAt(path, Number(nowNs), 0);
  }

  #lookAt(slot: number, now: number): void {
    const identity = this.table.identity(slot)!;
    const limits = parseMemoryLimits(this.#read(identity.pid, 'limits'));
    const path = this.#hierarchy && this.#groupOf(identity.pid, this.#hierarchy);
    // What was read is another's when the process has gone meanwhile.
    if (!this.engine.isThere(slot)) return;
    const isLimited = path !== undefined && this.#isLimited(path, now);
    const groups = isLimited ? groupsAbove(path).filter((each) => this.#groups.get(each)?.max !== undefined) : [];
    this.#limits[slot] = { ...limits, groups };
    const part = { ...limits, ...(isLimited ? { group: path } : {}) };
    const text = JSON.stringify(part);
    const told = this.#told[slot]!;
    if (text === told.text && (text === '{}' || now - told.timeNs < AGAIN_NS)) return;
    this.#told[slot] = { text, timeNs: now };
    const { pid, startTicks, comm } = identity;
    this.writer.event(process.hrtime.bigint(), { type: 'processLimit', pid, startTicks, ...nameParts(comm), ...part });
  }

  #groupOf(pid: number, { version, home }: MemoryHierarchy): string | undefined {
    return memoryGroupPath(parseCgroups(this.#read(pid, 'cgroup')), version, home);
  }

  /** Whether a group has a limit, or one that it is in. */
  #isLimited(path: string, now: number): boolean {
    // All of them are looked at, since each limit is one that could be run into.
    return groupsAbove(path).filter((each) => hasLimit(this.#groupAt(each, now, LOOK_NS))).length > 0;
  }

  #groupAt(path: string, now: number, ageNs: number): Group {
    const known = this.#groups.get(path);
    if (known && now - known.readNs < ageNs) return known;
    const found = readMemoryGroup(this.#hierarchy!, path);
    const text = JSON.stringify(found);
    // Of a group that has gone the last that was told stands.
    const isNews = text !== (known?.told ?? '') && (hasLimit(found) || (hasLimit(known) && text !== '{}'));
    if (isNews) this.writer.event(process.hrtime.bigint(), { type: 'groupLimit', path, ...found });
    const group = { ...found, readNs: now, told: isNews ? text : (known?.told ?? '') };
    if (!known && this.#groups.size >= MOST_GROUPS) this.#groups.delete(this.#groups.keys().next().value!);
    this.#groups.set(path, group);
    return group;
  }

  #read(pid: number, file: string): string {
    return readSmallText(`${this.root}/${pid}/${file}`, this.#bytes);
  }
}

function hasLimit(group: MemoryGroup | undefined): boolean {
  return group?.max !== undefined || group?.high !== undefined;
}
