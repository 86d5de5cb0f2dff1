/**
 * Why a recorded process had the memory that it had at an instant, from the recording alone.
 *
 * The traps: deep reads and readings of limits are older than the instant, and say how much; a process that ended is
 * explained as it was before its memory was freed (`exit-fall.ts`); and what the recorder was not asked for, or not
 * permitted, is not there, which is told.
 */
import { identityKey } from '../engine/identity.js';
import type { ProcessPart } from '../recording/events.js';
import type { ProcessReading } from '../recording/frame.js';
import type { RecordedMappings } from '../recording/mapping-record.js';
import { lastRead } from '../recording/mapping-walk.js';
import type { RecordedProcess } from '../recording/process-index.js';
import type { Recording } from '../recording/recording.js';
import type { Snapshot } from '../recording/snapshot.js';
import { type MetricName, Status } from '../schema.js';
import { estimatePss, estimateUss } from './estimate.js';
import { type ExitFall, ExitFallMeter } from './exit-fall.js';
import { type GrowthLine, grownSince } from './growth-line.js';
import { recordedGrowth } from './recorded-growth.js';
import { type Faults, movingFirst, nearestFirst, type Unseen, WHY_NUMBERS, type Why, type WhyNumbers } from './why.js';
import { breakDown } from './why-memory.js';
import { type EvenRange, evenRange, recordedLimits, type Span, stretchOf } from './why-recorded-limits.js';
import { type Sharing, SharingMeter } from './why-sharing.js';

export interface InstantAsked {
  /** Unix nanoseconds, at which the process was there. */
  readonly atNs: bigint;
  /** From when growth and rates count; default: its whole life without the start. */
  readonly sinceNs?: bigint;
}

const LOOK_BACK_NS = 60_000_000_000n;

export function whyRecorded(recording: Recording, process: RecordedProcess, asked: InstantAsked): Why {
  const { atNs, atExit } = stateOf(recording, process, asked);
  const sinceNs = asked.sinceNs !== undefined && asked.sinceNs > process.firstNs ? asked.sinceNs : process.firstNs;
  const key = identityKey(process);
  const snapshot = recording.at(atNs);
  const now = readingOf(snapshot, key);
  const { numbers, ...share } = withShare(recording, key, now, atNs);
  const range = { ...(asked.sinceNs === undefined ? {} : { from: sinceNs }), to: atNs };
  const [growth, ...mappingGrowth] = growthOf(recording, range, key);
  const untilNs = recording.monotonicOf(atNs);
  const walk = recording.mappingWalk(process);
  // The read of a process that is about to end often gives nothing.
  const read = walk && lastRead(walk, untilNs, ({ table }) => table.rows > 0);
  const sharing =
    read && process.source === undefined ? sharingOf(recording, key, read.parts, snapshot, atNs) : undefined;
  const { program, pid, startTicks, comm, commHex } = process;
  return {
    source: 'recording',
    process: {
      ...{ pid, startTicks, comm },
      ...(commHex === undefined ? {} : { commHex }),
      ...(program?.args ? { commandLine: program.args.join(' ') } : {}),
    },
    atNs,
    sinceNs,
    ...(atExit ? { atExit } : {}),
    numbers,
    ...share,
    ...(now?.rollupAgeNs == null ? {} : { shareAgeNs: now.rollupAgeNs }),
    ...(read ? { memory: breakDown(read.parts, program?.exe) } : {}),
    ...(read ? { mappingsAgeNs: untilNs - read.timeNs } : {}),
    ...(sharing ? { sharing } : {}),
    ...(growth ? { growth } : {}),
    mappingGrowth: movingFirst(mappingGrowth),
    ...sinceWhen(recording, process, { atNs, sinceNs }),
    ...mostSeen(recording, process, atNs),
    limits: nearestFirst(
      recordedLimits(recording, process, { atNs, sinceNs }, numbers, growth, metricOf(now, 'cgroupId')),
    ),
    faults: faultsOf(recording, process, { atNs, sinceNs }),
    unseen: unseenOf(now, numbers, read !== undefined, sharing),
  };
}

/**
 * The last instant until then of which its resident memory is known: in its last frame a process has gone already. Of one that
 * ended it is that before its exit began.
 */
function stateOf(
  recording: Recording,
  process: RecordedProcess,
  { atNs, sinceNs = process.firstNs }: InstantAsked,
): Pick<Why, 'atNs' | 'atExit'> {
  const { timeNs, value } = recording.series(process, 'rss', { from: atNs - LOOK_BACK_NS, to: atNs });
  const last = value.findLastIndex((rss) => !Number.isNaN(rss));
  if (last < 0) return { atNs };
  const isNow = !Number.isNaN(metricOf(readingOf(recording.at(atNs), identityKey(process)), 'rss'));
  const exit = exitOf(recording, process, timeNs.slice(0, last + 1), value);
  // Who asks for nothing but its exit is told of it.
  if (exit && exit.fromNs >= sinceNs) return { atNs: exit.fromNs, atExit: { rss: exit.lastBytes, atNs: exit.lastNs } };
  return { atNs: isNow ? atNs : timeNs[last]! };
}

/** Of points up to one that is known; undefined where it was read later too, or did not end. */
function exitOf(
  recording: Recording,
  process: RecordedProcess,
  timeNs: BigInt64Array,
  value: Float64Array,
): ExitFall | undefined {
  const lastNs = timeNs.at(-1)!;
  const later = recording.series(process, 'rss', { from: lastNs + 1n });
  if (later.value.some((rss) => !Number.isNaN(rss))) return undefined;
  const hasGone = later.status.some((status) => status === Status.gone || status === Status.noMm);
  const key = identityKey(process);
  const own = recording
    .events()
    .filter(({ event }) => 'startTicks' in event && identityKey(event as ProcessPart) === key);
  const clock = recording.clock();
  const became = own
    .filter(({ event }) => event.type === 'ran' || event.type === 'exec' || event.type === 'rename')
    .map((one) => clock.toUnix(one.timeNs))
    .filter((at) => at <= lastNs);
  const meter = new ExitFallMeter(() => {});
  for (const [index, at] of timeNs.entries()) {
    while (became[0] !== undefined && became[0] <= at) {
      meter.renew();
      became.shift();
    }
    if (!Number.isNaN(value[index])) meter.take(at, value[index]!);
  }
  return meter.end(hasGone || process.departed || own.some(({ event }) => event.type === 'exit'));
}

function readingOf(snapshot: Snapshot | undefined, key: string): ProcessReading | undefined {
  return snapshot?.processes.find((process) => identityKey(process) === key);
}

function metricOf(reading: ProcessReading | undefined, name: MetricName): number {
  return reading?.values[name] ?? Number.NaN;
}

/**
 * What was read deeply is older than the counters, and of more memory where some was freed since: then the share is estimated
 * from both, since it is never more than what is resident.
 */
function withShare(
  recording: Recording,
  key: string,
  now: ProcessReading | undefined,
  atNs: bigint,
): Pick<Why, 'numbers' | 'isShareEstimated'> {
  const numbers = Object.fromEntries(WHY_NUMBERS.map((name) => [name, metricOf(now, name)])) as WhyNumbers;
  const { rss, pss, uss } = numbers;
  if (!(pss > rss || uss > rss)) return { numbers };
  const ageNs = now?.rollupAgeNs ?? 0n;
  const then = metricOf(readingOf(recording.at(atNs - ageNs), key), 'rss');
  const basis = {
    ...{ rss: Math.max(then || 0, pss || 0, uss), uss, pss, rssNow: rss, faults: Number.NaN, ageNs: Number(ageNs) },
    pageSize: recording.metadata.host.pageSize,
  };
  const share = { pss: Number.isNaN(pss) ? pss : estimatePss(basis).value, uss: estimateUss(basis).value };
  return { numbers: { ...numbers, ...share }, isShareEstimated: true };
}

/** That of the process, undefined where there is none, and those of its mappings. */
function growthOf(
  recording: Recording,
  range: { readonly from?: bigint; readonly to: bigint },
  key: string,
): [GrowthLine | undefined, ...GrowthLine[]] {
  const rows: GrowthLine[] = recordedGrowth(recording, range, key).map(
    ({ pid: _, startTicks: __, comm: ___, ...line }) => line,
  );
  return [rows.find(({ mapping }) => !mapping), ...rows.filter(({ mapping }) => mapping)];
}

/** Between the first and the last sweep that read them: under pressure not every one does. */
function faultsOf(recording: Recording, process: RecordedProcess, span: Span): Faults {
  const range = evenRange(span);
  const [minor, major] = (['minorFaults', 'majorFaults'] as const).map((name) => {
    const { timeNs } = recording.series(process, name, range);
    const [first] = readingsAt(recording, process, name, range, timeNs[0]);
    const last = readingsAt(recording, process, name, range, timeNs.at(-1)).at(-1);
    if (!first || !last) return { count: Number.NaN, seconds: 0 };
    const [fromNs, toNs] = [first, last].map((one) => recording.monotonicOf(one.timeNs));
    return { count: last.value - first.value, seconds: Number(toNs! - fromNs!) / 1e9 };
  });
  return { minor: minor!.count, major: major!.count, seconds: minor!.seconds };
}

/** What was read in a stretch of a range. Its own time is that of its begin, at which nobody need have read anything. */
function readingsAt(
  recording: Recording,
  process: RecordedProcess,
  metric: MetricName,
  range: EvenRange,
  beginNs: bigint | undefined,
): { readonly timeNs: bigint; readonly value: number }[] {
  if (beginNs === undefined) return [];
  const { timeNs, value } = recording.series(process, metric, stretchOf(range, beginNs));
  return Array.from(timeNs, (at, index) => ({ timeNs: at, value: value[index]! })).filter(
    (one) => !Number.isNaN(one.value),
  );
}

/** Who of those that were there maps what it shares, by the last read of each. */
function sharingOf(
  recording: Recording,
  key: string,
  own: readonly RecordedMappings[],
  snapshot: Snapshot | undefined,
  atNs: bigint,
): Sharing {
  const meter = new SharingMeter(own);
  const untilNs = recording.monotonicOf(atNs);
  const others = new Map(
    snapshot?.processes
      .filter((one) => identityKey(one) !== key && one.countersStatus !== 'no-mm')
      .map((one) => [identityKey(one), one]) ?? [],
  );
  const seen = new Set<string>();
  const walk = recording.mappingWalk();
  let parts: RecordedMappings[] = [];
  for (let record = walk?.next(); record !== undefined && walk!.timeNs <= untilNs; record = walk!.next()) {
    const other = others.get(identityKey(record));
    if (!other || record.table.rows === 0) continue;
    parts = record.part === 0 ? [record] : [...parts, record];
    if (record.part < record.parts - 1) continue;
    meter.look({ pid: other.pid, comm: other.comm }, parts, seen.has(identityKey(other)));
    seen.add(identityKey(other));
  }
  for (const [otherKey, { pid, comm }] of others) if (!seen.has(otherKey)) meter.look({ pid, comm }, 'not-recorded');
  return meter.result();
}

function sinceWhen(recording: Recording, process: RecordedProcess, span: Span): Pick<Why, 'grownSince'> {
  const range = evenRange(span);
  const { timeNs, value } = recording.series(process, 'rss', range);
  const found = grownSince(Array.from(timeNs, (at, index) => ({ timeNs: at, bytes: value[index]! })));
  const last = readingsAt(recording, process, 'rss', range, found?.timeNs).at(-1);
  return last ? { grownSince: { rss: last.value, atNs: last.timeNs } } : {};
}

/** The most that a tick saw, or the kernel within a tick, and when first. */
function mostSeen(recording: Recording, process: RecordedProcess, atNs: bigint): Pick<Why, 'mostSeen'> {
  const range = evenRange({ sinceNs: process.firstNs, atNs }, 'max');
  const { timeNs, value } = recording.series(process, 'rss', range);
  const most = Math.max(...value.filter((rss) => !Number.isNaN(rss)));
  const stretch = timeNs[value.indexOf(most)];
  const first = readingsAt(recording, process, 'rss', range, stretch).find((one) => one.value === most);
  return first ? { mostSeen: { rss: first.value, atNs: first.timeNs } } : {};
}

function unseenOf(
  now: ProcessReading | undefined,
  numbers: WhyNumbers,
  hasMappings: boolean,
  sharing: Sharing | undefined,
): Unseen[] {
  const unseen: Unseen[] = [];
  if (!hasMappings) {
    unseen.push({
      what: 'classes, owners, and with whom memory is shared',
      why: 'no mappings of it were recorded by then',
      grant: 'record with --mappings auto, or with a rate',
    });
  }
  if (Number.isNaN(numbers.pss)) {
    const status = now?.rollupStatus;
    unseen.push({
      what: 'PSS and USS',
      why: status === 'denied' ? 'the recorder was not permitted to read them' : 'no deep read of it was made by then',
      grant:
        status === 'denied' ? 'record as root or with CAP_SYS_PTRACE' : 'record with --rollup auto, or with a rate',
    });
  }
  const notRecorded = sharing?.unseen['not-recorded'];
  if (sharing && notRecorded !== undefined) {
    unseen.push({
      what: `whether ${notRecorded} of ${sharing.lookedAt} other processes share memory with it`,
      why: 'their mappings were not recorded by then',
    });
  }
  if (Number.isNaN(numbers.hwm)) {
    unseen.push({
      what: "the kernel's own mark of the peak",
      why: 'it is recorded by the engine in the kernel alone',
      grant: 'record with --engine bpf',
    });
  }
  return unseen;
}
