/**
 * The rings of the host and of control groups: what is in them and how their rows are labelled.
 *
 * The trap: a fork storm, or thousands of groups, must not push the minute before out of the host's history: each has a ring
 * of its own.
 */
import type { RingSpec } from '../ring/ring-table.js';
import { type HostUnits, metricsOf, quantumOf, type Tier } from '../schema.js';

export const HOST_RING = 'host';
export const GROUP_RING = 'cgroup';

/** Numbers beside the columns of each row of the host. */
export const HOST_SCALARS = [
  /** What was read: 1 << i for the i-th of `HOST_SOURCES`. The columns of the others still hold what an earlier sweep read. */
  'sources',
] as const;

/** What was asked for; absent: not recorded. */
export interface TierChoice {
  /** How often the host is read: `auto`, or times per second as text. */
  readonly hostTier?: string | undefined;
  readonly cgroupTier?: string | undefined;
}

/** Shares of the file, in the units of those in `format.ts`. */
const HOST_SHARE = 10;
const GROUP_SHARE = 15;

export function tierRings({ hostTier, cgroupTier }: TierChoice, host: HostUnits): RingSpec[] {
  const ring = (tier: Tier & ('host' | 'cgroup'), share: number, scalars: readonly string[]): RingSpec => ({
    name: tier === 'host' ? HOST_RING : GROUP_RING,
    share,
    rows: 'all',
    columns: metricsOf(tier).map((metric) => ({ name: metric.name, quantum: quantumOf(metric, host) })),
    scalars: [...scalars],
  });
  return [
    ...(hostTier === undefined ? [] : [ring('host', HOST_SHARE, HOST_SCALARS)]),
    ...(cgroupTier === undefined ? [] : [ring('cgroup', GROUP_SHARE, [])]),
  ];
}

const LABEL_BYTES = 2;

/** The label of a host's row: u16, its number among the hosts of a merged recording, else 0. */
export function hostLabel(source = 0): Uint8Array {
  const label = new Uint8Array(LABEL_BYTES);
  new DataView(label.buffer).setUint16(0, source, true);
  return label;
}

/** The number in such a label; undefined when it is damaged. */
export function sourceOfHostLabel(label: Uint8Array): number | undefined {
  if (label.length < LABEL_BYTES) return undefined;
  return new DataView(label.buffer, label.byteOffset, label.byteLength).getUint16(0, true);
}
