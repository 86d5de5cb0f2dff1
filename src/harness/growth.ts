/**
 * Growth as it is told: the slopes of the kinds of memory over the rounds, and the verdict.
 *
 * The traps: a slope that differs from 0 by chance must not fail a build, so it takes an interval that leaves out 0 and as much as a
 * round's noise explains; "none" needs an interval too, one that leaves no room for the growth that was to be found; and resident
 * memory alone decides nothing where something better is known, since an allocator keeps what it was given back.
 */
import type { MappingKind } from '../analyze/mapping-groups.js';
import { type Slope, theilSen, Z_95 } from '../analyze/theil-sen.js';
import type { MappingSeries } from './growth-series.js';

export const GROWTH_KINDS = ['v8-heap', 'external', 'malloc', 'mmap', 'stack', 'resident'] as const;
export type GrowthKind = (typeof GROWTH_KINDS)[number];

export interface Growth {
  /** `inconclusive`: it may grow by as much as matters, or may not; see `iterationsNeeded`. */
  readonly verdict: 'none' | 'grows' | 'inconclusive';
  /** Bytes that a call leaves behind, of what decided: of a function V8 heap and external memory together, with what
   * malloc gave out beside them where that grows, or another kind where that grows faster; of another process resident memory. */
  readonly perIteration: Slope;
  /**
   * Of a function: bytes in use of `v8-heap` and `external`, what `malloc` gave out (external memory among it), resident bytes of
   * `mmap`, `stack` and all (`resident`). Of another process all are resident bytes. Undefined: not to be known here.
   */
  readonly byKind: Readonly<Record<GrowthKind, Slope | undefined>>;
  /** The kind that grows fastest, if any does. */
  readonly fastest: GrowthKind | undefined;
  /** The mappings of one name, class and owner that grow fastest, if any do; resident bytes. */
  readonly fastestMapping: (MappingKind & { readonly perIteration: Slope }) | undefined;
  /** What malloc gave out, and what it keeps of what it was given back: memory that grows there alone is no leak but fragmentation. */
  readonly malloc:
    | { readonly inUse: Slope; readonly free: Slope }
    | { readonly state: 'unsupported'; readonly reason: string };
  /** The least growth that these rounds could have told from none, bytes per call. */
  readonly detectableBytes: number;
  /** Calls in a round that would tell, when they could not. */
  readonly iterationsNeeded?: number;
}

/** Bytes at some instants, such as the ends of rounds. */
export interface RoundSeries {
  /** How many calls had been made by then. */
  readonly calls: readonly number[];
  readonly callsPerRound: number;
  readonly leastBytes: number;
  /** How sure the verdict is to be; default 95 %. */
  readonly z?: number;
  readonly resident: Float64Array;
  readonly mappings: MappingSeries;
  /** Of this process alone. */
  readonly own?: { readonly heap: Float64Array; readonly external: Float64Array };
  readonly malloc: { readonly inUse: Float64Array; readonly free: Float64Array } | { readonly reason: string };
}

/** Over all rounds. */
const TRIFLE_BYTES = 128 * 1024;

export function growthOf(series: RoundSeries): Growth {
  const { calls, callsPerRound, leastBytes, z = Z_95, own, mappings } = series;
  const total = calls.at(-1)! - calls[0]!;
  const slope = (values: ArrayLike<number>) => theilSen(calls, Array.from(values));
  const sum = (a: Float64Array, b: Float64Array, sign = 1) => a.map((bytes, round) => bytes + sign * b[round]!);
  const malloc = 'reason' in series.malloc ? undefined : series.malloc;
  const byKind = {
    'v8-heap': slope(own ? own.heap : mappings.part('v8-heap')),
    external: own && slope(own.external),
    malloc: malloc ? slope(malloc.inUse) : own ? undefined : slope(mappings.part('malloc')),
    mmap: slope(mappings.part('mmap')),
    stack: slope(mappings.part('stack')),
    resident: slope(series.resident),
  };
  const grows = (one: Slope) => verdictOf(one, leastBytes) === 'grows';
  // Kinds that many trifles explain: a thread that begins, code that is compiled.
  const isNoTrifle = (one: Slope) => grows(one) && one.low * total >= TRIFLE_BYTES;
  const held = theilSen(calls, Array.from(own ? sum(own.heap, own.external) : series.resident), z);
  const detectableBytes = (held.high - held.low) / 2;
  let [verdict, perIteration] = [verdictOf(held, leastBytes), held];
  if (own) {
    // What malloc gave out beside what V8 knows of: an addon's memory. It has all that is external in it.
    const [native] = malloc ? [slope(sum(malloc.inUse, own.external, -1))] : [];
    const others = [
      native && isNoTrifle(native) ? slope(sum(own.heap, malloc!.inUse)) : undefined,
      byKind.mmap,
      byKind.stack,
    ];
    const growing = others.filter((one) => one !== undefined).filter(isNoTrifle);
    growing.sort((a, b) => b.value - a.value);
    const [most] = growing;
    if (most && (verdict !== 'grows' || most.value > perIteration.value)) [verdict, perIteration] = ['grows', most];
  }
  const isGrowing = verdict === 'grows';
  const needed = Math.ceil((callsPerRound * 2 * detectableBytes) / leastBytes) || 0;
  return {
    ...{ verdict, perIteration, byKind, detectableBytes },
    fastest: isGrowing ? fastestKind(byKind) : undefined,
    fastestMapping: isGrowing ? fastestMapping(mappings, slope) : undefined,
    malloc: malloc
      ? { inUse: slope(malloc.inUse), free: slope(malloc.free) }
      : { state: 'unsupported', reason: 'reason' in series.malloc ? series.malloc.reason : '' },
    ...(verdict === 'inconclusive' ? { iterationsNeeded: Math.max(callsPerRound * 2, needed) } : {}),
  };
}

/** Malloc gives out what is external: it grows fastest only by what is more. */
function fastestKind(byKind: Growth['byKind']): GrowthKind | undefined {
  const external = Math.max(0, byKind.external?.value ?? 0);
  const slopes = GROWTH_KINDS.flatMap((kind) => {
    const slope = byKind[kind];
    if (!slope || kind === 'resident') return [];
    const { value, low } = slope;
    const less = kind === 'malloc' ? external : 0;
    return [{ kind, value: value - less, low: low - less }];
  });
  return slopes.filter(({ value }) => value > 0).sort(byCertainty)[0]?.kind;
}

function fastestMapping(
  series: MappingSeries,
  slope: (values: ArrayLike<number>) => Slope,
): (MappingKind & { perIteration: Slope }) | undefined {
  const slopes = series.mappings.map(({ mapping, bytes }) => ({ mapping, perIteration: slope(bytes) }));
  const growing = slopes.filter(({ perIteration }) => perIteration.value > 0);
  const [first] = growing.sort((a, b) => byCertainty(a.perIteration, b.perIteration));
  return first && { ...first.mapping, perIteration: first.perIteration };
}

/** What grows for certain comes first, by the least that it grows: a heap that goes up and down may have any slope. */
function byCertainty(a: Pick<Slope, 'value' | 'low'>, b: Pick<Slope, 'value' | 'low'>): number {
  return Math.max(0, b.low) - Math.max(0, a.low) || b.value - a.value;
}

function verdictOf({ low, high }: Slope, leastBytes: number): Growth['verdict'] {
  if (low >= leastBytes / 2) return 'grows';
  return high < leastBytes ? 'none' : 'inconclusive';
}
