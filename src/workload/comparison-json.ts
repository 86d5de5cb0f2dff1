/** The shape of `compare --json`; docs/shapes.md describes it. */
import type { Comparison, MetricComparison } from './compare-runs.js';
import { unitOf } from './run-metrics.js';

export function comparisonJson({ before, after, conditions, metrics, rules }: Comparison): Record<string, unknown> {
  const side = ({ command, runs, conditions: under }: Comparison['before']) => ({
    command,
    runs: runs.length,
    conditions: under,
  });
  return {
    ...{ schema: 1, kind: 'comparison', before: side(before), after: side(after) },
    conditionsThatDiffer: conditions,
    rules: rules.map(({ rule, ...outcome }) => ({ rule: rule.text, metric: rule.metric, ...finite(outcome) })),
    metrics: metrics.map(metricJson),
  };
}

function metricJson({ metric, ...one }: MetricComparison): Record<string, unknown> {
  return { metric, unit: unitOf(metric) ?? 'bytes', ...finite(one) };
}

/** What is not known is null in JSON. */
function finite(values: object): Record<string, unknown> {
  const isNumber = (value: unknown) => typeof value === 'number' && !Number.isFinite(value);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isNumber(value) ? null : value]));
}
