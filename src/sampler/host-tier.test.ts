import { expect, it } from 'vitest';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { HOST_COLUMNS, HOST_SOURCES } from '../schema.js';
import type { SamplerConfig } from './config.js';
import { HostTier } from './host-tier.js';

/** The host of this machine at ticks of a clock of ours: how many sweeps were stored. */
function sweepsAt(timesMs: readonly number[], hostTier: SamplerConfig['hostTier'], budget = 1): number {
  let sweeps = 0;
  const host = {
    write: (_: bigint, __: bigint, ___: number, values: Float64Array, sources: number) => {
      expect(values.length).toBe(HOST_COLUMNS.length);
      expect(sources & 1).toBe(1);
      expect(sources).toBeLessThan(1 << HOST_SOURCES.length);
      return ++sweeps > 0;
    },
  };
  const config = { hostTier, budget, root: '/proc', host: { pageSize: 4096, clockTicksPerSecond: 100 } };
  const tier = HostTier.open(config as SamplerConfig, { host } as unknown as RecordingWriter)!;
  const periodMs = timesMs[1]! - timesMs[0]!;
  for (const ms of timesMs) tier.tick(BigInt(Math.round(ms * 1e6)), periodMs * 1e6);
  const counted = sweeps;
  tier.close();
  expect(sweeps).toBe(counted + 1);
  return counted;
}

const every = (periodMs: number, count: number) => Array.from({ length: count }, (_, tick) => 1000 + tick * periodMs);

it('sweeps at the rate that was asked for, on ticks that come more often', () => {
  expect(sweepsAt(every(10, 200), 10)).toBe(20);
  expect(sweepsAt(every(10, 200), 20)).toBe(40);
  expect(sweepsAt(every(30, 200), 10)).toBe(60);
});

it('sweeps at each tick where they come less often, early and late as they are', () => {
  expect(sweepsAt(every(1000, 20), 10)).toBe(20);
  const late = every(100, 40).map((ms, tick) => ms + (tick % 3) * 8);
  expect(sweepsAt(late, 10)).toBe(40);
});

it('goes on after a pause without making up for it', () => {
  expect(sweepsAt([...every(100, 5), ...every(100, 5).map((ms) => ms + 60_000)], 10)).toBe(10);
});

it('sweeps ten times a second at most where the rate is left to it, and less often for a small budget', () => {
  expect(sweepsAt(every(10, 200), 'auto')).toBe(20);
  expect(sweepsAt(every(10, 200), 'auto', 0.0001)).toBeLessThan(10);
});
