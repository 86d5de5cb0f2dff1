/** The control group of a recording that has least left of its limit, in the lines and the JSON of `tidemark info`. */
import { nearestLimit } from '../analyze/group-memory.js';
import { groupNameOf, shortContainerName } from '../procfs/group-name.js';
import type { Recording } from '../recording/recording.js';
import { formatSize } from '../text/size.js';

interface FullestGroup {
  readonly path: string;
  /** As `docker:0123456789ab`; null where the path tells of none. */
  readonly container: string | null;
  readonly unit: string | null;
  readonly limitKind: 'max' | 'high';
  readonly limitBytes: number;
  readonly headroomBytes: number;
}

/** Of the last sweep; undefined where no group has a limit. */
export function fullestGroup(recording: Recording): FullestGroup | undefined {
  let fullest: FullestGroup | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const group of recording.groupsAt()?.groups ?? []) {
    // Its own limit: those above it stand for themselves.
    const limit = nearestLimit(group, new Map());
    if (!limit || !(limit.headroomBytes / limit.limitBytes < least)) continue;
    least = limit.headroomBytes / limit.limitBytes;
    const { kind, path, limitBytes, headroomBytes } = limit;
    const container = shortContainerName(path) ?? null;
    fullest = { path, container, unit: groupNameOf(path).unit ?? null, limitKind: kind, limitBytes, headroomBytes };
  }
  return fullest;
}

export function fullestGroupText({ path, container, limitKind, limitBytes, headroomBytes }: FullestGroup): string {
  const name = container === null ? path : `${container} (${path})`;
  const left = headroomBytes < 0 ? `${formatSize(-headroomBytes)} over` : `${formatSize(headroomBytes)} left of`;
  return `nearest is ${name}: ${left} memory.${limitKind} ${formatSize(limitBytes)}`;
}
