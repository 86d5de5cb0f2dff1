/**
 * One line of the benchmark: what was compared, on what, how often, both sides, and how that stands against the target.
 *
 * The trap: a ratio without its direction. So each says which side is divided by which, and a target names the number
 * that it judges.
 */
import { type Spread, spreadOf } from './spread.js';

export interface Side {
  readonly name: string;
  readonly spread: Spread;
}

export interface Ratio {
  /** Such as `native / kernel floor`. */
  readonly name: string;
  /** Of the ratios of rounds that were neighbours, so that a drift of the machine cancels out. */
  readonly spread: Spread;
}

export interface Target {
  readonly relation: '<=' | '>=' | '>';
  readonly value: number;
  /** What is judged: the ratio, or our own median. */
  readonly of: 'ratio' | 'ours';
  /** A target of a later version, told for information. */
  readonly isLater?: boolean;
}

export interface Finding {
  /** Name of the benchmark. */
  readonly bench: string;
  readonly what: string;
  readonly on: string;
  /** How often each side was measured, in words. */
  readonly times: string;
  /** Of both sides. */
  readonly unit: string;
  readonly ours: Side;
  readonly theirs: Side | null;
  readonly ratio: Ratio | null;
  readonly target: Target | null;
  readonly verdict: 'meets' | 'misses' | null;
  /** Further numbers of the same measurement, in words. */
  readonly also: string | null;
}

export interface FindingParts {
  readonly bench: string;
  readonly what: string;
  readonly on: string;
  readonly times?: string;
  readonly unit: string;
  readonly ours: { readonly name: string; readonly samples: readonly number[] };
  readonly theirs?: { readonly name: string; readonly samples: readonly number[] };
  /** Which side is divided by which; default `ours/theirs`. */
  readonly divide?: 'ours/theirs' | 'theirs/ours';
  readonly target?: Target;
  readonly also?: string;
}

/** Reduces the samples of one or two sides and judges them. */
export function findingOf(parts: FindingParts): Finding {
  const { ours, theirs, target } = parts;
  const ourSide = { name: ours.name, spread: spreadOf(ours.samples) };
  const theirSide = theirs ? { name: theirs.name, spread: spreadOf(theirs.samples) } : null;
  const ratio = theirs ? ratioOf(parts.divide === 'theirs/ours' ? [theirs, ours] : [ours, theirs]) : null;
  const judged = target?.of === 'ratio' ? ratio?.spread.median : ourSide.spread.median;
  return {
    bench: parts.bench,
    what: parts.what,
    on: parts.on,
    times: parts.times ?? `${ours.samples.length} rounds of each`,
    unit: parts.unit,
    ours: ourSide,
    theirs: theirSide,
    ratio,
    target: target ?? null,
    verdict: target && judged !== undefined ? (reaches(judged, target) ? 'meets' : 'misses') : null,
    also: parts.also ?? null,
  };
}

function ratioOf([above, below]: [
  { name: string; samples: readonly number[] },
  { name: string; samples: readonly number[] },
]): Ratio {
  return {
    name: `${above.name} / ${below.name}`,
    spread: spreadOf(above.samples.map((value, round) => value / below.samples[round]!)),
  };
}

function reaches(value: number, { relation, value: limit }: Target): boolean {
  if (relation === '<=') return value <= limit;
  return relation === '>' ? value > limit : value >= limit;
}
