/**
 * Two sets of runs compared, metric by metric: did memory get worse?
 *
 * The traps: with hundreds of metrics some differ by chance, so all but those that somebody named are held to a rate of
 * false discoveries (one in twenty of each kind); "no difference" may mean that there are too few runs, so how many would be needed is a part of the
 * answer; and a program or mapping that one side does not have is 0 there, while what was not measured is not compared.
 */
import { detectableChange, discoveries, LEAST_RUNS, runsNeeded, type Shift, shiftOf } from '../analyze/two-samples.js';
import { type Difference, differencesOf } from './conditions.js';
import { allowedChange, type Rule } from './rules.js';
import { metricsOf, TREE_METRICS } from './run-metrics.js';
import type { RunRecord, RunReport } from './run-report.js';

/**
 * `more`, `less`: the sides differ. `same`: no difference that these runs can show. `too-few`: fewer than four runs on a side.
 * `unknown`: not measured on one side.
 */
export type Verdict = 'more' | 'less' | 'same' | 'too-few' | 'unknown';

export interface MetricComparison extends Shift {
  readonly metric: string;
  /** Named by a rule, or `pss.peak` where there is none: tested by itself. */
  readonly isNamed: boolean;
  readonly verdict: Verdict;
  /** Of `before`; NaN where that is 0. */
  readonly relative: number;
  readonly relativeLow: number;
  readonly relativeHigh: number;
  /** Relative change that these runs would show in four of five trials, and runs on a side that would show the one seen. */
  readonly detectable: number;
  readonly runsNeeded: number;
}

/** What became of a rule. */
export interface RuleOutcome {
  readonly rule: Rule;
  /** `exceeded`: with confidence. `unsure`: the change seen is larger, its interval is not. */
  readonly outcome: 'kept' | 'exceeded' | 'unsure' | 'unknown';
  /** Runs on each side that would make sure, of a rule that is not. */
  readonly runsNeeded?: number;
}

export interface Comparison {
  readonly before: RunReport;
  readonly after: RunReport;
  readonly conditions: readonly Difference[];
  readonly metrics: readonly MetricComparison[];
  readonly rules: readonly RuleOutcome[];
}

const DEFAULT_NAMED = 'pss.peak';
const LEVEL = 0.05;

export function compareRuns(before: RunReport, after: RunReport, rules: readonly Rule[] = []): Comparison {
  const sides = [before.runs.map(metricsOf), after.runs.map(metricsOf)] as const;
  const named = new Set(rules.length > 0 ? rules.map(({ metric }) => metric) : [DEFAULT_NAMED]);
  const seen = new Set([...Object.keys(TREE_METRICS), ...named, ...sides.flat().flatMap((run) => [...run.keys()])]);
  const samples = [...seen].map((metric) => ({
    metric,
    before: sampleOf(before.runs, sides[0], metric),
    after: sampleOf(after.runs, sides[1], metric),
  }));
  const shifts = samples.map(({ before, after }) => shiftOf(before, after));
  // Those that were named stand for themselves.
  const families = samples.map(({ metric }) => (named.has(metric) ? undefined : familyOf(metric)));
  const held = shifts.map(() => false);
  for (const family of new Set(families)) {
    if (family === undefined) continue;
    const ps = shifts.map(({ p }, index) => (families[index] === family ? p : Number.NaN));
    discoveries(ps).forEach((isHeld, index) => {
      held[index] ||= isHeld;
    });
  }
  const metrics = samples.map(({ metric, before, after }, index): MetricComparison => {
    const shift = shifts[index]!;
    const isNamed = named.has(metric);
    const isShown = (isNamed ? shift.p <= LEVEL : held[index]!) && (shift.low > 0 || shift.high < 0);
    const share = (value: number) => (shift.before === 0 ? Number.NaN : value / Math.abs(shift.before));
    return {
      ...{ metric, isNamed, ...shift, verdict: verdictOf(shift, isShown) },
      relative: share(shift.change),
      relativeLow: share(shift.low),
      relativeHigh: share(shift.high),
      detectable: share(detectableChange(before, after)),
      runsNeeded: runsNeeded(before, after, shift.change),
    };
  });
  const bySample = new Map(samples.map((sample) => [sample.metric, sample]));
  return {
    ...{ before, after, metrics },
    conditions: differencesOf(before.conditions, after.conditions),
    rules: rules.map((rule) => outcomeOf(rule, bySample.get(rule.metric)!)),
  };
}

/** Whether any rule was exceeded with confidence. */
export function isExceeded({ rules }: Comparison): boolean {
  return rules.some(({ outcome }) => outcome === 'exceeded');
}

/** Those of the whole, of programs, of classes and of mappings: each kind is held to the rate by itself. */
function familyOf(metric: string): string {
  return /^(?:program|class|mapping)(?=\.)/.exec(metric)?.[0] ?? 'whole';
}

function sampleOf(runs: readonly RunRecord[], metrics: readonly ReadonlyMap<string, number>[], name: string): number[] {
  return metrics.flatMap((run, index) => {
    const value = run.get(name) ?? absentValue(runs[index]!, name);
    return Number.isNaN(value) ? [] : [value];
  });
}

/** What a run has of a program, class or mapping that is not in it. */
function absentValue(run: RunRecord, name: string): number {
  if (name.startsWith('program.')) return run.samples > 0 ? 0 : Number.NaN;
  return run.peak && /^(?:class|mapping)\./.test(name) ? 0 : Number.NaN;
}

function verdictOf({ beforeRuns, afterRuns, change }: Shift, isShown: boolean): Verdict {
  if (beforeRuns === 0 || afterRuns === 0) return 'unknown';
  if (beforeRuns < LEAST_RUNS || afterRuns < LEAST_RUNS) return 'too-few';
  return isShown ? (change > 0 ? 'more' : 'less') : 'same';
}

/** A rule is exceeded when even the runs without the change that it allows differ, by the interval and by ranks. */
function outcomeOf(
  rule: Rule,
  { before, after }: { before: readonly number[]; after: readonly number[] },
): RuleOutcome {
  if (before.length === 0 || after.length === 0) return { rule, outcome: 'unknown' };
  const allowed = allowedChange(rule, shiftOf(before, after).before);
  const sign = rule.isIncrease ? 1 : -1;
  const rest = shiftOf(
    before.map((value) => sign * value),
    after.map((value) => sign * (value - allowed)),
  );
  if (!(rest.change > 0)) return { rule, outcome: 'kept' };
  // Only one side of the interval and of the test can exceed a rule.
  if (rest.p <= 2 * LEVEL && rest.low > 0) return { rule, outcome: 'exceeded' };
  return { rule, outcome: 'unsure', runsNeeded: runsNeeded(before, after, rest.change) };
}
