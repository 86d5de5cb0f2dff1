/**
 * `measureGrowth(fn)`: whether a function leaks, without a test that flakes.
 *
 * The traps: a heap grows while caches fill and code is compiled, so rounds are thrown away before any count; what is not
 * collected yet is no leak, so each round ends with a collection; and a slope that differs from 0 by chance must not fail a
 * build, so it takes an interval that leaves out 0 and as much as a round's noise explains. "None" needs an interval too: one
 * that leaves no room for the growth that was to be found.
 */
import type { Slope } from '../analyze/theil-sen.js';
import { countOption } from './measure.js';
import { repeat } from './repeat.js';
import { collectGarbage, heapUse } from './v8-heap.js';

export const GROWTH_KINDS = ['v8-heap', 'external', 'resident'] as const;
export type GrowthKind = (typeof GROWTH_KINDS)[number];

export interface GrowthOptions {
  /** Calls in a round; default 1000. */
  readonly iterations?: number;
  /** Rounds that count, 8 at least; default 20. */
  readonly rounds?: number;
  /** Rounds before them; default 5. */
  readonly warmup?: number;
  /** Growth that matters, bytes per call; default 16. */
  readonly leastBytes?: number;
}

export interface Growth {
  /** `inconclusive`: it may grow by as much as matters, or may not; see `iterationsNeeded`. */
  readonly verdict: 'none' | 'grows' | 'inconclusive';
  /** Bytes that a call leaves behind, of the kind that decided: V8 heap and external memory together. */
  readonly perIteration: Slope;
  /** Resident memory is in it for comparison: it decides nothing, since an allocator keeps what it was given back. */
  readonly byKind: Readonly<Record<GrowthKind, Slope>>;
  /** The kind that grows fastest, if any does. */
  readonly fastest: GrowthKind | undefined;
  /** The least growth that these rounds could have told from none, bytes per call. */
  readonly detectableBytes: number;
  /** Calls in a round that would tell, when they could not. */
  readonly iterationsNeeded?: number;
}

const LEAST_ROUNDS = 8;

/** Calls `fn` round by round. Rejects with what it throws; throws a TypeError for a wrong option. */
export async function measureGrowth(fn: () => unknown, options: GrowthOptions = {}): Promise<Growth> {
  if (typeof fn !== 'function') throw new TypeError(`Expected a function to measure, got ${typeof fn}`);
  const iterations = countOption('iterations', options.iterations ?? 1000, 1);
  const rounds = countOption('rounds', options.rounds ?? 20, LEAST_ROUNDS);
  const warmup = countOption('warmup', options.warmup ?? 5, 0);
  const { leastBytes = 16 } = options;
  if (!(typeof leastBytes === 'number' && leastBytes > 0)) {
    throw new TypeError(`Expected the "leastBytes" option to be a number above 0, got ${String(leastBytes)}`);
  }
  // Loaded when it is used: a program that only records has no use for statistics.
  const { theilSen } = await import('../analyze/theil-sen.js');
  // Allocated before the first round: growing it would be growth of ours.
  const series = GROWTH_KINDS.map(() => new Float64Array(rounds));
  for (let round = -warmup; round < rounds; round++) {
    await repeat(fn, iterations);
    collectGarbage();
    if (round < 0) continue;
    const { heap, external } = heapUse();
    [series[0]![round], series[1]![round], series[2]![round]] = [heap, external, process.memoryUsage.rss()];
  }
  const calls = Array.from({ length: rounds }, (_, round) => round * iterations);
  const slope = (values: ArrayLike<number>) => theilSen(calls, Array.from(values));
  const [heap, external, resident] = series.map(slope) as [Slope, Slope, Slope];
  const held = slope(Array.from(series[0]!, (bytes, round) => bytes + series[1]![round]!));
  const detectableBytes = (held.high - held.low) / 2;
  const byKind = { 'v8-heap': heap, external, resident };
  const verdict = verdictOf(held, leastBytes);
  const growing = GROWTH_KINDS.filter((kind) => kind !== 'resident' && byKind[kind].low > 0);
  growing.sort((a, b) => byKind[b].value - byKind[a].value);
  const needed = Math.ceil((iterations * 2 * detectableBytes) / leastBytes);
  return {
    ...{ verdict, perIteration: held, byKind, detectableBytes },
    fastest: verdict === 'grows' ? growing[0] : undefined,
    ...(verdict === 'inconclusive' ? { iterationsNeeded: Math.max(iterations * 2, needed) } : {}),
  };
}

function verdictOf({ low, high }: Slope, leastBytes: number): Growth['verdict'] {
  if (low >= leastBytes / 2) return 'grows';
  return high < leastBytes ? 'none' : 'inconclusive';
}
