/**
 * Whether a series of resident bytes grows, how fast, and when it meets a limit at that rate.
 *
 * The traps: neighbouring values depend on each other, so a slope counts only when what it brings is more than a trifle as
 * well; and a rate of seconds is no prophecy, so a time is told only where the whole interval of the slope points there.
 */
import type { MappingKind } from './mapping-groups.js';
import { type Slope, theilSen } from './theil-sen.js';

export type GrowthVerdict = 'grows' | 'shrinks' | 'steady' | 'too-short';

export interface GrowthLine {
  /** Absent: the process, or what the line stands beside. */
  readonly mapping?: MappingKind;
  /** Bytes at the begin and at the end. */
  readonly first: number;
  readonly last: number;
  readonly seconds: number;
  readonly points: number;
  /** Bytes per second. */
  readonly slope: Slope;
  readonly verdict: GrowthVerdict;
}

export interface GrowthPoint {
  /** Nanoseconds of any clock; where it was set back, what was before that does not count. */
  readonly timeNs: bigint;
  readonly bytes: number;
}

/** When a limit is met. Seconds from the last point on; `high` is Infinity where nothing bounds it. */
export type Until =
  | { readonly state: 'reached' }
  | { readonly state: 'in'; readonly seconds: number; readonly low: number; readonly high: number }
  /** It does not grow, or not so that it could be told from standing still. */
  | { readonly state: 'not-at-this-rate' }
  | { readonly state: 'unknown' };

const LEAST_POINTS = 8;
const TRIFLE_BYTES = 256 * 1024;
const TRIFLE_PART = 0.005;
const FIRST_PART = 0.1;

export function verdictOf(slope: Slope, seconds: number, first: number, points: number): GrowthVerdict {
  if (points < LEAST_POINTS) return 'too-short';
  const brings = Math.abs(slope.value) * seconds > Math.max(TRIFLE_BYTES, TRIFLE_PART * first);
  if (!brings) return 'steady';
  return slope.low > 0 ? 'grows' : slope.high < 0 ? 'shrinks' : 'steady';
}

/** Of points in the order of time, those that are not known left out; undefined where none is left. */
export function growthLine(points: readonly GrowthPoint[], mapping?: MappingKind): GrowthLine | undefined {
  const all = points.filter(({ bytes }) => !Number.isNaN(bytes));
  const setBack = all.findLastIndex(({ timeNs }, index) => timeNs < (all[index - 1]?.timeNs ?? timeNs));
  const known = setBack < 0 ? all : all.slice(setBack);
  if (known.length === 0) return undefined;
  const startNs = known[0]!.timeNs;
  const times = known.map(({ timeNs }) => Number(timeNs - startNs) / 1e9);
  const values = known.map(({ bytes }) => bytes);
  const slope = theilSen(times, values);
  const [first, last, seconds] = [values[0]!, values.at(-1)!, times.at(-1)!];
  const verdict = verdictOf(slope, seconds, first, known.length);
  return { ...(mapping ? { mapping } : {}), first, last, seconds, points: known.length, slope, verdict };
}

/**
 * Since when most of a growth has come: the last point at which a tenth of it, or less, was there. Undefined where nothing has
 * grown by more than a trifle.
 */
export function grownSince(points: readonly GrowthPoint[]): GrowthPoint | undefined {
  const known = points.filter(({ bytes }) => !Number.isNaN(bytes));
  const [first, last] = [known[0]?.bytes ?? Number.NaN, known.at(-1)?.bytes ?? Number.NaN];
  if (!(last - first > Math.max(TRIFLE_BYTES, TRIFLE_PART * first))) return undefined;
  return known.findLast(({ bytes }) => bytes <= first + FIRST_PART * (last - first));
}

/** When what grows so meets the limit. Of too few points the slope alone counts, with no interval. */
export function untilLimit(limit: number, used: number, growth: GrowthLine | undefined): Until {
  if (!(limit >= 0) || Number.isNaN(used)) return { state: 'unknown' };
  const room = limit - used;
  if (room <= 0) return { state: 'reached' };
  if (!growth || Number.isNaN(growth.slope.value)) return { state: 'unknown' };
  const { slope, verdict } = growth;
  if (verdict === 'shrinks' || verdict === 'steady' || slope.value <= 0) return { state: 'not-at-this-rate' };
  const after = (rate: number) => (rate > 0 ? room / rate : Number.POSITIVE_INFINITY);
  const hasInterval = !Number.isNaN(slope.low);
  return {
    state: 'in',
    seconds: after(slope.value),
    low: hasInterval ? after(slope.high) : Number.NaN,
    high: hasInterval ? after(slope.low) : Number.NaN,
  };
}
