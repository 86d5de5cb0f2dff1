/**
 * What came near to a limit, in words: of a control group, or of a process itself.
 *
 * The trap: what the kernel charges to a group has page cache in it, which it would take back before it kills; so a full
 * group is told as what it is, and only kills are told as harm.
 */
import { type GroupCourse, type RecordedLimits, tightestOf } from '../recording/limits.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import type { LimitPeak } from './limit-peaks.js';
import type { Finding, Stretch } from './page-format.js';
import type { ProcessRecord } from './process-record.js';

export interface LimitEvidence {
  readonly limits: RecordedLimits;
  readonly limitPeaks: ReadonlyMap<string, LimitPeak>;
}

/** What has less of its limit is not near it. */
const NEAR = 0.5;
const PATH_CHARACTERS = 120;

interface Near {
  readonly share: number;
  readonly text: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly process?: number;
}

/** The one that came nearest; undefined where none came near. */
export function nearestLimit(
  { limits, limitPeaks }: LimitEvidence,
  records: readonly ProcessRecord[],
  nameOf: (record: ProcessRecord) => string,
  around: (fromNs: bigint, toNs: bigint) => Stretch,
): Finding | undefined {
  const near = [...limits.groups.flatMap(nearOfGroup), ...nearOfProcesses(limits, limitPeaks, records, nameOf)];
  const nearest = near.reduce<Near | undefined>(
    (best, one) => (best && best.share >= one.share ? best : one),
    undefined,
  );
  if (!nearest || nearest.share < NEAR) return undefined;
  const { text, fromNs, toNs, process } = nearest;
  return { kind: 'peak', text, stretch: around(fromNs, toNs), ...(process === undefined ? {} : { process }) };
}

/** Groups in which the kernel killed, with how many. */
export function killedInGroups({ groups }: RecordedLimits): readonly GroupCourse[] {
  // A kill counts in all groups above; the innermost is the one that says most.
  const hit = groups.filter(({ oomKills }) => oomKills > 0);
  return hit.filter((one) => !hit.some((other) => other !== one && other.path.startsWith(`${one.path}/`)));
}

/** `, 64.0 MiB`: what a group may have, as the end of a sentence about it. */
export function groupWords({ path, max }: GroupCourse): string {
  return `control group ${shortPath(path)}${max === undefined ? '' : `, which may have ${formatSize(max)}`}`;
}

/** The sentence about the group that limits a process that was killed; '' where none is known. */
export function limitOfKilled({ limits }: LimitEvidence, { key, identity }: ProcessRecord): string {
  const path = limits.processes.get(key)?.group;
  const group = path === undefined ? undefined : tightestOf(limits.groups, path, identity.source);
  return group ? ` It was in ${groupWords(group)}.` : '';
}

function nearOfGroup(group: GroupCourse): Near[] {
  const { path, max, high, used, usedFromNs, usedToNs, isExact } = group;
  const limit = Math.min(max ?? Number.POSITIVE_INFINITY, high ?? Number.POSITIVE_INFINITY);
  if (!(used > 0) || !Number.isFinite(limit)) return [];
  const which = limit === high && high !== max ? 'memory.high' : 'limit';
  const text = `Control group ${shortPath(path)} ${isExact ? 'peaked at' : 'was seen at'} ${formatSize(used)}, page cache included: ${percent(used, limit)} of its ${which} of ${formatSize(limit)}.`;
  return [{ share: used / limit, text, fromNs: usedFromNs, toNs: usedToNs }];
}

function nearOfProcesses(
  { processes }: RecordedLimits,
  peaks: ReadonlyMap<string, LimitPeak>,
  records: readonly ProcessRecord[],
  nameOf: (record: ProcessRecord) => string,
): Near[] {
  return records.flatMap((record, process) => {
    const [limits, peak] = [processes.get(record.key), peaks.get(record.key)];
    if (!limits || !peak) return [];
    const near = (most: number, limit: number | undefined, timeNs: bigint, what: string, name: string): Near[] => {
      if (limit === undefined || !(most > 0)) return [];
      const text = `${nameOf(record)} peaked at ${formatSize(most)} of ${what}: ${percent(most, limit)} of its limit of ${formatSize(limit)} (${name}).`;
      return [{ share: most / limit, text, fromNs: timeNs, toNs: timeNs, process }];
    };
    return [
      ...near(peak.addressSpace, limits.addressSpace, peak.addressSpaceNs, 'address space', 'RLIMIT_AS'),
      ...near(peak.data, limits.data, peak.dataNs, 'data and stack', 'RLIMIT_DATA'),
    ];
  });
}

function percent(value: number, limit: number): string {
  return `${((value / limit) * 100).toFixed(0)} %`;
}

function shortPath(path: string): string {
  const text = path.length > PATH_CHARACTERS ? `…${path.slice(-PATH_CHARACTERS)}` : path;
  return escapeTerminal(text);
}
