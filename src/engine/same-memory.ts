/**
 * Which processes run in one memory map. Each of them reports all of it, so a sum over processes counts it as often as
 * they are. They come from vfork, between fork and exec, and from clone with CLONE_VM.
 *
 * The traps: no file tells, only the system call kcmp, which compares two processes at a time, and 2,000 processes are
 * two million pairs. But what shares a memory map shares what belongs to it: the addresses of code, data, heap, stack,
 * arguments and environment, which the kernel places at random for every exec. So only processes that are alike in all
 * of those are compared, and since kcmp also gives an order, they are sorted instead of compared each with each. (Not by
 * size or RSS: these move between two reads.) And pids mean something only within our own /proc.
 */
import { statSync } from 'node:fs';
import { nativeBinding } from './native-binding.js';

export interface SharedMemory {
  /** For each process the first one that runs in the same memory map, itself where there is no other: indexes. */
  readonly leaders: Int32Array;
  /** Processes for which it could not be found out: we may not trace them, or they ended. */
  readonly denied: number;
  /** Why nothing was compared, or undefined. */
  readonly unsupported?: string;
}

/** Compares the processes whose `layouts` are equal and not empty; `pids` in the order in which leaders are chosen. */
export function findSharedMemory(root: string, pids: readonly number[], layouts: readonly string[]): SharedMemory {
  const leaders = Int32Array.from(pids, (_, index) => index);
  const candidates = new Map<string, number[]>();
  for (const [index, layout] of layouts.entries()) {
    if (layout === '') continue;
    const alike = candidates.get(layout);
    if (alike) alike.push(index);
    else candidates.set(layout, [index]);
  }
  const groups = [...candidates.values()].filter(({ length }) => length > 1);
  if (groups.length === 0) return { leaders, denied: 0 };
  if (!isOwnTree(root)) return { leaders, denied: 0, unsupported: 'the tree is not the /proc of our own processes' };
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return { leaders, denied: 0, unsupported: binding.reason };
  let denied = 0;
  for (const group of groups) {
    denied += joinGroup(group, leaders, (a, b) => binding.addon.compareMemory(pids[a], pids[b]));
  }
  return { leaders, denied };
}

/** Sorts the group by memory map and joins what is equal; returns for how many that was not possible. */
function joinGroup(group: readonly number[], leaders: Int32Array, compare: (a: number, b: number) => number): number {
  // One per memory map, in kcmp's order.
  const known: number[] = [];
  let denied = 0;
  for (const index of group) {
    let [low, high] = [0, known.length];
    let result = compare(index, index);
    while (result >= 0 && low < high) {
      const middle = (low + high) >> 1;
      result = compare(index, known[middle]);
      if (result === 0) {
        leaders[index] = known[middle];
        break;
      }
      if (result === 1) high = middle;
      else low = middle + 1;
    }
    if (result < 0) denied++;
    else if (leaders[index] === index) known.splice(low, 0, index);
  }
  return denied;
}

/** Every mount of one pid namespace's procfs has the same device number. */
function isOwnTree(root: string): boolean {
  try {
    return statSync(root).dev === statSync('/proc').dev;
  } catch {
    return false;
  }
}
