/** Memory and swap of the host at an instant of a recording, as top has them. */
import type { ClockLine } from '../recording/clock-line.js';
import { hostReadingAt } from '../recording/host-reading.js';
import type { Recording } from '../recording/recording.js';
import type { HostMetricName } from '../schema.js';
import { type MemorySummary, summarizeMemory } from '../views/top-summary.js';

/** A reading that is older tells of another time. */
const OLDEST_NS = 60_000_000_000n;

const FIELDS: readonly (readonly [string, HostMetricName])[] = [
  ['MemTotal', 'hostMemTotal'],
  ['MemFree', 'hostMemFree'],
  ['MemAvailable', 'hostMemAvailable'],
  ['Buffers', 'hostBuffers'],
  ['Cached', 'hostCached'],
  ['SReclaimable', 'hostSlabReclaimable'],
  ['SwapTotal', 'hostSwapTotal'],
  ['SwapFree', 'hostSwapFree'],
];

/** At or before a monotonic time; undefined where the host was not recorded then. */
export function memoryAt(recording: Recording, clock: ClockLine, atNs: bigint): MemorySummary | undefined {
  const reading = hostReadingAt(recording.ring, clock, atNs);
  if (!reading || clock.toUnix(atNs) - reading.timeNs > OLDEST_NS) return undefined;
  const known = FIELDS.map(([field, metric]) => [field, reading.value(metric)] as const);
  return summarizeMemory(new Map(known.filter(([, value]) => !Number.isNaN(value))));
}
