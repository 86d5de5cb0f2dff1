/**
 * What is read beside the counters and the deep reads, each at a pace of its own: marks of resident memory, limits, the
 * host and its control groups.
 */
import type { Engine } from '../engine/engine.js';
import type { TierColumns } from '../engine/tier-columns.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { SamplerConfig } from './config.js';
import { HighWater } from './high-water.js';
import { LimitLog } from './limit-log.js';
import type { ProcessTable } from './process-table.js';
import { Tiers } from './tiers.js';

export class BesideTicks {
  readonly limits: LimitLog;
  readonly #highWater: HighWater | undefined;
  readonly #tiers: Tiers;

  constructor(config: SamplerConfig, table: ProcessTable, engine: Engine, writer: RecordingWriter) {
    const { root, hz, highWater } = config;
    this.limits = new LimitLog(root, hz, table, engine, writer);
    this.#highWater = highWater ? new HighWater(root, hz, table, writer) : undefined;
    this.#tiers = new Tiers(config, writer);
  }

  /** Before the first tick. */
  begin(nowNs: bigint): void {
    this.#tiers.begin(nowNs);
  }

  /** A process has a slot now. */
  arrived(slot: number): void {
    this.#highWater?.arrived(slot);
    this.limits.arrived(slot);
  }

  /** The process in a slot has gone, or becomes another program. */
  settle(slot: number, nowNs: bigint): void {
    this.#highWater?.settle(slot, nowNs);
  }

  /** Reads what is due after the sweep of a tick. */
  tick(nowNs: bigint, periodNs: bigint, counters: TierColumns): void {
    this.#highWater?.look(counters);
    this.limits.look(nowNs, counters);
    this.#tiers.tick(nowNs, Number(periodNs));
  }

  close(nowNs: bigint): void {
    this.#highWater?.close(nowNs);
    this.limits.close(nowNs);
    this.#tiers.close(nowNs);
  }
}
