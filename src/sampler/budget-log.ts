/**
 * What was asked of the budget, what was given and why, as a series in the recording: at the begin, with each change of
 * the rate, once a minute, and at the end.
 *
 * The trap: a share since the begin hides what happens now, so each record tells the stretch since the one before.
 */
import type { RecordingWriter } from '../recording/recording-writer.js';

const EVERY_NS = 60_000_000_000n;

/** CPU nanoseconds so far: of everything, and of deep reads. */
export interface Spent {
  readonly cpuNs: number;
  readonly deepNs: number;
}

export class BudgetLog {
  #atNs: bigint | undefined;
  #before: Spent = { cpuNs: 0, deepNs: 0 };
  #reason = '';

  constructor(
    private readonly asked: number,
    private readonly writer: RecordingWriter,
  ) {}

  /** The rate is this from now on, for a reason in words. */
  changed(nowNs: bigint, spent: Spent, hz: number, reason: string): void {
    this.#reason = reason;
    this.#store(nowNs, spent, hz);
  }

  /** To be called at each tick. */
  ticked(nowNs: bigint, spent: Spent, hz: number): void {
    if (this.#atNs !== undefined && nowNs - this.#atNs >= EVERY_NS) this.#store(nowNs, spent, hz);
  }

  /** The last stretch. */
  finish(nowNs: bigint, spent: Spent, hz: number): void {
    if (this.#atNs !== undefined) this.#store(nowNs, spent, hz);
  }

  #store(nowNs: bigint, spent: Spent, hz: number): void {
    const passedNs = this.#atNs === undefined ? 0 : Number(nowNs - this.#atNs);
    const shareOf = (ns: number) => (passedNs > 0 ? Number((ns / passedNs).toFixed(6)) : 0);
    this.writer.event(nowNs, {
      type: 'budget',
      hz,
      asked: this.asked,
      seconds: Number((passedNs / 1e9).toFixed(3)),
      used: shareOf(spent.cpuNs - this.#before.cpuNs),
      deep: shareOf(spent.deepNs - this.#before.deepNs),
      reason: this.#reason,
    });
    this.#atNs = nowNs;
    this.#before = spent;
  }
}
