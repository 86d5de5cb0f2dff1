/**
 * What the numbers of a control group come to: its working set, the limit that it will reach first, and how often something
 * happened in it between two readings.
 *
 * The traps: a group is limited by all groups that it is in, and the one above may be full of its neighbours' memory; page
 * cache that would be dropped first is charged and yet no need; and the counters of a group begin at 0 when it is made anew, which
 * is no negative number of kills.
 */
import { groupsAbove, workingSetOf } from '../procfs/memory-group.js';
import type { CgroupMetricName } from '../schema.js';

/** A group at one instant; NaN for what was not measured. */
export interface GroupValues {
  readonly path: string;
  value(metric: CgroupMetricName): number;
}

export interface NearestLimit {
  /** `max`: beyond it the kernel kills; `high`: beyond it the kernel slows down. */
  readonly kind: 'max' | 'high';
  /** Whose limit it is: the group's own, or that of one above it. */
  readonly path: string;
  readonly limitBytes: number;
  /** What that group may still take before the kernel must find more than page cache to drop; below 0 when it is over. */
  readonly headroomBytes: number;
}

/** Bytes as Kubernetes reckons them; NaN where that is not known. */
export function groupWorkingSet(group: GroupValues): number {
  return workingSetOf(group.value('cgroupCurrent'), group.value('cgroupInactiveFile'));
}

/**
 * The limit with the least headroom, of the group and of those above it that are in `byPath`; undefined where there is none.
 * Where the working set is not known, all that is charged counts.
 */
export function nearestLimit(group: GroupValues, byPath: ReadonlyMap<string, GroupValues>): NearestLimit | undefined {
  let nearest: NearestLimit | undefined;
  for (const path of [...groupsAbove(group.path), '/']) {
    const each = path === group.path ? group : byPath.get(path);
    if (!each) continue;
    const workingSet = groupWorkingSet(each);
    const used = Number.isNaN(workingSet) ? each.value('cgroupCurrent') : workingSet;
    for (const kind of ['max', 'high'] as const) {
      const limitBytes = each.value(kind === 'max' ? 'cgroupMax' : 'cgroupHigh');
      const headroomBytes = limitBytes - used;
      // Also false where either is not known, or there is no limit.
      const isNearer = headroomBytes < (nearest?.headroomBytes ?? Number.POSITIVE_INFINITY);
      if (isNearer) nearest = { kind, path, limitBytes, headroomBytes };
    }
  }
  return nearest;
}

/** What a counter rose by between two readings of one group; after it was set back, what it has counted since. NaN where either is not known. */
export function riseOf(before: number, after: number): number {
  return after < before ? after : after - before;
}
