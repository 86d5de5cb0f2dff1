/**
 * How much of its limit a group has used: what the kernel charges to its control group, page cache and kernel included, by the
 * tightest of the limits that it is under.
 *
 * The trap: a limit may be that of a group far above, which others use up; so it is what is charged to the group of the limit
 * that is compared with it.
 */
import { findGroupHierarchy } from '../engine/group-hierarchy.js';
import { parseCgroups } from '../procfs/cgroup.js';
import { groupsAbove, type MemoryHierarchy, memoryGroupPath, readMemoryGroup } from '../procfs/memory-group.js';
import type { GroupMeter } from './group-meter.js';
import { OTHER } from './group-table.js';

export class GroupLimits {
  readonly #hierarchy: MemoryHierarchy | undefined;
  readonly #used = new Map<number, number>();

  /** Another tree than `/proc` tells paths of groups that are mounted somewhere else, or nowhere: of these nothing is read. */
  constructor(root: string) {
    this.#hierarchy = root === '/proc' ? findGroupHierarchy(root) : undefined;
  }

  /** By place: the part that is used, of those that have a limit. */
  get used(): ReadonlyMap<number, number> {
    return this.#used;
  }

  /** Reads those of some groups anew, each by the first of its processes. */
  read(meter: GroupMeter, places: readonly number[]): void {
    this.#used.clear();
    if (!this.#hierarchy) return;
    const slots = new Map<number, number>();
    meter.groups.forEach((place, slot) => {
      if (place > OTHER && !slots.has(place)) slots.set(place, slot);
    });
    for (const place of places) {
      const slot = slots.get(place);
      const part = slot === undefined ? undefined : this.#partOf(meter.cgroupsOf(slot));
      if (part !== undefined) this.#used.set(place, part);
    }
  }

  #partOf(cgroups: string): number | undefined {
    const { version, home } = this.#hierarchy!;
    const path = memoryGroupPath(parseCgroups(cgroups), version, home);
    if (path === undefined) return undefined;
    let most: number | undefined;
    for (const group of groupsAbove(path)) {
      const { max, current } = readMemoryGroup(this.#hierarchy!, group);
      if (max !== undefined && max > 0 && current !== undefined) most = Math.max(most ?? 0, current / max);
    }
    return most;
  }
}
