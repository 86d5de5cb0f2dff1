/**
 * The same groups by the names of process-exporter (`namedprocess_namegroup_*`), so that its dashboards and alerts go on working.
 *
 * The trap: its groups are the whole names of programs, and dashboards filter by them, so `--group comm` is what goes with it.
 */
import type { Family, FamilyType, Sample } from './exposition.js';
import type { GroupFacts } from './group-families.js';
import { GROUP_COUNTERS } from './group-meter.js';
import type { GroupGauge } from './group-readings.js';

type Counter = (typeof GROUP_COUNTERS)[number];

export function namedProcessFamilies({ meter, readings, windowNs, constant }: GroupFacts): Family[] {
  const { table } = meter;
  const labels = (place: number, more: string) => `${constant}groupname="${table.labels[place]}"${more}`;
  const series = (read: (place: number) => number, more = ''): Sample[] =>
    readings.places.map((place) => ({ labels: labels(place, more), value: read(place) }));
  const family = (name: string, type: FamilyType, help: string, ...samples: Sample[][]): Family => ({
    ...{ name: `namedprocess_namegroup_${name}`, type, help },
    samples: samples.flat(),
  });
  const gauge = (name: GroupGauge) => (place: number) => readings.gauges[name][place]!;
  const counter = (name: Counter, scale = 1) => {
    const values = meter.counters[GROUP_COUNTERS.indexOf(name)]!;
    return (place: number) => values[place]! * scale;
  };
  return [
    family(
      'num_procs',
      'gauge',
      'Number of processes in this group',
      series((place) => readings.members[place]!),
    ),
    family('num_threads', 'gauge', 'Number of threads', series(gauge('threads'))),
    family(
      'memory_bytes',
      'gauge',
      'Number of bytes of memory in use',
      series((place) => table.rss[place]!, ',memtype="resident"'),
      series((place) => table.high(place, windowNs), ',memtype="residentMax"'),
      series(gauge('vsize'), ',memtype="virtual"'),
      series(gauge('swap'), ',memtype="swapped"'),
      series(gauge('pss'), ',memtype="proportionalResident"'),
    ),
    family(
      'cpu_seconds_total',
      'counter',
      'CPU user and system usage in seconds',
      series(counter('userTime', 1e-9), ',mode="user"'),
      series(counter('systemTime', 1e-9), ',mode="system"'),
    ),
    family('major_page_faults_total', 'counter', 'Major page faults', series(counter('majorFaults'))),
    family('minor_page_faults_total', 'counter', 'Minor page faults', series(counter('minorFaults'))),
  ];
}
