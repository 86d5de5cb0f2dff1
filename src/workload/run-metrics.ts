/**
 * The numbers of a run by name, as rules and comparisons name them: `pss.peak`, `cpu`, `program.cc1.rss.peak`,
 * `class.heap.pss`, `mapping.node [anon] anon.pss`.
 */
import { knownValue, type MetricReading } from '../analyze/metric-reading.js';
import { parseDuration } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { parseSize } from '../text/size.js';
import type { GroupReport, RunRecord } from './run-report.js';

export type MetricUnit = 'bytes' | 'nanoseconds' | 'count';

/** Of the whole workload, in the order of tables. */
export const TREE_METRICS: Readonly<Record<string, MetricUnit>> = {
  'pss.peak': 'bytes',
  'pss.mean': 'bytes',
  'rss.peak': 'bytes',
  'rss.mean': 'bytes',
  'uss.peak': 'bytes',
  'uss.mean': 'bytes',
  'swap.peak': 'bytes',
  'hwm.peak': 'bytes',
  'cgroup.peak': 'bytes',
  minorFaults: 'count',
  majorFaults: 'count',
  cpu: 'nanoseconds',
  user: 'nanoseconds',
  system: 'nanoseconds',
  wall: 'nanoseconds',
  processes: 'count',
};

const PROGRAM_METRICS = ['pss.peak', 'pss.mean', 'rss.peak', 'hwm.peak', 'cpu'];

/** The reading of a metric, or undefined when no run has one of that name. */
export function readingOf(run: RunRecord, name: string): MetricReading | undefined {
  if (Object.hasOwn(TREE_METRICS, name)) return treeReading(run, name);
  const program =
    /^program\.(.+)\.((?:pss|rss|uss|swap|hwm)\.\w+|cpu|user|system|minorFaults|majorFaults|processes)$/s.exec(name);
  if (program) {
    const group = Object.hasOwn(run.programs, program[1]!) ? run.programs[program[1]!] : undefined;
    return group && groupReading(group, program[2]!);
  }
  const part = /^class\.([\w-]+)\.(pss|rss)$/.exec(name);
  if (!part || !run.peak || !Object.hasOwn(run.peak.classes, part[1]!)) return undefined;
  return whole(run.peak.classes[part[1]!]![part[2] as 'pss' | 'rss']);
}

/** All that a comparison looks at, by name; NaN where it is not known. */
export function metricsOf(run: RunRecord): Map<string, number> {
  const out = new Map<string, number>();
  for (const name of Object.keys(TREE_METRICS)) out.set(name, knownValue(treeReading(run, name)));
  for (const [program, group] of Object.entries(run.programs)) {
    for (const name of PROGRAM_METRICS) out.set(`program.${program}.${name}`, knownValue(groupReading(group, name)));
  }
  if (!run.peak) return out;
  for (const [name, { pss }] of Object.entries(run.peak.classes)) out.set(`class.${name}.pss`, pss);
  for (const { program, name, class: mappingClass, pss } of run.peak.mappings) {
    out.set(`mapping.${program} ${name} ${mappingClass}.pss`, pss);
  }
  return out;
}

/** The unit of a metric by its name, or undefined when there is no such metric. */
export function unitOf(name: string): MetricUnit | undefined {
  if (Object.hasOwn(TREE_METRICS, name)) return TREE_METRICS[name];
  if (/^class\.[\w-]+\.(?:pss|rss)$/.test(name) || /^mapping\..+\.pss$/s.test(name)) return 'bytes';
  const [, last] = /^program\..+?\.((?:(?:pss|rss|uss|swap|hwm)\.(?:peak|mean))|\w+)$/s.exec(name) ?? [];
  return last !== undefined && Object.hasOwn(TREE_METRICS, last) ? TREE_METRICS[last] : undefined;
}

/** A value as the unit of its metric is written. Throws `InputError`. */
export function parseValue(text: string, unit: MetricUnit): number {
  if (unit === 'bytes') return parseSize(text);
  if (unit === 'nanoseconds') return Number(parseDuration(text));
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InputError(text, 'a count', 'a whole number');
}

function treeReading(run: RunRecord, name: string): MetricReading | undefined {
  if (name === 'wall') return whole(run.wallNs);
  if (name === 'cgroup.peak') return run.cgroupPeak;
  return groupReading(run.tree, name);
}

function groupReading(group: GroupReport, name: string): MetricReading | undefined {
  if (name === 'hwm.peak') return group.largestProcess.kernelPeak;
  if (name === 'cpu') return cpuReading(group);
  if (name === 'user') return group.userTime;
  if (name === 'system') return group.systemTime;
  // Nobody was seen and nobody told: that is not none.
  if (name === 'processes') return whole(group.processes || Number.NaN);
  if (name === 'minorFaults' || name === 'majorFaults') return group[name];
  const [, sum, kind] = /^(pss|rss|uss|swap)\.(peak|mean)$/.exec(name) ?? [];
  return sum === undefined ? undefined : group[sum as 'pss'][kind as 'peak'];
}

/** User and system time together. */
export function cpuReading({ cpuTime, userTime, systemTime }: GroupReport): MetricReading {
  return cpuTime ?? whole(knownValue(userTime) + knownValue(systemTime));
}

function whole(value: number): MetricReading {
  return Number.isNaN(value)
    ? { state: 'unsupported', reason: 'not measured' }
    : { state: 'measured', value, ageMs: 0, method: 'counter' };
}
