/**
 * How near each process is to what limits it: its address space (`RLIMIT_AS`), its data (`RLIMIT_DATA`), and the control
 * groups that it is in, once a second.
 *
 * The trap: a group has one limit and many members. Its largest member stands for it: else a full group would have every
 * one of them acted upon.
 */
import type { TierColumns } from '../engine/tier-columns.js';
import { COUNTER_COLUMNS } from '../schema.js';
import type { LimitLog } from './limit-log.js';
import type { ProcessTable } from './process-table.js';

const EVERY_NS = 1e9;
const SLACK = 0.98;
const RSS = COUNTER_COLUMNS.indexOf('rss');
const VSIZE = COUNTER_COLUMNS.indexOf('vsize');
const DATA_SIZE = COUNTER_COLUMNS.indexOf('dataSize');

export class LimitShares {
  /** Of the nearest limit, 1 is all of it, by slot; NaN without a limit that is known. */
  shares = new Float64Array(64).fill(Number.NaN);
  /** By the path of a group with a limit: its largest member so far. */
  readonly #largest = new Map<string, number>();
  #nextNs = 0;

  constructor(
    private readonly table: ProcessTable,
    private readonly limits: LimitLog,
  ) {}

  arrived(slot: number): void {
    if (slot >= this.shares.length) {
      const shares = new Float64Array((slot + 1) * 2).fill(Number.NaN);
      shares.set(this.shares);
      this.shares = shares;
    }
    this.shares[slot] = Number.NaN;
  }

  look(nowNs: number, counters: TierColumns): void {
    if (nowNs < this.#nextNs) return;
    this.#nextNs = nowNs + EVERY_NS * SLACK;
    const { live, count } = this.table;
    const { columns } = counters;
    const rss = columns[RSS]!;
    this.#largest.clear();
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      this.shares[slot] = Number.NaN;
      const known = this.limits.limitsOf(slot);
      if (known === undefined) continue;
      if (known.addressSpace !== undefined) this.#atLeast(slot, columns[VSIZE]![slot]! / known.addressSpace);
      if (known.data !== undefined) this.#atLeast(slot, columns[DATA_SIZE]![slot]! / known.data);
      for (const path of known.groups) {
        const before = this.#largest.get(path);
        if (before === undefined || rss[slot]! > rss[before]!) this.#largest.set(path, slot);
      }
    }
    for (const [path, slot] of this.#largest) this.#atLeast(slot, this.limits.shareOf(path));
  }

  #atLeast(slot: number, share: number): void {
    if (!(this.shares[slot]! >= share)) this.shares[slot] = share;
  }
}
