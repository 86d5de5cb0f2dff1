/**
 * What `run --json` writes and `compare` reads: the runs of one command, with the conditions that they were made under.
 * docs/shapes.md describes it.
 */

import { type GroupMeasures, SUMS } from '../analyze/group-meter.js';
import { counted, type MetricReading, unknown } from '../analyze/metric-reading.js';
import type { Measured } from '../analyze/peak-track.js';
import type { Conditions } from './conditions.js';
import type { WorkloadRun } from './run-workload.js';

export const REPORT_SCHEMA = 1;

export interface SumReport {
  readonly peak: MetricReading;
  /** Nanoseconds after the start. */
  readonly peakAfterNs?: number;
  readonly mean: MetricReading;
  /** A sum that counts shared pages once for each process. */
  readonly upperBound?: true;
}

/** Of all processes together, or of those of one program. Bytes, nanoseconds, counts. */
export interface GroupReport {
  readonly processes: number;
  readonly mostAtOnce: number;
  readonly rss: SumReport;
  readonly pss: SumReport;
  readonly uss: SumReport;
  readonly swap: SumReport;
  readonly largestProcess: { readonly sampled: MetricReading; readonly kernelPeak: MetricReading };
  readonly minorFaults: MetricReading;
  readonly majorFaults: MetricReading;
  readonly userTime: MetricReading;
  readonly systemTime: MetricReading;
  /** Both together; reports of earlier versions have it not. */
  readonly cpuTime?: MetricReading;
}

export interface PartReport {
  readonly rss: number;
  readonly pss: number;
  readonly swap: number;
  readonly count: number;
}

export interface PeakReport {
  /** When the sum of PSS was highest, and when the mappings were read: nanoseconds after the start. */
  readonly afterNs: number;
  readonly readFromNs: number;
  readonly readToNs: number;
  readonly processesRead: number;
  readonly processes: number;
  /** Resident bytes that were read, of those at the peak. */
  readonly readRss: number;
  readonly peakRss: number;
  readonly classes: Readonly<Record<string, PartReport>>;
  readonly mappings: readonly (PartReport & {
    readonly program: string;
    readonly name: string;
    readonly class: string;
  })[];
}

export interface RunRecord {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly end: WorkloadRun['end'];
  readonly wallNs: number;
  /** Until the last descendant had ended. */
  readonly treeWallNs: number;
  readonly engine: string;
  readonly hz: number;
  readonly samples: number;
  readonly missedTicks: number;
  readonly self: { readonly cpuNs: number; readonly rss: number };
  readonly tree: GroupReport;
  readonly programs: Readonly<Record<string, GroupReport>>;
  readonly peak?: PeakReport;
  /** What the kernel charged to a cgroup of its own: page cache and kernel memory are in it. */
  readonly cgroupPeak?: MetricReading;
  readonly marks: WorkloadRun['marks'];
  readonly caveats: readonly string[];
}

export interface RunReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly kind: 'run';
  readonly command: readonly string[];
  readonly conditions: Conditions;
  readonly warmups: number;
  readonly runs: readonly RunRecord[];
}

/** Mappings that a report lists; the classes hold all of them. */
const MOST_MAPPINGS = 200;

export function runReport(
  command: readonly string[],
  conditions: Conditions,
  warmups: number,
  runs: readonly WorkloadRun[],
): RunReport {
  return { schema: REPORT_SCHEMA, kind: 'run', command, conditions, warmups, runs: runs.map(recordOf) };
}

export function recordOf(run: WorkloadRun): RunRecord {
  const { measures, startedNs, usage, cgroupPeak } = run;
  const peak = peakOf(run);
  const tree = groupOf(measures.tree, startedNs);
  return {
    startedAt: new Date(run.startedAtMs).toISOString(),
    end: run.end,
    wallNs: run.wallNs,
    treeWallNs: run.treeWallNs,
    engine: run.engine,
    hz: run.hz,
    samples: measures.frames,
    missedTicks: run.missedTicks,
    self: { cpuNs: Math.round(run.ownCpuNs), rss: run.ownRss },
    tree: usage ? { ...tree, ...wholeUsage(usage, tree) } : tree,
    programs: Object.fromEntries(
      [...measures.programs].map(([name, group]) => [utf8(name), groupOf(group, startedNs)]),
    ),
    ...(peak ? { peak } : {}),
    ...(cgroupPeak === undefined ? {} : { cgroupPeak: counted(cgroupPeak, 'kernel-peak') }),
    marks: run.marks,
    caveats: run.caveats,
  };
}

/** What was waited for is whole, while samples end with the last tick of each process. */
function wholeUsage(usage: NonNullable<WorkloadRun['usage']>, tree: GroupReport): Partial<GroupReport> {
  const { sampled, kernelPeak } = tree.largestProcess;
  const told = 'value' in kernelPeak ? Math.max(kernelPeak.value, usage.largestRss) : usage.largestRss;
  return {
    largestProcess: {
      sampled,
      kernelPeak: told > 0 ? counted(told, 'kernel-peak') : unknown('the kernel told of nobody'),
    },
    minorFaults: counted(usage.minorFaults),
    majorFaults: counted(usage.majorFaults),
    userTime: counted(usage.userNs),
    systemTime: counted(usage.systemNs),
    cpuTime: counted(usage.userNs + usage.systemNs),
  };
}

function groupOf(group: GroupMeasures, startedNs: bigint): GroupReport {
  const { processes, mostAtOnce, largest, counters, cpuTime } = group;
  const [rss, pss, uss, swap] = SUMS.map((name) => sumOf(group[name], startedNs)) as [
    SumReport,
    SumReport,
    SumReport,
    SumReport,
  ];
  return {
    processes,
    mostAtOnce,
    rss: mostAtOnce > 1 ? { ...rss, upperBound: true } : rss,
    ...{ pss, uss, swap, largestProcess: largest },
    ...counters,
    cpuTime,
  };
}

function sumOf({ peak, peakAtNs, mean }: Measured, startedNs: bigint): SumReport {
  return { peak, ...(peakAtNs === undefined ? {} : { peakAfterNs: Number(peakAtNs - startedNs) }), mean };
}

function peakOf({ measures, content, startedNs }: WorkloadRun): PeakReport | undefined {
  if (!content || measures.peakAtNs === undefined) return undefined;
  const { fromNs, toNs, processes, readRss, peakRss, classes, mappings } = content;
  return {
    afterNs: Number(measures.peakAtNs - startedNs),
    readFromNs: Number(fromNs - startedNs),
    readToNs: Number(toNs - startedNs),
    processesRead: processes,
    processes: measures.atPeak.length,
    readRss,
    peakRss,
    classes: Object.fromEntries(classes.map(({ mappingClass, ...part }) => [mappingClass, part])),
    mappings: mappings.slice(0, MOST_MAPPINGS).map(({ program, name, mappingClass, rss, pss, swap, count }) => ({
      program: utf8(program),
      name: utf8(name),
      class: mappingClass,
      ...{ rss, pss, swap, count },
    })),
  };
}

/** From characters of one byte each. */
function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
