/**
 * What stands out in a recording, in words: who was killed, what grew, what peaked, what was not seen.
 *
 * The traps: a process that is larger at the end than at the beginning need not grow: most do in their first second. So
 * growth is judged by the means of the quarters of its time, each larger than the one before. And a picture of memory says
 * nothing about what was not measured, so that is told whatever else there is to say.
 */
import type { RecordingMetadata } from '../recording/format.js';
import type { GroupCourse } from '../recording/limits.js';
import type { RecordingSummary } from '../recording/summary.js';
import { formatDurationShort } from '../text/duration.js';
import { formatSize } from '../text/size.js';
import type { Collector } from './collector.js';
import type { Course } from './course.js';
import { type GrownEvidence, grownPart } from './grown-parts.js';
import type { Happenings } from './happenings.js';
import { groupWords, killedInGroups, type LimitEvidence, limitOfKilled, nearestLimit } from './limit-findings.js';
import { meanOf } from './mean.js';
import { type Finding, MetricNumber, type Stretch } from './page-format.js';
import type { ProcessRecord } from './process-record.js';

const MOST = 5;
const LEAST_GROWTH = 4 * 2 ** 20;
/** Growth below this share is drift. */
const LEAST_SHARE = 0.05;
/** What has lived for less has hardly begun. */
const LEAST_LIFE_MS = 5000;
const LEAST_LIFE_SHARE = 0.1;
/** Of the processes that grew, those are named that make up most of it. */
const MOST_GROWN = 2;

export interface Evidence extends LimitEvidence, GrownEvidence {
  readonly collector: Collector;
  readonly records: readonly ProcessRecord[];
  readonly nameOf: (record: ProcessRecord) => string;
  readonly happenings: Happenings;
  readonly summary: RecordingSummary;
  readonly metadata: RecordingMetadata;
}

/** Findings of one kind, and the sentence about all of them. */
interface Told {
  readonly verdict: string;
  readonly findings: readonly Finding[];
}

const NOTHING: Told = { verdict: '', findings: [] };

export function findingsOf(evidence: Evidence): Told {
  const { collector, records, nameOf } = evidence;
  const killed = killedFindings(evidence);
  const grown = growthFindings(evidence);
  const peak = peakFinding(evidence);
  const limit = nearestLimit(evidence, records, nameOf, (fromNs, toNs) => {
    const [from, to] = [fromNs, toNs].map((timeNs) => Math.max(0, collector.msOfMonotonic(timeNs)));
    return around(collector, from!, to!);
  });
  const unseen = unseenFinding(evidence);
  const other = swapFinding(evidence) ?? churnFinding(evidence);
  const all = [...killed.findings, ...grown.findings, limit, peak, other].filter((finding) => finding !== undefined);
  const findings = [...all.slice(0, MOST - (unseen ? 1 : 0)), ...(unseen ? [unseen] : [])];
  if (collector.frames === 0) return { verdict: 'Nothing was recorded.', findings };
  const verdict = [killed.verdict, grown.verdict].filter((sentence) => sentence !== '').join(' ');
  return { verdict: verdict || 'Nothing grew steadily, and nothing was seen to be killed.', findings };
}

function killedFindings(evidence: Evidence): Told {
  const bySignal = killedBySignal(evidence);
  const outOfMemory = outOfMemoryFindings(evidence);
  return {
    verdict: outOfMemory.verdict || bySignal.verdict,
    findings: [...outOfMemory.findings, ...bySignal.findings],
  };
}

function outOfMemoryFindings(evidence: Evidence): Told {
  const { happenings, records, collector, limits } = evidence;
  const oom = happenings.events.filter(({ kind }) => kind === 'oom');
  const [first] = oom;
  // Where nobody heard of the kill itself, the group counted it.
  if (!first) return killedByGroup(evidence, killedInGroups(limits));
  const victim = first.process === undefined ? undefined : records[first.process];
  const where = victim ? limitOfKilled(evidence, victim) : '';
  const text =
    oom.length === 1
      ? `Out of memory: ${first.text}.${where}`
      : `Out of memory ${oom.length} times; first ${first.text}.${where}`;
  const who = oom.length === 1 ? first.text.replace(/^the/, 'The') : `The kernel killed ${oom.length} processes`;
  const finding: Finding = { kind: 'killed', text, stretch: around(collector, first.at, oom.at(-1)!.at) };
  return { verdict: `${who}: out of memory.`, findings: [withProcess(finding, first.process)] };
}

function killedByGroup({ collector }: Evidence, groups: readonly GroupCourse[]): Told {
  const processes = (kills: number) => (kills === 1 ? 'a process' : `${kills} processes`);
  const all = groups.reduce((sum, { oomKills }) => sum + oomKills, 0);
  if (all === 0) return NOTHING;
  const stretch = { from: 0, to: collector.msOf(collector.lastBucket) };
  return {
    verdict: `The kernel killed ${processes(all)}: out of memory.`,
    findings: groups.map((group) => {
      const text = `Out of memory: the kernel killed ${processes(group.oomKills)} of ${groupWords(group)}.`;
      return { kind: 'killed', text, stretch };
    }),
  };
}

function killedBySignal({ happenings, records, nameOf, collector }: Evidence): Told {
  const killed = records.filter(
    ({ key }) => happenings.endings.get(key) === 'killed by SIGKILL' && !happenings.oomKilled.has(key),
  );
  const [largest] = killed;
  if (!largest) return NOTHING;
  const others = killed.length > 1 ? `, and ${killed.length - 1} more` : '';
  const at = collector.msOf(largest.lastBucket);
  const text = `${nameOf(largest)} was killed by SIGKILL at ${formatSize(largest.held[0]! || largest.peakRss)} of RSS${others}.`;
  const stretch = around(collector, at, at);
  const who = killed.length === 1 ? `${nameOf(largest)} was` : `${killed.length} processes were`;
  return {
    verdict: `${who} killed.`,
    findings: [{ kind: 'killed', text, stretch, process: records.indexOf(largest) }],
  };
}

function growthFindings(evidence: Evidence): Told {
  const { records, nameOf, collector } = evidence;
  const grown = records
    .flatMap((record, process) => {
      const course = record.courses?.[0];
      const lifeMs = collector.msOf(record.lastBucket - record.firstBucket);
      // What has ended has given back all that it had.
      if (record.isGone) return [];
      const isLong = lifeMs >= LEAST_LIFE_MS && lifeMs >= LEAST_LIFE_SHARE * collector.msOf(collector.lastBucket);
      const growth = isLong && course && steadyGrowth(course, record.firstBucket, record.lastBucket);
      return growth ? [{ record, process, ...growth }] : [];
    })
    .sort((a, b) => b.by - a.by);
  const [most] = grown;
  if (!most) return NOTHING;
  const partOf = ({ record, by }: (typeof grown)[number]) =>
    grownPart(evidence, record.key, record.firstBucket, record.lastBucket, by);
  const findings = grown.slice(0, MOST_GROWN).map((one): Finding => {
    const { record, process, from, to } = one;
    const stretch = { from: collector.msOf(record.firstBucket), to: collector.msOf(record.lastBucket) };
    const took = formatDurationShort((stretch.to - stretch.from) * 1e6);
    const text = `${nameOf(record)} grew in each quarter of ${took}: from ${formatSize(from)} to ${formatSize(to)} of RSS on average.`;
    const part = partOf(one);
    return { kind: 'grew', text: part ? `${text} ${part.text}` : text, stretch, process, metric: 'rss' };
  });
  const also = grown.length === 1 ? '' : ` and ${grown.length - 1} more`;
  const part = partOf(most);
  const where = part ? `: most of ${also === '' ? 'it' : "the first one's"} is ${part.name}` : '';
  return { verdict: `${nameOf(most.record)}${also} grew and gave nothing back${where}.`, findings };
}

/** Means of the first and the last quarter, when each quarter's is larger than the one before; undefined when it is not so. */
export function steadyGrowth(
  course: Course,
  firstBucket: number,
  lastBucket: number,
): { readonly from: number; readonly to: number; readonly by: number } | undefined {
  const length = (lastBucket - firstBucket) / 4;
  if (length < 2) return undefined;
  const means = [0, 1, 2, 3].map((quarter) =>
    meanOf(course, firstBucket + quarter * length, firstBucket + (quarter + 1) * length),
  );
  const [from, to] = [means[0]!, means[3]!];
  const by = to - from;
  const isSteady = means.every((mean, quarter) => quarter === 0 || mean > means[quarter - 1]!);
  return isSteady && by >= LEAST_GROWTH && by >= from * LEAST_SHARE ? { from, to, by } : undefined;
}

function peakFinding({ collector, metadata, records, nameOf }: Evidence): Finding | undefined {
  const pss = collector.totals[MetricNumber.pss]!;
  const metric = mostIn(pss).value > 0 ? 'pss' : 'rss';
  const { value, bucket } = mostIn(collector.totals[MetricNumber[metric]]!);
  if (!(value > 0)) return undefined;
  const memory = metadata.host.memoryBytes;
  const limit =
    typeof memory !== 'number' || !(memory > 0)
      ? '; the recording does not tell what memory the host has'
      : `, ${((value / memory) * 100).toFixed(0)} % of the host's ${formatSize(memory)}`;
  const sums =
    metric === 'pss'
      ? 'The last PSS read of each process together'
      : 'The RSS of all processes together (shared pages counted in each)';
  const [largest] = records;
  const who =
    largest && largest.peakRss > 0 ? ` The largest was ${nameOf(largest)}: ${formatSize(largest.peakRss)} of RSS.` : '';
  const at = collector.msOf(bucket);
  return {
    kind: 'peak',
    text: `${sums} peaked at ${formatSize(value)}${limit}.${who}`,
    stretch: around(collector, at, at),
    metric,
  };
}

function swapFinding({ collector }: Evidence): Finding | undefined {
  const { value, bucket } = mostIn(collector.totals[MetricNumber.swap]!);
  if (!(value >= LEAST_GROWTH)) return undefined;
  const at = collector.msOf(bucket);
  return {
    kind: 'swap',
    text: `Up to ${formatSize(value)} were swapped out.`,
    stretch: around(collector, at, at),
    metric: 'swap',
  };
}

function churnFinding({ collector, records, nameOf }: Evidence): Finding | undefined {
  const most = records.reduce<ProcessRecord | undefined>(
    (best, one) => (best && best.churn >= one.churn ? best : one),
    undefined,
  );
  if (!most || !(most.churn > 4 * most.peakRss && most.churn > 16 * LEAST_GROWTH)) return undefined;
  const text = `${nameOf(most)} took and gave back the most: its RSS moved by ${formatSize(most.churn)} in all, at a peak of ${formatSize(most.peakRss)}.`;
  const stretch = { from: collector.msOf(most.firstBucket), to: collector.msOf(most.lastBucket) };
  return { kind: 'churn', text, stretch, process: records.indexOf(most), metric: 'rss' };
}

function unseenFinding({ collector, summary, records }: Evidence): Finding | undefined {
  const parts: string[] = [];
  const { ticks, damage } = summary;
  const { missing } = collector.gaps;
  if (missing > 0) parts.push(`${missing} of ${Math.max(ticks.expected, missing)} ticks are missing`);
  if (damage.length > 0)
    parts.push(`the file is damaged in ${damage.length} ${damage.length === 1 ? 'place' : 'places'}`);
  const denied = records.filter((record) => record.denied > 0 && record.reads === 0).length;
  if (denied > 0) parts.push(`PSS of ${denied} ${denied === 1 ? 'process' : 'processes'} was denied`);
  if (parts.length === 0) return undefined;
  const gaps = collector.gaps.list();
  const longest = gaps.reduce<Stretch | undefined>(
    (best, gap) => (best && best.to - best.from >= gap.to - gap.from ? best : gap),
    undefined,
  );
  const end = collector.msOf(collector.lastBucket);
  const stretch = longest ? around(collector, longest.from, longest.to) : { from: 0, to: end };
  const text = parts.join(', ');
  return { kind: 'unseen', text: `${text[0]!.toUpperCase()}${text.slice(1)}.`, stretch };
}

/** The largest value, and the bucket of the finest level in which it was. */
function mostIn(course: Course): { readonly value: number; readonly bucket: number } {
  let value = Number.NaN;
  let at = 0;
  for (let index = 0; index < course.count; index++) {
    const most = course.mostAt(index);
    if (!(value >= most) && !Number.isNaN(most)) {
      value = most;
      at = index;
    }
  }
  return { value, bucket: course.count === 0 ? 0 : course.bucketAt(at) * 2 ** course.level };
}

/** A stretch with room on both sides. */
function around(collector: Collector, from: number, to: number): Stretch {
  const end = collector.msOf(collector.lastBucket);
  const room = Math.max(end / 20, (to - from) / 2);
  return { from: Math.max(0, from - room), to: Math.min(end, to + room) };
}

function withProcess(finding: Finding, process: number | undefined): Finding {
  return process === undefined ? finding : { ...finding, process };
}
