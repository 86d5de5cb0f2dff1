/**
 * When an action is to be taken: `rss>2GiB|growth>1MiB/s|limit>90%`, from text to numbers.
 *
 * The trap: a number without a unit means what nobody meant, so memory needs one, and what no engine tells is refused rather
 * than waited for.
 */
import { HOLD_COLUMNS, metricsOf } from '../schema.js';
import { formatDurationShort, parseDuration } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { formatSize, parseSize } from '../text/size.js';

export type RuleUnit = 'bytes' | 'bytes per second' | 'share' | 'count' | 'nanoseconds';

export type RuleOperator = '>' | '>=' | '<' | '<=';

/** One comparison, plain data that crosses threads. */
export interface Comparison {
  /** As it was given, without spaces. */
  readonly text: string;
  readonly metric: string;
  /** Whose column it is: `growth` and `limit` are derived from what the counters tell. */
  readonly source: 'counters' | 'rollup' | 'growth' | 'limit';
  readonly unit: RuleUnit;
  readonly operator: RuleOperator;
  /** In the unit. */
  readonly value: number;
}

/** True when one of the comparisons is. */
export interface Rule {
  /** As it was given, without spaces. */
  readonly text: string;
  readonly comparisons: readonly Comparison[];
}

const COMPARISON = /^([A-Za-z][A-Za-z0-9]*)(>=|<=|>|<)(.+)$/;
const EXAMPLE = 'METRIC>VALUE with | between several, such as rss>2GiB|growth>1MiB/s|limit>90%';
/** Longer ones are no rules: a mark holds the text. */
const MOST_CHARACTERS = 200;

/** Metrics that can be compared, by name: quantities, not ids, and nothing about the read itself. */
const COMPARED: ReadonlyMap<string, Pick<Comparison, 'source' | 'unit'>> = new Map(
  (['counters', 'rollup'] as const).flatMap((source) =>
    metricsOf(source).flatMap(({ name, unit }) => {
      const isQuantity = unit === 'bytes' || unit === 'count' || unit === 'nanoseconds';
      return isQuantity && !HOLD_COLUMNS.includes(name) ? [[name, { source, unit }] as const] : [];
    }),
  ),
);

/** Reads a rule. Throws `InputError`, which names what is wrong with it. */
export function parseRule(text: string): Rule {
  const short = text.replace(/\s+/g, '');
  if (short.length > MOST_CHARACTERS) throw new InputError(text, 'a rule', `at most ${MOST_CHARACTERS} characters`);
  return { text: short, comparisons: short.split('|').map(parseComparison) };
}

function parseComparison(text: string): Comparison {
  const [, metric, operator, value] = COMPARISON.exec(text) ?? [];
  if (metric === undefined || value === undefined) throw new InputError(text, 'a rule', EXAMPLE);
  const { source, unit } = sourceOf(metric, text);
  return { text, metric, source, unit, operator: operator as RuleOperator, value: thresholdOf(value, unit, text) };
}

function sourceOf(name: string, text: string): Pick<Comparison, 'source' | 'unit'> {
  if (name === 'growth') return { source: 'growth', unit: 'bytes per second' };
  if (name === 'limit') return { source: 'limit', unit: 'share' };
  const found = COMPARED.get(name);
  if (found) return found;
  const near = [...COMPARED.keys()].find((one) => one.toLowerCase() === name.toLowerCase());
  const allowed = near ? `${near}, as the metric is written` : `growth, limit, ${[...COMPARED.keys()].join(', ')}`;
  throw new InputError(text, 'a rule', allowed);
}

function thresholdOf(text: string, unit: RuleUnit, whole: string): number {
  const refuse = (allowed: string) => new InputError(whole, 'a rule', allowed);
  try {
    switch (unit) {
      case 'bytes':
        return parseSize(text);
      case 'bytes per second':
        if (text.endsWith('/s')) return parseSize(text.slice(0, -2));
        throw refuse('a size per second, such as growth>1MiB/s');
      case 'nanoseconds':
        return Number(parseDuration(text));
      case 'share':
        if (/^\d+(?:\.\d+)?%$/.test(text) && Number.parseFloat(text) <= 100) return Number.parseFloat(text) / 100;
        throw refuse('a share up to 100%, such as limit>90%');
      case 'count':
        if (/^\d{1,15}$/.test(text)) return Number(text);
        throw refuse('a whole number, such as threads>500');
    }
  } catch (error) {
    if (!(error instanceof InputError) || error.value === whole) throw error;
    throw refuse(error.allowed);
  }
}

/** A value of such a unit for people. */
export function ruleValueText(value: number, unit: RuleUnit): string {
  switch (unit) {
    case 'bytes':
      return formatSize(Math.round(value));
    case 'bytes per second':
      return `${formatSize(Math.round(value))}/s`;
    case 'share':
      return `${(value * 100).toFixed(1)} %`;
    case 'nanoseconds':
      return formatDurationShort(value);
    case 'count':
      return String(value);
  }
}
