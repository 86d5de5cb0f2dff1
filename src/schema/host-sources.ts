/**
 * Which file each value of the host comes from: they are not read equally often, and a recording says which were read.
 */
import { HOST_METRICS } from './host-metrics.js';

/** By bit of the number that a recording stores with each sweep: they never change, new ones are appended. */
export const HOST_SOURCES = ['meminfo', 'vmstat', 'pressure', 'zoneinfo', 'zram'] as const;

export type HostSource = (typeof HOST_SOURCES)[number];

/** What the kernel fields of a source begin with. */
const STARTS: readonly (readonly [start: string, source: HostSource])[] = [
  ['meminfo ', 'meminfo'],
  // Read with meminfo: who looks for a stall wants both of one instant.
  ['pressure/memory ', 'meminfo'],
  ['pressure/', 'pressure'],
  ['vmstat ', 'vmstat'],
  ['zoneinfo ', 'zoneinfo'],
  ['/sys/block/zram', 'zram'],
];

/** By column of the host tier: the bit of its source. */
export const HOST_SOURCE_BITS: readonly number[] = HOST_METRICS.map(({ source }) =>
  HOST_SOURCES.indexOf(STARTS.find(([start]) => source.startsWith(start))![1]),
);
