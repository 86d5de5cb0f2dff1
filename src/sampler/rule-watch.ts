/**
 * Looks at every tick whether a rule has become true of a process, and decides whether it is acted upon.
 *
 * The traps: this runs for thousands of processes at every tick, so nothing is allocated unless something happens; a value
 * that was not measured makes a rule neither true nor false; and what happens all at once, or again and again, must start no
 * storm: each process has a pause for each rule, and few actions run at once. What is not acted upon is counted.
 */
import type { TierColumns } from '../engine/tier-columns.js';
import { nameParts } from '../recording/events.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import type { LimitLog } from './limit-log.js';
import { LimitShares } from './limit-shares.js';
import type { ProcessTable } from './process-table.js';
import { RssGrowth } from './rss-growth.js';
import type { Comparison, Rule, RuleOperator } from './rules.js';

/** Of all rules together. */
export const MOST_AT_ONCE = 4;
const NEVER = Number.NEGATIVE_INFINITY;
const FALSE = 0;
const TRUE = 1;
const UNKNOWN = 2;
const NO_VALUES = new Float64Array(0);

export interface WatchedRule extends Rule {
  /** The same process is not acted upon again for so long; nanoseconds. */
  readonly everyNs: number;
}

/** A rule became true of a process, and is to be acted upon. Plain data that crosses threads. */
export interface Firing {
  /** Index of the rule among all that were ever watched. */
  readonly rule: number;
  /** Monotonic nanoseconds. */
  readonly timeNs: string;
  readonly pid: number;
  readonly startTicks: number;
  readonly comm: string;
  readonly commHex?: string;
  /** Index of the comparison that is true, and the value. */
  readonly comparison: number;
  readonly value: number;
}

interface State {
  readonly rule: WatchedRule;
  readonly index: number;
  /** By comparison: the column that it reads, and its values at this tick. */
  readonly columns: readonly number[];
  readonly values: Float64Array[];
  /** By slot: 1 while it is true. */
  isTrue: Uint8Array;
  firedNs: Float64Array;
  fired: number;
  tooSoon: number;
  tooMany: number;
}

export class RuleWatch {
  readonly #states: readonly State[];
  readonly #growth: RssGrowth | undefined;
  readonly #shares: LimitShares | undefined;
  /** Rules that were ever watched, those of the watches before included. */
  readonly #ever: number;
  #running = 0;

  /** `before`: what this one takes the place of. Of a rule that goes on, what is true already does not become true again. */
  constructor(
    rules: readonly WatchedRule[],
    private readonly table: ProcessTable,
    limits: LimitLog,
    private readonly fire: (firings: readonly Firing[]) => void,
    before?: RuleWatch,
  ) {
    const known = before ? before.#ever : 0;
    this.#ever = known + rules.length;
    this.#states = rules.map((rule, at) => ({
      ...{ rule, index: known + at, fired: 0, tooSoon: 0, tooMany: 0 },
      columns: rule.comparisons.map(({ source, metric }) =>
        (source === 'rollup' ? ROLLUP_COLUMNS : COUNTER_COLUMNS).indexOf(metric),
      ),
      values: rule.comparisons.map(() => NO_VALUES),
      isTrue: new Uint8Array(64),
      firedNs: new Float64Array(64).fill(NEVER),
    }));
    const has = (source: string) => rules.some(({ comparisons }) => comparisons.some((one) => one.source === source));
    this.#growth = has('growth') ? new RssGrowth((slope, slot) => this.#mayBeNews(slope, slot)) : undefined;
    this.#shares = has('limit') ? new LimitShares(table, limits) : undefined;
    if (before) this.#takeOver(before);
  }

  #takeOver(before: RuleWatch): void {
    this.#running = before.#running;
    for (let index = 0; index < this.table.count; index++) this.arrived(this.table.live[index]!);
    for (const state of this.#states) {
      const same = before.#states.find(({ rule }) => rule.text === state.rule.text);
      if (same) [state.isTrue, state.firedNs] = [same.isTrue, same.firedNs];
    }
  }

  /** A slot has a new process. */
  arrived(slot: number): void {
    for (const state of this.#states) {
      if (slot >= state.isTrue.length) grow(state, slot);
      state.isTrue[slot] = FALSE;
      state.firedNs[slot] = NEVER;
    }
    this.#growth?.arrived(slot);
    this.#shares?.arrived(slot);
  }

  /** Whether a growth would make a rule true that is not: only then it has to be known well. */
  #mayBeNews(slope: number, slot: number): boolean {
    for (const { rule, isTrue } of this.#states) {
      if (isTrue[slot] === TRUE) continue;
      for (const { source, operator, value } of rule.comparisons) {
        if (source === 'growth' && holds(operator, slope, value)) return true;
      }
    }
    return false;
  }

  /** An action has ended, so that another one may be taken. */
  ended(): void {
    this.#running--;
  }

  /** Behind the sweep of a tick. `rollups` hold of each process what was read last. */
  look(now: bigint, counters: TierColumns, rollups: TierColumns): void {
    const nowNs = Number(now);
    this.#growth?.look(nowNs, this.table, counters);
    this.#shares?.look(nowNs, counters);
    let firings: Firing[] | undefined;
    for (const state of this.#states) firings = this.#check(state, now, nowNs, counters, rollups, firings);
    if (firings) this.fire(firings);
  }

  #check(
    state: State,
    now: bigint,
    nowNs: number,
    counters: TierColumns,
    rollups: TierColumns,
    found: Firing[] | undefined,
  ): Firing[] | undefined {
    const { isTrue } = state;
    const { live, count } = this.table;
    const { status } = counters;
    const { comparisons } = state.rule;
    for (let index = 0; index < comparisons.length; index++) {
      state.values[index] = this.#valuesOf(comparisons[index]!, state.columns[index]!, counters, rollups);
    }
    let firings = found;
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      if (status[slot] !== Status.ok) continue;
      let truth = truthOf(state, 0, slot, rollups);
      for (let other = 1; other < comparisons.length && truth !== TRUE; other++) {
        const its = truthOf(state, other, slot, rollups);
        if (its !== FALSE) truth = its;
      }
      if (truth === UNKNOWN || truth === isTrue[slot]) continue;
      isTrue[slot] = truth;
      if (truth === FALSE || !this.#mayAct(state, slot, nowNs)) continue;
      firings ??= [];
      firings.push(this.#firing(state, slot, now, rollups));
    }
    return firings;
  }

  /** Counts it either way. */
  #mayAct(state: State, slot: number, nowNs: number): boolean {
    if (nowNs - state.firedNs[slot]! < state.rule.everyNs) {
      state.tooSoon++;
      return false;
    }
    if (this.#running >= MOST_AT_ONCE) {
      state.tooMany++;
      return false;
    }
    this.#running++;
    state.fired++;
    state.firedNs[slot] = nowNs;
    return true;
  }

  #firing(state: State, slot: number, now: bigint, rollups: TierColumns): Firing {
    const { pid, startTicks, comm } = this.table.identity(slot)!;
    const comparison = state.values.findIndex((_, index) => truthOf(state, index, slot, rollups) === TRUE);
    const value = state.values[comparison]![slot]!;
    return { rule: state.index, timeNs: `${now}`, pid, startTicks, ...nameParts(comm), comparison, value };
  }

  #valuesOf({ source }: Comparison, column: number, counters: TierColumns, rollups: TierColumns): Float64Array {
    if (source === 'counters') return counters.columns[column]!;
    if (source === 'rollup') return rollups.columns[column]!;
    return (source === 'growth' ? this.#growth?.slopes : this.#shares?.shares) ?? NO_VALUES;
  }

  /** Stores at the end what was not acted upon. */
  close(nowNs: bigint, writer: RecordingWriter): void {
    for (const { rule, fired, tooSoon, tooMany } of this.#states) {
      if (tooSoon + tooMany === 0) continue;
      const name = `${rule.text}: ${tooSoon + tooMany} times not acted upon`;
      const action = { rule: rule.text, state: 'suppressed' as const, fired, tooSoon, tooMany };
      writer.event(nowNs, { type: 'mark', name, action });
    }
  }
}

/** Of one comparison; nothing is known of a value that was not measured. */
function truthOf({ rule, values }: State, index: number, slot: number, rollups: TierColumns): number {
  const { source, operator, value: limit } = rule.comparisons[index]!;
  const column = values[index]!;
  if (slot >= column.length) return UNKNOWN;
  const value = column[slot]!;
  if (Number.isNaN(value) || (source === 'rollup' && rollups.status[slot] !== Status.ok)) return UNKNOWN;
  return holds(operator, value, limit) ? TRUE : FALSE;
}

function holds(operator: RuleOperator, value: number, limit: number): boolean {
  switch (operator) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
  }
}

function grow(state: State, slot: number): void {
  const isTrue = new Uint8Array((slot + 1) * 2);
  isTrue.set(state.isTrue);
  const firedNs = new Float64Array((slot + 1) * 2).fill(NEVER);
  firedNs.set(state.firedNs);
  [state.isTrue, state.firedNs] = [isTrue, firedNs];
}
