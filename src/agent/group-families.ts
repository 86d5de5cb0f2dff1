/**
 * The series of the groups. Names, units and help come from the one list of metrics: what a process has as
 * `process_resident_memory_bytes`, its group has as `process_group_resident_memory_bytes`.
 *
 * The trap: a store pays for every series for as long as it keeps anything, so the small set is what an operator alerts on and
 * no more: six or seven series a group.
 */
import { findMetric, type Metric, type MetricName } from '../schema.js';
import type { Family, Sample } from './exposition.js';
import { GROUP_COUNTERS, type GroupMeter } from './group-meter.js';
import { type GroupGauge, type GroupReadings, SIZE_BOUNDS } from './group-readings.js';

export interface GroupFacts {
  readonly meter: GroupMeter;
  readonly readings: GroupReadings;
  /** How far back maxima reach. */
  readonly windowNs: bigint;
  /** By place: the part of its limit that is used; absent where it has none. */
  readonly limits: ReadonlyMap<number, number>;
  /** What each series has besides its group: `host="a",` or ''. */
  readonly constant: string;
}

/** Sums that the small set has, and those that the full one has besides. */
const SMALL: readonly GroupGauge[] = ['rssAnon', 'pss', 'swap'];
const FULL: readonly GroupGauge[] = ['uss', 'pssFile', 'pssShmem'];
/** Most series of one group in the small set. */
export const SMALL_SERIES = 4 + SMALL.length;

export function groupFamilies(facts: GroupFacts, isFull: boolean): Family[] {
  const { meter, readings, windowNs, limits } = facts;
  const { table } = meter;
  const rss = metricOf('rss');
  const family = (name: string, help: string, read: (place: number) => number): Family => ({
    ...{ name, type: 'gauge', help },
    samples: readings.places.map((place) => sampleOf(facts, place, read(place))),
  });
  const sum = (name: GroupGauge) => {
    const metric = metricOf(name);
    return family(groupName(metric), sumHelp(metric), (place) => readings.gauges[name][place]!);
  };
  const small = [
    family('process_group_processes', 'Processes of the group', (place) => readings.members[place]!),
    family(
      groupName(rss),
      'Resident memory, added up: shared pages count for each process',
      (place) => table.rss[place]!,
    ),
    family(
      groupName(rss, '_max'),
      'Most resident memory in the window that was asked for, spikes between sweeps included as far as the kernel tells',
      (place) => table.high(place, windowNs),
    ),
    ...SMALL.map(sum),
    family(
      'process_group_limit_ratio',
      'Memory charged to the control group of the group by its limit, of the tightest of those that it is in',
      (place) => limits.get(place) ?? Number.NaN,
    ),
  ];
  if (!isFull) return small;
  return [
    ...small,
    ...FULL.map(sum),
    family(groupName(rss, '_min'), 'Least resident memory in the window that was asked for', (place) =>
      table.low(place, windowNs),
    ),
    family('process_group_growth_bytes_per_second', 'Change of resident memory over the window', (place) => {
      const { bytes, seconds } = table.firstIn(place, windowNs);
      return seconds > 0 ? (table.rss[place]! - bytes) / seconds : Number.NaN;
    }),
    ...GROUP_COUNTERS.map((name, counter) => counterFamily(facts, name, counter)),
    sizesFamily(facts),
  ];
}

function counterFamily(facts: GroupFacts, name: MetricName, counter: number): Family {
  const metric = metricOf(name);
  const scale = metric.unit === 'nanoseconds' ? 1e-9 : 1;
  return {
    ...{ name: groupName(metric), type: 'counter', help: `${sumHelp(metric)} since the group was first seen` },
    samples: facts.readings.places.map((place) =>
      sampleOf(facts, place, facts.meter.counters[counter]![place]! * scale),
    ),
  };
}

/** How many processes are how large, now: of a fleet the buckets add up, which quantiles do not. */
function sizesFamily(facts: GroupFacts): Family {
  const { readings, meter } = facts;
  const width = SIZE_BOUNDS.length + 1;
  const samples = readings.places.flatMap((place): Sample[] => {
    const labels = labelsOf(facts, place);
    const at = (bound: number) => readings.sizes[place * width + bound]!;
    return [
      ...SIZE_BOUNDS.map((bytes, bound) => bucket(labels, String(bytes), at(bound))),
      bucket(labels, '+Inf', at(width - 1)),
      { labels, value: meter.table.rss[place]!, suffix: '_sum' },
      { labels, value: at(width - 1), suffix: '_count' },
    ];
  });
  const help = 'Processes of the group by resident memory, as they are now';
  return { name: 'process_group_size_bytes', type: 'histogram', help, samples };
}

function bucket(labels: string, bound: string, value: number): Sample {
  return { labels: `${labels},le="${bound}"`, value, suffix: '_bucket' };
}

function sampleOf(facts: GroupFacts, place: number, value: number): Sample {
  return { labels: labelsOf(facts, place), value };
}

function labelsOf({ meter, constant }: GroupFacts, place: number): string {
  return `${constant}group="${meter.table.labels[place]}"`;
}

function sumHelp({ help }: Metric): string {
  return `${help.replace(' of this process', '').replace('only this process maps', 'only one process maps')}, added up`;
}

function metricOf(name: MetricName): Metric {
  return findMetric(name)!;
}

/** The name of a sum over a group; Prometheus wants times in seconds. `middle` goes before the unit. */
export function groupName({ prometheus }: Metric, middle = ''): string {
  const name = prometheus.replace(/^process_/, 'process_group_').replace('nanoseconds', 'seconds');
  return middle === '' ? name : name.replace(/_bytes$/, `${middle}_bytes`);
}
