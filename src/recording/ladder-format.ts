/**
 * The rings of a ladder: for each step one with aggregates of the counters and one with those of the deep reads.
 *
 * The trap: a value that no tick of the step measured has no aggregate; it is absent, and is not 0.
 */
import type { RingSpec } from '../ring/ring-table.js';
import { type HostUnits, metricsOf, quantumOf } from '../schema.js';
import { formatDuration, parseDuration } from '../text/duration.js';
import type { Keep } from './keep.js';

/** Numbers beside the columns of a step of counters. */
export const STEP_SCALARS = [
  /** Number of the first tick of the step. */
  'tick',
  /** Ticks that were recorded in it. */
  'ticks',
  /** The most of any of its ticks, nanoseconds. */
  'lateness',
  /** As of its last tick. */
  'ownCpu',
  /** The most of any of its ticks, bytes. */
  'ownRss',
  /** As of its last tick. */
  'missedTicks',
] as const;

/** Each metric is three columns: the last value that was measured in the step, the least and the most. */
export const AGGREGATE_SUFFIXES = ['', '.min', '.max'] as const;

/** What the ladder takes of the file, in the units of the shares in `format.ts`, and how a step is shared out. */
export const LADDER_SHARE = 90;
const COUNTERS_PART = 0.75;

/** Before anything is measured: bytes of a frame of ticks, and of a step. */
const TICK_BYTES = 100;
const STEP_BYTES = 250;

/** A row of a key: three times as many values as in a tick. */
export const LADDER_KEY_BYTES = 256;

export function ringNameOf(tier: 'counters' | 'rollup', stepNs: bigint): string {
  return `${tier}/${formatDuration(stepNs)}`;
}

/** The step in the name of a ring of counters, or undefined. */
export function stepOfRing(name: string): bigint | undefined {
  if (!name.startsWith('counters/')) return undefined;
  try {
    return parseDuration(name.slice('counters/'.length));
  } catch {
    return undefined;
  }
}

/** The rings for the steps of a ladder, in its order; the shares are what is expected before anything is measured. */
export function ladderRings(keep: Keep, hz: number, host: HostUnits, engine: string): RingSpec[] {
  const weights = expectedBytes(keep, hz);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return keep.steps.flatMap(({ stepNs }, index) => {
    const share = (LADDER_SHARE * weights[index + 1]!) / total;
    const columns = (tier: 'counters' | 'rollup') =>
      metricsOf(tier, engine).flatMap((metric) =>
        AGGREGATE_SUFFIXES.map((suffix) => ({ name: metric.name + suffix, quantum: quantumOf(metric, host) })),
      );
    return [
      {
        name: ringNameOf('counters', stepNs),
        share: share * COUNTERS_PART,
        rows: 'all' as const,
        columns: columns('counters'),
        scalars: [...STEP_SCALARS],
      },
      {
        name: ringNameOf('rollup', stepNs),
        share: share * (1 - COUNTERS_PART),
        rows: 'list' as const,
        columns: columns('rollup'),
        scalars: ['tick'],
      },
    ];
  });
}

/** What is expected to be left of `LADDER_SHARE` for the ticks themselves. */
export function fullShare(keep: Keep, hz: number): number {
  const weights = expectedBytes(keep, hz);
  return (LADDER_SHARE * weights[0]!) / weights.reduce((sum, weight) => sum + weight, 0);
}

function expectedBytes({ fullNs, steps }: Keep, hz: number): number[] {
  const full = (Number(fullNs) / 1e9) * hz * TICK_BYTES;
  return [full, ...steps.map(({ stepNs, keepNs }) => (Number(keepNs) / Number(stepNs)) * STEP_BYTES)];
}
