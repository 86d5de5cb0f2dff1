/**
 * Whether another process grows, from what was resident in it while it worked.
 *
 * The traps: memory rises between collections whether anything leaks or not, by more than all that is in use: so where it falls,
 * what is left after each fall is what counts; and a rise that no fall has answered is growth only when it is larger than a
 * heap without a leak would let it become.
 */
import { Z_95, Z_99 } from '../analyze/theil-sen.js';
import { troughsOf } from '../analyze/troughs.js';
import { type Growth, growthOf } from './growth.js';
import type { MappingSeries } from './growth-series.js';
import type { GrowthPlan } from './measure-growth.js';

/** With fewer points than this there is no interval of 99 %. */
const LEAST_TROUGHS = 6;
const MOST_POINTS = 64;
/** A fall of less is no collection. */
const LEAST_FALL_BYTES = 4 * 2 ** 20;
const LEAST_FALL_SHARE = 0.05;
/** What V8 lets a heap grow to before it collects all of it, by its size after the last time. */
const MOST_RISE = 4;
const NO_MALLOC = { reason: 'only a process itself can ask its malloc' };

export interface Watched {
  /** Of each look: how many calls had been made, and resident bytes. */
  readonly calls: readonly number[];
  readonly resident: readonly number[];
  mappingsAt(calls: readonly number[]): MappingSeries;
}

/** While there is time the verdict is looked at again and again, so each look has to be surer. */
export function serverVerdict(watch: Watched, ends: readonly number[], plan: GrowthPlan, isLast: boolean): Growth {
  const { places, largestFall } = troughsOf(watch.resident);
  // At the first the heap may not have come to its working size.
  const settled = places.length > LEAST_TROUGHS ? places.slice(1) : places;
  const behind = settled.length >= LEAST_TROUGHS ? leastOfEach(watch.resident, settled) : undefined;
  const points = behind ?? ends.map((end) => watch.calls.indexOf(end));
  const calls = points.map((place) => watch.calls[place]!);
  const resident = Float64Array.from(points, (place) => watch.resident[place]!);
  const total = watch.calls.at(-1)! - watch.calls[0]!;
  const callsPerRound = Math.ceil(total / plan.rounds);
  const mappings = watch.mappingsAt(calls);
  const growth = growthOf({
    ...{ calls, resident, leastBytes: plan.leastBytes, malloc: NO_MALLOC, z: isLast ? Z_95 : Z_99 },
    callsPerRound,
    mappings,
  });
  const [first, rise] = [resident[0]!, resident.at(-1)! - resident[0]!];
  const hasCollected = largestFall >= Math.max(LEAST_FALL_BYTES, first * LEAST_FALL_SHARE);
  // Pages of files are no heap.
  const mostRise = MOST_RISE * (first - mappings.part('file')[0]!);
  const isAnswered = behind !== undefined && hasCollected;
  const isSure = {
    none: isAnswered || !hasCollected,
    grows: (isAnswered && rise <= largestFall) || rise >= mostRise,
    inconclusive: true,
  };
  if (isSure[growth.verdict]) return growth;
  // Memory rose, or fell, and no collection has told yet what is left of that.
  return {
    ...growth,
    verdict: 'inconclusive',
    fastest: undefined,
    fastestMapping: undefined,
    detectableBytes: Math.max(growth.detectableBytes || 0, mostRise / total),
    iterationsNeeded: Math.max(growth.iterationsNeeded ?? 0, 2 * callsPerRound),
  };
}

/** At most so many places, each the one of the least value among its neighbours. */
function leastOfEach(values: readonly number[], places: readonly number[]): number[] {
  const size = Math.ceil(places.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(places.length / size) }, (_, group) =>
    places
      .slice(group * size, (group + 1) * size)
      .reduce((least, place) => (values[place]! < values[least]! ? place : least)),
  );
}
