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

  /** `asked`: a share of one core. What is spent and the rate, ticks per second, are asked for only where they are told. */
  constructor(
    private readonly asked: number,
    private readonly writer: RecordingWriter,
    private readonly spent: () => Spent,
    private readonly hz: () => number,
  ) {}

  /** The rate is another from now on, for a reason in words. */
  changed(nowNs: bigint, reason: string): void {
    this.#reason = reason;
    this.#store(nowNs);
  }

  /** To be called at each tick. */
  ticked(nowNs: bigint): void {
    if (this.#atNs !== undefined && nowNs - this.#atNs >= EVERY_NS) this.#store(nowNs);
  }

  /** The last stretch. */
  finish(nowNs: bigint): void {
    if (this.#atNs !== undefined) this.#store(nowNs);
  }

  #store(nowNs: bigint): void {
    const spent = this.spent();
    const passedNs = this.#atNs === undefined ? 0 : Number(nowNs - this.#atNs);
    const shareOf = (ns: number) => (passedNs > 0 ? Number((ns / passedNs).toFixed(6)) : 0);
    this.writer.event(nowNs, {
      type: 'budget',
      hz: this.hz(),
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
