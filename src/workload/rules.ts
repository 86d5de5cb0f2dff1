/**
 * Rules for how much a metric may change: `pss.peak=+3%`, `wall=+200ms`, `minorFaults=+1000`, `cpu=-5%`.
 *
 * The trap: a change without a sign could be a limit as well, so the sign is required.
 */
import { InputError } from '../text/input-error.js';
import { parseValue, TREE_METRICS, unitOf } from './run-metrics.js';

export interface Rule {
  /** As it was given. */
  readonly text: string;
  readonly metric: string;
  /** `+`: no more than that; `-`: no less. */
  readonly isIncrease: boolean;
  /** Share of the value before, or an amount in the unit of the metric; not negative. */
  readonly share?: number;
  readonly amount?: number;
}

/** Throws `InputError`. */
export function parseRule(text: string): Rule {
  const found = /^(.+)=([+-])(.+)$/s.exec(text);
  if (!found) {
    throw new InputError(text, 'a rule', 'a metric, = and a signed change, such as pss.peak=+3% or wall=+200ms');
  }
  const [, metric, sign, value] = found as unknown as [string, string, string, string];
  const unit = unitOf(metric);
  if (unit === undefined) {
    const allowed = `${Object.keys(TREE_METRICS).join(', ')}, program.NAME.METRIC, class.NAME.pss, mapping.NAME.pss`;
    throw new InputError(metric, 'a metric', allowed);
  }
  const isIncrease = sign === '+';
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(value);
  if (percent) return { text, metric, isIncrease, share: Number(percent[1]) / 100 };
  return { text, metric, isIncrease, amount: parseValue(value, unit) };
}

/** The change that the rule allows, signed, from the value before. */
export function allowedChange({ isIncrease, share, amount }: Rule, before: number): number {
  const size = share === undefined ? amount! : share * Math.abs(before);
  return isIncrease ? size : -size;
}
