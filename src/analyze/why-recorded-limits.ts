/**
 * The limits that a recorded process was under at an instant, what was taken of them then, and how that moved.
 *
 * The traps: of control groups there may be readings at each sweep, or one a minute, and those are old by the time of the
 * instant; and a group is limited by all groups that it is in, of which the nearest to its limit counts.
 */
import { identityKey } from '../engine/identity.js';
import { groupsAbove } from '../procfs/memory-group.js';
import type { TideEvent } from '../recording/events.js';
import type { GroupReading } from '../recording/group-reading.js';
import type { RecordedProcess } from '../recording/process-index.js';
import type { Recording, SeriesOptions, StampedEvent } from '../recording/recording.js';
import type { Series } from '../recording/series.js';
import type { CgroupMetricName } from '../schema.js';
import { type GrowthLine, growthLine, untilLimit } from './growth-line.js';
import type { LimitLine, WhyNumbers } from './why.js';

/** Unix nanoseconds. */
export interface Span {
  readonly sinceNs: bigint;
  readonly atNs: bigint;
}

/** Of a series, as many points: more say nothing more, and each pair of them counts. */
const MOST_POINTS = 200n;
const LEAST_READINGS = 8;

export type EvenRange = SeriesOptions & { readonly from: bigint; readonly to: bigint };

/** The range in stretches of one length each, where there could be more points. */
export function evenRange({ sinceNs, atNs }: Span, agg: 'max' | 'last' = 'last'): EvenRange {
  const every = (atNs - sinceNs) / MOST_POINTS;
  return { from: sinceNs, to: atNs, ...(every > 0n ? { every, agg } : {}) };
}

/** Of such a range the stretch that begins then, with each of its points. */
export function stretchOf({ from, to, every = 1n, agg }: EvenRange, beginNs: bigint): SeriesOptions {
  const endNs = beginNs + every - 1n;
  return { from: from > beginNs ? from : beginNs, to: to < endNs ? to : endNs, ...(agg ? { agg } : {}) };
}

/** In no order. `cgroupId`: that of the process, NaN where it was not recorded. */
export function recordedLimits(
  recording: Recording,
  process: RecordedProcess,
  span: Span,
  numbers: WhyNumbers,
  growth: GrowthLine | undefined,
  cgroupId: number,
): LimitLine[] {
  const untilNs = recording.monotonicOf(span.atNs);
  const events = recording.events().filter(({ timeNs }) => timeNs <= untilNs);
  const key = identityKey(process);
  const own = events.findLast(({ event }) => event.type === 'processLimit' && identityKey(event) === key)?.event;
  const limits = own?.type === 'processLimit' ? own : undefined;
  const swept = recording.groupsAt(span.atNs)?.groups.filter(({ source }) => source === process.source) ?? [];
  const group = limits?.group ?? swept.find((one) => one.hierarchy === 2 && Number(one.inode) === cgroupId)?.path;
  const host = hostLine(recording, process.source, span);
  return [
    ...(limits ? ownLines(recording, process, span, limits, numbers) : []),
    ...(group === undefined ? [] : groupLines(recording, group, swept, process.source, events, span, growth)),
    ...(host ? [host] : []),
  ];
}

function ownLines(
  recording: Recording,
  process: RecordedProcess,
  span: Span,
  { addressSpace, data }: { readonly addressSpace?: number; readonly data?: number },
  numbers: WhyNumbers,
): LimitLine[] {
  const lines: LimitLine[] = [];
  for (const [kind, limit, metric] of [
    ['address-space', addressSpace, 'vsize'],
    ['data', data, 'dataSize'],
  ] as const) {
    if (limit === undefined) continue;
    const line = lineOf(recording.series(process, metric, evenRange(span)));
    // What of dataSize is the stack, which does not count, is not always told; it is small.
    const used = metric === 'vsize' ? numbers.vsize : (line?.last ?? Number.NaN);
    lines.push({ kind, limit, used, ...(line ? { growth: line } : {}), until: untilLimit(limit, used, line) });
  }
  return lines;
}

function hostLine(recording: Recording, source: number | undefined, span: Span): LimitLine | undefined {
  const which = source === undefined ? {} : { source };
  const now = recording.hostAt(span.atNs, which);
  const limit = now?.value('hostMemTotal') ?? Number.NaN;
  const used = limit - (now?.value('hostMemAvailable') ?? Number.NaN);
  if (Number.isNaN(used)) return undefined;
  const available = recording.hostSeries('hostMemAvailable', { ...evenRange(span), ...which });
  const growth = lineOf(available, (bytes) => limit - bytes);
  return { kind: 'host', limit, used, ...(growth ? { growth } : {}), until: untilLimit(limit, used, growth) };
}

function lineOf({ timeNs, value }: Series, of = (bytes: number) => bytes): GrowthLine | undefined {
  return growthLine(Array.from(timeNs, (at, index) => ({ timeNs: at, bytes: of(value[index]!) })));
}

/** Of a group and of those that it is in, by the sweeps of groups where there were any, else by the log of limits. */
function groupLines(
  recording: Recording,
  group: string,
  swept: readonly GroupReading[],
  source: number | undefined,
  events: readonly StampedEvent[],
  span: Span,
  ofProcess: GrowthLine | undefined,
): LimitLine[] {
  return groupsAbove(group).flatMap((path) => {
    const reading = swept.find((one) => one.path === path && limitsMemory(one));
    if (reading) return sweptLines(recording, reading, span);
    const readings = events.filter(
      (one): one is GroupLog =>
        one.event.type === 'groupLimit' && one.event.source === source && one.event.path === path,
    );
    return readings.length === 0 ? [] : loggedLines(recording, readings, span, ofProcess);
  });
}

function limitsMemory(reading: GroupReading): boolean {
  return Number.isFinite(reading.value('cgroupMax')) || Number.isFinite(reading.value('cgroupHigh'));
}

function sweptLines(recording: Recording, reading: GroupReading, span: Span): LimitLine[] {
  const known = (name: CgroupMetricName) => {
    const value = reading.value(name);
    return Number.isFinite(value) ? value : undefined;
  };
  const used = reading.value('cgroupCurrent');
  const growth = lineOf(recording.groupSeries(reading, 'cgroupCurrent', evenRange(span)));
  const [inactive, active] = [known('cgroupInactiveFile'), known('cgroupActiveFile')];
  return linesOf(reading.path, { max: known('cgroupMax'), high: known('cgroupHigh') }, used, used, growth, {
    // The mark is read less often than the charge, and so may be behind it.
    ...some('peak', known('cgroupPeak') === undefined ? undefined : Math.max(known('cgroupPeak')!, used || 0)),
    ...some('oomKills', known('cgroupOomKills')),
    ...some('cache', inactive === undefined || active === undefined ? undefined : inactive + active),
  });
}

interface GroupLog extends StampedEvent {
  readonly event: Extract<TideEvent, { type: 'groupLimit' }>;
}

function loggedLines(
  recording: Recording,
  readings: readonly GroupLog[],
  { atNs, sinceNs }: Span,
  ofProcess: GrowthLine | undefined,
): LimitLine[] {
  const clock = recording.clock();
  const { event, timeNs } = readings.at(-1)!;
  const points = readings
    .map((one) => ({ timeNs: clock.toUnix(one.timeNs), bytes: one.event.current ?? Number.NaN }))
    .filter((point) => point.timeNs >= sinceNs && !Number.isNaN(point.bytes));
  const isFollowed = points.length >= LEAST_READINGS;
  const growth = isFollowed ? growthLine(points) : ofProcess;
  const usedAgeNs = atNs - clock.toUnix(timeNs);
  const used = event.current ?? Number.NaN;
  // It has gone on since it was read.
  const grown = growth?.verdict === 'grows' ? (growth.slope.value * Number(usedAgeNs)) / 1e9 : 0;
  return linesOf(event.path, { max: event.max, high: event.high }, used, used + grown, growth, {
    usedAgeNs,
    ...some('peak', event.peak),
    ...some('oomKills', event.oomKills),
    ...(growth && !isFollowed ? { isGrowthOfProcess: true as const } : {}),
  });
}

type AboutGroup = Partial<Pick<LimitLine, 'peak' | 'oomKills' | 'cache' | 'usedAgeNs' | 'isGrowthOfProcess'>>;

function linesOf(
  path: string,
  limits: { readonly max: number | undefined; readonly high: number | undefined },
  used: number,
  usedNow: number,
  growth: GrowthLine | undefined,
  about: AboutGroup,
): LimitLine[] {
  return (['max', 'high'] as const).flatMap((name) => {
    const limit = limits[name];
    if (limit === undefined) return [];
    const until = untilLimit(limit, usedNow, growth);
    return [{ kind: `group-${name}` as const, path, limit, used, ...about, ...(growth ? { growth } : {}), until }];
  });
}

function some(name: 'peak' | 'oomKills' | 'cache', value: number | undefined): AboutGroup {
  return value === undefined ? {} : { [name]: value };
}
