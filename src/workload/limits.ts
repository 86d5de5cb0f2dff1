/**
 * Limits that a run must keep: `pss.peak=512MiB`.
 *
 * The trap: what was not measured has kept no limit, so it counts as exceeded, with the reason.
 */
import { InputError } from '../text/input-error.js';
import { parseValue, readingOf, TREE_METRICS, unitOf } from './run-metrics.js';
import type { RunRecord } from './run-report.js';
import { metricText } from './run-text.js';

export interface Limit {
  readonly metric: string;
  readonly most: number;
}

/** Throws `InputError`. */
export function parseLimit(text: string): Limit {
  const at = text.lastIndexOf('=');
  const allowed = 'a metric, = and the most that it may be, such as pss.peak=512MiB or wall=10s';
  if (at < 1) throw new InputError(text, 'a limit', allowed);
  const metric = text.slice(0, at);
  const unit = unitOf(metric);
  if (unit === undefined) {
    throw new InputError(
      metric,
      'a metric',
      `${Object.keys(TREE_METRICS).join(', ')}, program.NAME.METRIC, class.NAME.pss`,
    );
  }
  return { metric, most: parseValue(text.slice(at + 1), unit) };
}

/** In what a run does not keep the limits, a sentence each. */
export function brokenLimits(run: RunRecord, limits: readonly Limit[]): string[] {
  return limits.flatMap(({ metric, most }) => {
    const reading = readingOf(run, metric);
    if (!reading || !('value' in reading)) {
      const why = reading && 'reason' in reading ? reading.reason : 'this run has no such metric';
      return [`${metric} is not known, so it cannot be kept below ${metricText(metric, most)}: ${why}`];
    }
    if (reading.value <= most) return [];
    return [`${metric} is ${metricText(metric, reading.value)}, more than ${metricText(metric, most)}`];
  });
}
