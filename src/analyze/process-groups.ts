/**
 * Processes put together by a name: what all of them use.
 *
 * The traps: RSS counts a shared page for every process that maps it, so its sum is an upper bound and is only ever shown
 * as one; the sum of PSS counts it once, but lacks those whose PSS is not known, so it says how many they are; and two
 * processes in one memory map both report all of it.
 */

import type { LiveProcess } from './live-processes.js';
import type { Change } from './memory-history.js';

export interface ProcessGroup {
  /** The name, raw. */
  readonly key: string;
  readonly members: readonly LiveProcess[];
  /** Sum of the proportional shares that are known. NaN when none is. */
  readonly pss: number;
  readonly uss: number;
  readonly swap: number;
  /** Members whose PSS is denied, and those of which it is not known for another reason. */
  readonly denied: number;
  readonly unread: number;
  /** Whether one of the shares is older than `oldNs`. */
  readonly isOld: boolean;
  /** At most: shared pages count for every member. */
  readonly rss: number;
  readonly rssAnon: number;
  readonly pssFile: number;
  readonly pssShmem: number;
  /** Of those that are there now, at most. */
  readonly short: Change;
  readonly long: Change;
}

/** The groups in the order in which their first members come. `oldNs`: an older share is an old one. */
export function groupProcesses(
  processes: readonly LiveProcess[],
  nameOf: (process: LiveProcess) => string,
  oldNs: number,
): ProcessGroup[] {
  const members = new Map<string, LiveProcess[]>();
  for (const process of processes) {
    const name = nameOf(process);
    const known = members.get(name);
    if (known) known.push(process);
    else members.set(name, [process]);
  }
  return Array.from(members, ([key, group]) => groupOf(key, group, oldNs));
}

function groupOf(key: string, members: readonly LiveProcess[], oldNs: number): ProcessGroup {
  const counted = members.filter(({ shares }) => !shares);
  const sum = (value: (process: LiveProcess) => number) => sumOf(counted.map(value));
  const change = (which: 'short' | 'long'): Change => ({
    value: sum((process) => process[which].value),
    overNs: Math.max(...members.map((process) => process[which].overNs)),
  });
  const unknown = counted.filter(({ pss }) => Number.isNaN(pss));
  const denied = unknown.filter(({ deep }) => deep === 'denied').length;
  return {
    key,
    members,
    pss: sum(({ pss }) => pss),
    uss: sum(({ uss }) => uss),
    swap: sum(({ swap }) => swap),
    denied,
    unread: unknown.length - denied,
    isOld: counted.some(({ deepAgeNs }) => deepAgeNs > oldNs),
    rss: sum(({ rss }) => rss),
    rssAnon: sum(({ rssAnon }) => rssAnon),
    pssFile: sum(({ pssFile }) => pssFile),
    pssShmem: sum(({ pssShmem }) => pssShmem),
    short: change('short'),
    long: change('long'),
  };
}

/** Of the values that are known; NaN when none is. */
function sumOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0);
}
