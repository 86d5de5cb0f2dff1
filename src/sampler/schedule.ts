/**
 * Ticks on absolute deadlines: tick k is due at origin + k x period, however late tick k-1 was.
 *
 * The trap: a tick that cannot be met must be counted, not merged into the next one in silence. When a deadline is found
 * to have passed by a whole period or more, the ticks between are missed and the next sweep belongs to the tick that is
 * due now.
 */
export class Schedule {
  periodNs: bigint;
  /** The tick that is waited for or being read. */
  tick = 0;
  /** Ticks missed so far. */
  missed = 0;
  /** When tick 0 was due, or would have been at the present rate, monotonic nanoseconds. */
  originNs: bigint;

  constructor(originNs: bigint, hz: number) {
    this.originNs = originNs;
    this.periodNs = BigInt(Math.round(1e9 / hz));
  }

  /** When the current tick is due, monotonic nanoseconds. */
  get deadlineNs(): bigint {
    return this.originNs + BigInt(this.tick) * this.periodNs;
  }

  /** To be called when the wait is over: skips ticks whose time is gone. Returns how many were missed just now. */
  begin(nowNs: bigint): number {
    const late = nowNs - this.deadlineNs;
    if (late < this.periodNs) return 0;
    const missed = Number(late / this.periodNs);
    this.tick += missed;
    this.missed += missed;
    return missed;
  }

  /** Gives up all ticks that are due, of at most `ticks` (0: any number), and returns how many. */
  skipDue(nowNs: bigint, ticks: number): number {
    const late = nowNs - this.deadlineNs;
    if (late < 0n) return 0;
    const due = Number(late / this.periodNs) + 1;
    const missed = ticks > 0 ? Math.max(0, Math.min(due, ticks - this.tick)) : due;
    this.tick += missed;
    this.missed += missed;
    return missed;
  }

  /** The first tick is over: it stores all that there is, so where it took longer than a period the clock starts now. */
  start(nowNs: bigint): void {
    const late = nowNs - this.deadlineNs;
    if (late > 0n) this.originNs += late;
  }

  /** The ticks after the current one follow at another rate. */
  setRate(hz: number): void {
    const { deadlineNs } = this;
    this.periodNs = BigInt(Math.round(1e9 / hz));
    this.originNs = deadlineNs - BigInt(this.tick) * this.periodNs;
  }

  /** The sweep of the current tick is done. */
  advance(): void {
    this.tick++;
  }
}
