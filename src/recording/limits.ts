/**
 * What limits of memory a recording tells of, and how near to those of control groups it came.
 *
 * The trap: the kernel's high-water mark of a group is older than the recording. Only where it rose is it of this recording;
 * else what was charged at one of the readings, a minute apart, is all that is known.
 */
import { identityKey } from '../engine/identity.js';
import type { MemoryLimits } from '../procfs/limits.js';
import type { ProcessPart, TideEvent } from './events.js';

export interface GroupCourse {
  readonly path: string;
  readonly source: number | undefined;
  /** Bytes; as told last. */
  max: number | undefined;
  high: number | undefined;
  /** Most bytes that were charged to it, and the monotonic times between which they were; NaN: nobody told. */
  used: number;
  usedFromNs: bigint;
  usedToNs: bigint;
  /** Whether `used` is the kernel's mark, or what a reading happened to see. */
  isExact: boolean;
  /** Processes that were killed for it while this was recorded. */
  oomKills: number;
}

export interface RecordedLimits {
  readonly groups: readonly GroupCourse[];
  /** By `identityKey`. */
  readonly processes: ReadonlyMap<string, MemoryLimits & { readonly group?: string }>;
}

interface Known {
  readonly course: GroupCourse;
  first: GroupEvent;
  last: GroupEvent;
  lastNs: bigint;
}

type GroupEvent = Extract<TideEvent, { type: 'groupLimit' }>;

/** From the events of a recording; `startNs` is the monotonic time of its first frame. */
export function collectLimits(
  events: Iterable<{ readonly timeNs: bigint; readonly event: TideEvent }>,
  startNs: bigint,
): RecordedLimits {
  const groups = new Map<string, Known>();
  const processes = new Map<string, MemoryLimits & { readonly group?: string }>();
  for (const { timeNs, event } of events) {
    if (event.type === 'processLimit') {
      const { addressSpace, data, group } = event;
      processes.set(identityKey(event as ProcessPart), { addressSpace, data, group } as MemoryLimits & {
        readonly group?: string;
      });
    }
    if (event.type !== 'groupLimit') continue;
    const { path, source } = event;
    const key = `${source ?? ''} ${path}`;
    let known = groups.get(key);
    if (!known) {
      const course = {
        path,
        source,
        used: Number.NaN,
        usedFromNs: timeNs,
        usedToNs: timeNs,
        isExact: false,
        oomKills: 0,
      };
      known = { course: { ...course, max: undefined, high: undefined }, first: event, last: event, lastNs: timeNs };
      groups.set(key, known);
    }
    take(known, event, timeNs, startNs);
  }
  return { groups: [...groups.values()].map(({ course }) => course), processes };
}

/** The group of a list that limits a process: that of its path, or the one above it that leaves least room. */
export function tightestOf(groups: readonly GroupCourse[], path: string, source?: number): GroupCourse | undefined {
  const above = groups.filter(
    (group) => group.source === source && (group.path === path || path.startsWith(`${group.path}/`)),
  );
  const room = ({ max = Number.POSITIVE_INFINITY, used }: GroupCourse) => max - (used || 0);
  return above.reduce<GroupCourse | undefined>(
    (best, one) => (best && room(best) <= room(one) ? best : one),
    undefined,
  );
}

function take(known: Known, event: GroupEvent, timeNs: bigint, startNs: bigint): void {
  const { course } = known;
  course.max = event.max;
  course.high = event.high;
  // What was told before a cut is what the part that is left began with.
  if (timeNs < startNs) {
    known.first = event;
    known.last = event;
    known.lastNs = startNs;
    return;
  }
  const rose = event.peak !== undefined && known.first.peak !== undefined && event.peak > known.first.peak;
  const used = rose ? event.peak : event.current;
  if (used !== undefined && !(course.used >= used)) {
    course.used = used;
    // The mark rose some time since it was read before.
    course.usedFromNs = rose ? known.lastNs : timeNs;
    course.usedToNs = timeNs;
    course.isExact = rose;
  }
  course.oomKills += Math.max(0, (event.oomKills ?? 0) - (known.last.oomKills ?? event.oomKills ?? 0));
  known.last = event;
  known.lastNs = timeNs;
}
