/**
 * Which control groups are read at a tick, and how deep: those that move or come near their limit often, idle ones seldom.
 *
 * The traps: a group is killed in within moments, so nearness is how soon its limit would be reached, not only how full it is; page cache
 * fills groups up to their limit and is given back on demand, so it does not count; one that lies still may start at any moment, so
 * none is left alone for long; and a thousand groups must not cost more than their share, so what is due waits where that is spent.
 */
import { GroupDepth } from '../schema.js';

/** Those that are not read at each tick are read together: a tick that reads anything costs more than reading one more. */
const BATCH_NS = 450e6;
/** How groups are read where there are few of them. Nanoseconds. */
const IDLE_NS = 1e9;
const MOST_IDLE_NS = 30e9;
const DEEP_NS = 1e9;
const SLOW_DEEP_NS = 5e9;
const WHOLE_NS = 30e9;
const MOST_WHOLE_NS = 1800e9;
/** Of one that moves: people change limits of what is in trouble. */
const MOVING_WHOLE_NS = 10e9;
/** What a read of each depth costs, about; what it did cost is learnt. */
const COST_NS = [4_000, 40_000, 100_000] as const;
/** Parts of the share that are for looking at idle groups, and at all of theirs. */
const IDLE_PART = 0.5;
const WHOLE_PART = 0.25;
/** A group that moves by this part of it between two reads, in these bounds, is read as often as it may be. */
const STEP_PART = 1 / 256;
const LEAST_STEP = 2 ** 18;
const MOST_STEP = 2 ** 24;
/** Near its limit: so much of it is taken, or it is reached so soon. */
const NEAR_PART = 0.9;
const NEAR_NS = 10e9;
/** Saved up at most, of a share; and at the beginning, when everything is new. */
const MOST_SAVED_NS = 2e9;
const FIRST_CREDIT_NS = 50e6;
/** Of the share and of the first credit: for reading more than the charge. The charge of all is to be known soon. */
const DEEP_PART = 0.6;
/** What those near their limit may take in advance, of a share. */
const MOST_DEBT_NS = 0.5e9;
/** An alarm is heard once in so long, and may cost this much. */
const ALARM_NS = 1e9;
const ALARM_CREDIT_NS = 50e6;
const LEARN = 0.25;
/** What cost more than was thought is not made up for by longer than this of a share: nothing would be read meanwhile. */
const LONGEST_DEBT_NS = 1e9;

export class GroupPace {
  /** What `plan` chose: slots and how deep each is to be read. */
  slots = new Uint32Array(0);
  depths = new Uint8Array(0);
  readonly #periodNs: number;
  readonly #share: number;
  readonly #leastIdleNs: number;
  readonly #mostIdleNs: number;
  readonly #batchNs: number;
  #rows = 0;
  /** By row: when it is due, the time between its reads, when it was read and what its charge was then. */
  #dueNs = new Float64Array(0);
  #everyNs = new Float64Array(0);
  #readNs = new Float64Array(0);
  #charge = new Float64Array(0);
  #deepNs = new Float64Array(0);
  #deepDueNs = new Float64Array(0);
  #wholeDueNs = new Float64Array(0);
  #isNear = new Uint8Array(0);
  /** Those that do not wait for a batch, and how many they are. */
  #isQuick = new Uint8Array(0);
  #quick = 0;
  #creditNs = FIRST_CREDIT_NS;
  #deepCreditNs = FIRST_CREDIT_NS * DEEP_PART;
  #creditAtNs = Number.NaN;
  #cursor = 0;
  #batchAtNs = Number.NEGATIVE_INFINITY;
  #idleNs = IDLE_NS;
  #wholeNs = WHOLE_NS;
  #plannedNs = 0;
  #plannedDeepNs = 0;
  #costPart = 1;
  #alarmAtNs = Number.NEGATIVE_INFINITY;

  /**
   * `periodNs`: least time between two reads of a group. `share` of a core that reading groups may take. `readsAll`: the charge
   * of every group is read at each tick.
   */
  constructor(periodNs: number, share: number, readsAll = false) {
    this.#periodNs = periodNs;
    this.#share = share;
    this.#leastIdleNs = readsAll ? periodNs : IDLE_NS;
    this.#mostIdleNs = readsAll ? periodNs : MOST_IDLE_NS;
    this.#batchNs = readsAll ? 0 : BATCH_NS;
  }

  /** A row has another group, of which nothing is known. */
  arrived(row: number): void {
    if (row >= this.#rows) this.#grow(row + 1);
    this.#dueNs[row] = Number.NEGATIVE_INFINITY;
    this.#everyNs[row] = this.#periodNs;
    this.#readNs[row] = Number.NEGATIVE_INFINITY;
    this.#charge[row] = Number.NaN;
    this.#deepNs[row] = Number.NEGATIVE_INFINITY;
    this.#deepDueNs[row] = Number.NEGATIVE_INFINITY;
    this.#wholeDueNs[row] = Number.NEGATIVE_INFINITY;
    this.#isNear[row] = 0;
    this.#setQuick(row);
  }

  /** A row has no group any more. */
  departed(row: number): void {
    this.#isNear[row] = 0;
    this.#everyNs[row] = Number.POSITIVE_INFINITY;
    this.#setQuick(row);
  }

  /** Whether a plan for now can choose any: between two batches that is for those alone that do not wait for one. */
  isTimeFor(nowNs: number): boolean {
    return this.#quick > 0 || this.#isBatch(nowNs);
  }

  #isBatch(nowNs: number): boolean {
    return nowNs - this.#batchAtNs >= this.#batchNs;
  }

  #setQuick(row: number): void {
    const isQuick = this.#isNear[row] === 1 || this.#everyNs[row]! < this.#batchNs ? 1 : 0;
    this.#quick += isQuick - this.#isQuick[row]!;
    this.#isQuick[row] = isQuick;
  }

  /** Somewhere on the host somebody was killed for want of memory: whose group it was is to be seen soon. */
  alarm(nowNs: number): void {
    if (nowNs - this.#alarmAtNs < ALARM_NS) return;
    this.#alarmAtNs = nowNs;
    this.#batchAtNs = Number.NEGATIVE_INFINITY;
    this.#creditNs = Math.max(this.#creditNs, ALARM_CREDIT_NS);
    this.#deepCreditNs = this.#creditNs;
    this.#dueNs.fill(Number.NEGATIVE_INFINITY);
    this.#deepDueNs.fill(Number.NEGATIVE_INFINITY);
  }

  /** Chooses among the first `count` of `live` who is read now. Returns how many. */
  plan(nowNs: number, live: Uint32Array, count: number): number {
    this.#earn(nowNs, count);
    if (this.slots.length < count) {
      this.slots = new Uint32Array(Math.ceil(count * 1.25));
      this.depths = new Uint8Array(this.slots.length);
    }
    // Ticks are not that exact: what is due within a part of one is read now.
    const due = nowNs + this.#periodNs * 0.4;
    let chosen = 0;
    let left = this.#creditNs;
    let deepLeft = this.#deepCreditNs;
    this.#plannedNs = 0;
    this.#plannedDeepNs = 0;
    const choose = (row: number, depth: number) => {
      this.slots[chosen] = row;
      this.depths[chosen] = depth;
      chosen++;
      const cost = COST_NS[depth]!;
      const deep = cost - COST_NS[GroupDepth.charge];
      left -= cost * this.#costPart;
      deepLeft -= deep * this.#costPart;
      this.#plannedNs += cost;
      this.#plannedDeepNs += deep;
    };
    const mostDebt = -MOST_DEBT_NS * this.#share;
    for (let index = 0; index < count && left > mostDebt; index++) {
      const row = live[index]!;
      if (this.#isNear[row] === 1 && this.#dueNs[row]! <= due) choose(row, this.#depthOf(row, due));
    }
    const isBatch = this.#isBatch(nowNs);
    if (isBatch) this.#batchAtNs = nowNs;
    const first = this.#cursor >= count ? 0 : this.#cursor;
    for (let step = 0; step < count; step++) {
      const index = first + step < count ? first + step : first + step - count;
      const row = live[index]!;
      if (!isBatch && this.#isQuick[row] === 0) continue;
      if (this.#isNear[row] === 1) continue;
      const depth = isBatch && deepLeft > 0 ? this.#depthOf(row, due) : GroupDepth.charge;
      if (depth === GroupDepth.charge && this.#dueNs[row]! > due) continue;
      if (left <= 0) {
        // Who waits is first at the next tick.
        this.#cursor = index;
        break;
      }
      choose(row, depth);
    }
    return chosen;
  }

  /** What a chosen row told: its charge, and what its nearest limit leaves it, of which `limit` is the whole. */
  read(row: number, depth: number, nowNs: number, charge: number, headroom: number, limit: number): void {
    const elapsedNs = nowNs - this.#readNs[row]!;
    const grown = charge - this.#charge[row]!;
    this.#readNs[row] = nowNs;
    this.#charge[row] = charge;
    const isReachedSoon = grown > 0 && (headroom * elapsedNs) / grown < NEAR_NS;
    const isNear = headroom < limit * (1 - NEAR_PART) || isReachedSoon;
    this.#isNear[row] = isNear ? 1 : 0;
    if (depth >= GroupDepth.moving) {
      this.#deepNs[row] = nowNs;
      this.#deepDueNs[row] = Number.POSITIVE_INFINITY;
    }
    if (depth === GroupDepth.whole) this.#wholeDueNs[row] = nowNs + this.#wholeNs;
    this.#everyNs[row] = this.#everyOf(row, elapsedNs, Math.abs(grown), charge, isNear);
    this.#dueNs[row] = nowNs + this.#everyNs[row]!;
    this.#setQuick(row);
    // NaN, of the first read, is no movement.
    if (Math.abs(grown) > 0) this.#moved(row, nowNs, Math.abs(grown) >= stepOf(charge), isNear);
  }

  /** What the last plan took, and what was done besides. */
  spent(cpuNs: number, besideNs = 0): void {
    const mostDebt = -LONGEST_DEBT_NS * this.#share;
    this.#creditNs = Math.max(this.#creditNs - cpuNs - besideNs, Math.min(this.#creditNs, mostDebt));
    if (this.#plannedNs === 0) return;
    this.#deepCreditNs -= (cpuNs * this.#plannedDeepNs) / this.#plannedNs;
    this.#deepCreditNs = Math.max(this.#deepCreditNs, mostDebt);
    const part = Math.min(4, Math.max(0.1, cpuNs / this.#plannedNs));
    this.#costPart += (part - this.#costPart) * LEARN;
  }

  #everyOf(row: number, elapsedNs: number, moved: number, charge: number, isNear: boolean): number {
    const most = Math.min(isNear ? this.#leastIdleNs : this.#idleNs, this.#everyNs[row]! * 2);
    if (!(moved > 0)) return most;
    if (isNear) return this.#periodNs;
    return Math.max(this.#periodNs, Math.min(most, (elapsedNs * stepOf(charge)) / moved));
  }

  #moved(row: number, nowNs: number, isFar: boolean, isNear: boolean): void {
    const every = isNear ? 0 : isFar ? DEEP_NS : SLOW_DEEP_NS;
    this.#deepDueNs[row] = Math.min(this.#deepDueNs[row]!, this.#deepNs[row]! + every);
    this.#wholeDueNs[row] = Math.min(this.#wholeDueNs[row]!, nowNs + Math.min(MOVING_WHOLE_NS, this.#wholeNs));
  }

  #depthOf(row: number, due: number): number {
    if (this.#wholeDueNs[row]! <= due) return GroupDepth.whole;
    return this.#deepDueNs[row]! <= due ? GroupDepth.moving : GroupDepth.charge;
  }

  #earn(nowNs: number, count: number): void {
    const elapsedNs = Number.isNaN(this.#creditAtNs) ? 0 : nowNs - this.#creditAtNs;
    this.#creditAtNs = nowNs;
    const earned = elapsedNs * this.#share;
    const most = MOST_SAVED_NS * this.#share;
    this.#creditNs = Math.min(Math.max(this.#creditNs, most), this.#creditNs + earned);
    this.#deepCreditNs = Math.min(Math.max(this.#deepCreditNs, most), this.#deepCreditNs + earned * DEEP_PART);
    const cost = (depth: number, part: number) => (count * COST_NS[depth]! * this.#costPart) / (this.#share * part);
    this.#idleNs = between(cost(GroupDepth.charge, IDLE_PART), this.#leastIdleNs, this.#mostIdleNs);
    this.#wholeNs = between(cost(GroupDepth.whole, WHOLE_PART), WHOLE_NS, MOST_WHOLE_NS);
  }

  #grow(rows: number): void {
    const room = Math.max(64, Math.ceil(rows * 1.5));
    const grown = (before: Float64Array) => {
      const larger = new Float64Array(room);
      larger.set(before);
      return larger;
    };
    this.#dueNs = grown(this.#dueNs);
    this.#everyNs = grown(this.#everyNs);
    this.#readNs = grown(this.#readNs);
    this.#charge = grown(this.#charge);
    this.#deepNs = grown(this.#deepNs);
    this.#deepDueNs = grown(this.#deepDueNs);
    this.#wholeDueNs = grown(this.#wholeDueNs);
    const marks = (before: Uint8Array) => {
      const larger = new Uint8Array(room);
      larger.set(before);
      return larger;
    };
    this.#isNear = marks(this.#isNear);
    this.#isQuick = marks(this.#isQuick);
    this.#rows = room;
  }
}

function stepOf(charge: number): number {
  return between(charge * STEP_PART, LEAST_STEP, MOST_STEP);
}

function between(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
