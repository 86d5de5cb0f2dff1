/**
 * Sweeps as the sampler would hand them to the ring, made up: slots with labels, and columns whose values move as the
 * values of processes do.
 *
 * The trap: making up values costs more than storing them. So the sweeps are made beforehand and handed over in turn, and
 * only the storing is timed.
 */
import { TierColumns } from '../src/engine/tier-columns.js';
import type { CounterScalars, RecordingMetadata } from '../src/recording/format.js';
import { RecordingWriter } from '../src/recording/recording-writer.js';
import { SharedStorage } from '../src/ring/shared-storage.js';
import type { Storage } from '../src/ring/storage.js';
import { COUNTER_COLUMNS, type HostUnits, type MetricName, metricsOf, quantumOf } from '../src/schema.js';

export const SLOTS = 2000;
/** What the ring has columns for; sweeps hold also what only the engine in the kernel measures. */
export const METRICS = metricsOf('counters', 'none').map(({ name }) => name as MetricName);
/** Values of one sweep that are stored. */
export const POINTS = SLOTS * METRICS.length;

const HOST: HostUnits = { pageSize: 4096, clockTicksPerSecond: 100 };
const RING_BYTES = 128 * 2 ** 20;
const BLOCK_BYTES = 2 ** 22;
const PERIOD_NS = 10_000_000n;
const SWEEP_NS = 6_000_000n;

/** A writer over memory with all its slots taken; `sweep` stores one frame of the given columns. */
export class SyntheticRing {
  readonly buffer: SharedArrayBuffer;
  readonly #writer: RecordingWriter;
  readonly #scalars: CounterScalars = {
    tick: 0,
    lateness: 0,
    ownCpu: 0,
    ownRss: 50 * 2 ** 20,
    missedTicks: 0,
    statEvery: 1,
  };
  #nowNs = 1_000_000_000_000n;

  /** Over memory of its own, or over another storage; with `keep`, the ladder is written too. */
  constructor(other?: Storage, keep?: string) {
    this.buffer = new SharedArrayBuffer(other === undefined ? RING_BYTES : 0);
    const storage = other ?? new SharedStorage(this.buffer);
    const metadata = { ...METADATA, ...(keep === undefined ? {} : { keep }) };
    this.#writer = RecordingWriter.create(storage, { metadata, blockBytes: BLOCK_BYTES, maxSlots: SLOTS });
    const comm = new TextEncoder().encode('python3');
    for (let slot = 0; slot < SLOTS; slot++) {
      const pid = 1000 + slot;
      const identity = { pid, startTicks: 5_000_000 + slot, parentPid: 1, kernelThread: false, comm };
      this.#writer.arrive(this.#nowNs, slot, identity);
    }
  }

  /** Bytes and changed values of the counters ring so far. */
  get stats(): { readonly bytes: number; readonly changed: number } {
    return this.#writer.stats[0]!;
  }

  /** Bytes of all rings so far. */
  get allBytes(): number {
    return this.#writer.stats.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Monotonic time of the last frame. */
  get nowNs(): bigint {
    return this.#nowNs;
  }

  close(): void {
    this.#writer.close(this.#nowNs, 'stopped', false);
  }

  /** Stores one frame. The numbers beside the columns move as they do in a recording. */
  sweep(columns: TierColumns): void {
    const scalars = this.#scalars as { -readonly [name in keyof CounterScalars]: number };
    scalars.tick++;
    scalars.lateness = 30_000 + ((scalars.tick * 7919) % 4001);
    scalars.ownCpu += 5_900_000 + ((scalars.tick * 104729) % 200_003);
    this.#nowNs += PERIOD_NS;
    const startNs = this.#nowNs + BigInt(scalars.lateness);
    if (!this.#writer.counters(startNs, startNs + SWEEP_NS, scalars, columns)) throw new Error('A frame was dropped');
  }
}

/** One sweep after the other, each moved from the one before in that share of its values, by a few quanta. */
export function movingSweeps(count: number, share: number): TierColumns[] {
  const metrics = metricsOf('counters');
  const random = randomFrom(42);
  const first = new TierColumns(COUNTER_COLUMNS, SLOTS);
  for (const [place, metric] of metrics.entries()) {
    const quantum = quantumOf(metric, HOST);
    for (let slot = 0; slot < SLOTS; slot++) first.columns[place]![slot] = Math.floor(random() * 10_000) * quantum;
  }
  const sweeps = [first];
  while (sweeps.length < count) {
    const next = sweeps.at(-1)!.grown(SLOTS);
    for (const [place, metric] of metrics.entries()) {
      const column = next.columns[place]!;
      const quantum = quantumOf(metric, HOST);
      for (let slot = 0; slot < SLOTS; slot++) {
        if (random() >= share) continue;
        // Small steps are the most frequent; a gauge goes both ways.
        const step = 1 + Math.floor(random() ** 3 * 64);
        column[slot]! += (metric.kind === 'gauge' && random() < 0.5 ? -step : step) * quantum;
      }
    }
    sweeps.push(next);
  }
  return sweeps;
}

/** The same, but of slots: where one moves, memory and faults move together, as those of a process do. */
export function movingSlots(count: number, share: number): TierColumns[] {
  const metrics = metricsOf('counters');
  const random = randomFrom(7);
  const [first] = movingSweeps(1, 0) as [TierColumns];
  const sweeps = [first];
  while (sweeps.length < count) {
    const next = sweeps.at(-1)!.grown(SLOTS);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (random() >= share) continue;
      const pages = 1 + Math.floor(random() * 8);
      const sign = random() < 0.5 ? -1 : 1;
      for (const [place, metric] of metrics.entries()) {
        const quantum = quantumOf(metric, HOST);
        if (metric.quantum === 'page') next.columns[place]![slot]! += sign * pages * quantum;
        if (metric.name === 'minorFaults') next.columns[place]![slot]! += pages;
      }
    }
    sweeps.push(next);
  }
  return sweeps;
}

/** The same numbers in every run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of a recording of made-up processes. */
export const METADATA: RecordingMetadata = {
  format: 'tide-1',
  writer: { name: 'tidemark', version: '0', pid: 0 },
  host: { hostname: 'bench', kernel: '', architecture: process.arch, cpus: 1, bootId: '', ...HOST },
  engine: { name: 'none', reason: 'synthetic' },
  procfs: '/proc',
  target: 'synthetic',
  hz: 100,
  rollup: 'off',
  mappings: 'off',
  audit: 0,
  startedAt: { monotonicNs: '1000000000000', realNs: '1700000000000000000', boottimeNs: '1000000000000' },
};
