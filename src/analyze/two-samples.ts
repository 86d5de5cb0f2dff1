/**
 * Whether one set of runs takes more than another: the shift between two samples with an interval, and a rank test.
 *
 * The traps: peaks are not normally distributed and have outliers, so the shift is the median of all pairwise differences
 * (Hodges and Lehmann), its interval a bootstrap, and the test one of ranks (Mann and Whitney), exact where there are no
 * ties; with three runs on a side no rank test can reach 5 %, and that must be said instead of "no difference". The numbers
 * of the bootstrap come from a fixed seed: the same runs give the same answer.
 */
import { cumulativeStdNormalProbability, median, quantileSorted, standardDeviation } from 'simple-statistics';

export interface Shift {
  readonly beforeRuns: number;
  readonly afterRuns: number;
  /** Medians. */
  readonly before: number;
  readonly after: number;
  /** Change in the metric's own unit, and its 95 % interval; NaN bounds with fewer than two runs on a side. */
  readonly change: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided; NaN with fewer than four runs on a side. */
  readonly p: number;
}

/** Fewest runs on each side for which the rank test can reach 5 %. */
export const LEAST_RUNS = 4;
export const CONFIDENCE = 0.95;

const RESAMPLES = 1000;
const MOST_EXACT = 40;
const SEED = 0x9e3779b9;

export function shiftOf(before: readonly number[], after: readonly number[]): Shift {
  const [runsA, runsB] = [before.length, after.length];
  const medians = { before: medianOf(before), after: medianOf(after) };
  const isEnough = runsA >= 2 && runsB >= 2;
  const [low, high] = isEnough ? bootstrap(before, after) : [Number.NaN, Number.NaN];
  return {
    ...{ beforeRuns: runsA, afterRuns: runsB, ...medians },
    change: pairwiseShift(before, after),
    ...{ low, high },
    p: runsA >= LEAST_RUNS && runsB >= LEAST_RUNS ? rankTest(before, after) : Number.NaN,
  };
}

/** Two-sided p of the Mann-Whitney test: that a value of one side is as often larger as smaller than one of the other. */
export function rankTest(before: readonly number[], after: readonly number[]): number {
  const [m, n] = [before.length, after.length];
  let u = 0;
  let hasTies = false;
  for (const a of before) {
    for (const b of after) {
      u += b > a ? 1 : b === a ? 0.5 : 0;
      if (b === a) hasTies = true;
    }
  }
  if (!hasTies && m + n <= MOST_EXACT) return exactP(m, n, Math.min(u, m * n - u));
  const all = [...before, ...after].sort((a, b) => a - b);
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to] === all[from]) to++;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const size = m + n;
  const variance = ((m * n) / 12) * (size + 1 - ties / (size * (size - 1)));
  if (variance <= 0) return 1;
  const z = (Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance);
  return Math.min(1, 2 * (1 - cumulativeStdNormalProbability(Math.max(0, z))));
}

/**
 * Runs on each side that would show a change of this size in four of five trials, from how the runs at hand vary; at least
 * `LEAST_RUNS`, infinite for no change.
 */
export function runsNeeded(before: readonly number[], after: readonly number[], change: number): number {
  const spread = pooledSpread(before, after);
  if (change === 0 || Number.isNaN(spread)) return Number.POSITIVE_INFINITY;
  // 1.96 and 0.84: 5 % false alarms on two sides, 80 % found; 0.955: what ranks lose beside a test of means.
  const runs = (2 * ((1.96 + 0.84) * (spread / Math.abs(change))) ** 2) / 0.955;
  return Math.max(LEAST_RUNS, Math.ceil(runs));
}

/** The least change that as many runs would show in four of five trials. */
export function detectableChange(before: readonly number[], after: readonly number[]): number {
  const perSide = 1 / (0.5 / before.length + 0.5 / after.length);
  return ((1.96 + 0.84) * pooledSpread(before, after) * Math.sqrt(2)) / Math.sqrt(perSide * 0.955);
}

/**
 * Which of many tests hold when at most one in twenty of those that are called so may be wrong (Benjamini and Hochberg).
 * NaN never holds and does not count.
 */
export function discoveries(ps: readonly number[], rate = 1 - CONFIDENCE): boolean[] {
  const order = ps.map((p, index) => ({ p, index })).filter(({ p }) => !Number.isNaN(p));
  order.sort((a, b) => a.p - b.p);
  const last = order.findLastIndex(({ p }, rank) => p <= (rate * (rank + 1)) / order.length);
  const held = new Set(order.slice(0, last + 1).map(({ index }) => index));
  return ps.map((_, index) => held.has(index));
}

function pooledSpread(before: readonly number[], after: readonly number[]): number {
  if (before.length < 2 || after.length < 2) return Number.NaN;
  const squares = [before, after].map((side) => standardDeviation([...side]) ** 2 * (side.length / (side.length - 1)));
  return Math.sqrt((squares[0]! + squares[1]!) / 2);
}

function medianOf(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : median([...values]);
}

/** The median of all differences between a value of one side and one of the other. */
function pairwiseShift(before: readonly number[], after: readonly number[]): number {
  if (before.length === 0 || after.length === 0) return Number.NaN;
  return shiftInto(new Float64Array(before.length * after.length), before, after);
}

function shiftInto(differences: Float64Array, before: ArrayLike<number>, after: ArrayLike<number>): number {
  let at = 0;
  for (let a = 0; a < before.length; a++) {
    for (let b = 0; b < after.length; b++) differences[at++] = after[b]! - before[a]!;
  }
  differences.sort();
  const half = differences.length >> 1;
  return differences.length % 2 === 1 ? differences[half]! : (differences[half - 1]! + differences[half]!) / 2;
}

/** The percentile interval of the shift. */
function bootstrap(before: readonly number[], after: readonly number[]): [low: number, high: number] {
  const random = generator(SEED);
  const [drawnA, drawnB] = [new Float64Array(before.length), new Float64Array(after.length)];
  const differences = new Float64Array(before.length * after.length);
  const shifts = new Float64Array(RESAMPLES);
  for (let sample = 0; sample < RESAMPLES; sample++) {
    for (let at = 0; at < drawnA.length; at++) drawnA[at] = before[Math.floor(random() * before.length)]!;
    for (let at = 0; at < drawnB.length; at++) drawnB[at] = after[Math.floor(random() * after.length)]!;
    shifts[sample] = shiftInto(differences, drawnA, drawnB);
  }
  const sorted = [...shifts.sort()];
  const tail = (1 - CONFIDENCE) / 2;
  return [quantileSorted(sorted, tail), quantileSorted(sorted, 1 - tail)];
}

/** The share of all orders of m and n values whose U is no larger than this, on both sides. */
function exactP(m: number, n: number, u: number): number {
  // ways[j][v]: orders of i values of one side and j of the other with U = v; i grows.
  let ways = Array.from({ length: n + 1 }, () => [1]);
  for (let i = 1; i <= m; i++) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= n; j++) {
      const counts = new Array<number>(i * j + 1).fill(0);
      next[j - 1]!.forEach((count, value) => {
        counts[value] = (counts[value] ?? 0) + count;
      });
      ways[j]!.forEach((count, value) => {
        counts[value + j] = (counts[value + j] ?? 0) + count;
      });
      next.push(counts);
    }
    ways = next;
  }
  const counts = ways[n]!;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const below = counts.slice(0, Math.floor(u) + 1).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * below) / total);
}

/** Uniform in [0, 1), the same row of numbers for a seed other than 0 (Marsaglia's xorshift of 32 bits). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
