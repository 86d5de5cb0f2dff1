/**
 * PSS and USS between two deep reads, or where a read could not tell: a value, an interval that is meant to hold nine times
 * in ten, and the age of what it rests on. An estimate is made when somebody asks and is never stored.
 *
 * The model. At the last read the resident memory was `rss`, of which `uss` belonged to this process alone and `pss - uss` was its
 * share of the rest. Since then the resident memory has moved to `rssNow`. Memory that comes or goes is taken for its own,
 * since that is what programs allocate and free; where more has gone than was its own, the rest goes from what it shared
 * in proportion. The interval covers the other cases: none of what moved was its own (file pages that others map count
 * with half at most), pages that were exchanged unseen (a part of the faults), and shares that move with the comings and
 * goings of others, which grows with the age.
 *
 * A read in pieces without the right to see page frames knows USS and not PSS. A page that others map too is shared by two
 * at least, so PSS lies between USS and USS plus half of the rest. Of a process that shares very much a sample of its pages
 * was counted: then what it shares counts by the mean of the sample, with two of its standard errors to either side.
 */

/** What is known; bytes and nanoseconds. */
export interface EstimateBasis {
  /** At the last deep read. */
  readonly rss: number;
  readonly uss: number;
  /** NaN when the read could not tell. */
  readonly pss: number;
  /** Where it could not: the mean part of its shared pages that counts for it, of a sample, and its standard error; NaN if none. */
  readonly sharedPart?: number;
  readonly sharedPartError?: number;
  /** Now, from the counters. */
  readonly rssNow: number;
  /** Minor and major faults since the last read; NaN when they are not known. */
  readonly faults: number;
  readonly ageNs: number;
  readonly pageSize: number;
}

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly ageNs: number;
}

/** The part of the faults that exchanged a page of one kind for one of the other. */
const EXCHANGED = 0.1;
/** By how much the share of a minute-old read may have moved. */
const DRIFT_PER_MINUTE = 0.1;
const MOST_DRIFT = 0.5;
const MINUTE_NS = 60e9;
/** Standard errors of a sample to either side. */
const SAMPLING_ERRORS = 2;
/** What the kernel's sums leave open: shares are floored, and statm is read at another instant than smaps. */
const LEAST_BYTES = 64 * 1024;

/** The memory that only this process maps. */
export function estimateUss(basis: EstimateBasis): Estimate {
  const { rss, uss, rssNow, ageNs } = basis;
  const moved = rssNow - rss;
  const value = clamp(uss + moved, 0, rssNow);
  const slack = LEAST_BYTES + exchanged(basis);
  // None of what came or went was its own.
  const other = clamp(uss, 0, rssNow);
  return {
    value,
    low: clamp(Math.min(value, other) - slack, 0, rssNow),
    high: clamp(Math.max(value, other) + slack, 0, rssNow),
    ageNs,
  };
}

/** Its proportional share. */
export function estimatePss(basis: EstimateBasis): Estimate {
  const { rss, uss, rssNow, ageNs } = basis;
  const own = estimateUss(basis);
  const sharedThen = Math.max(0, rss - uss);
  const { sharedPart = Number.NaN, sharedPartError = 0 } = basis;
  const isSampled = Number.isNaN(basis.pss) && !Number.isNaN(sharedPart);
  const isTold = !Number.isNaN(basis.pss) || isSampled;
  const sharedNow = Math.max(0, rssNow - own.value);
  const shareThen = isSampled ? sharedPart : (basis.pss - uss) / sharedThen;
  const share = sharedThen === 0 ? 0 : isTold ? clamp(shareThen, 0, 0.5) : 0.25;
  const value = own.value + sharedNow * share;
  if (!isTold) return { value, low: own.low, high: clamp(own.high + sharedNow / 2, value, rssNow), ageNs };
  const drift = Math.min(MOST_DRIFT, (DRIFT_PER_MINUTE * ageNs) / MINUTE_NS) * sharedThen * share;
  const sampling = isSampled ? SAMPLING_ERRORS * sharedPartError * sharedNow : 0;
  const slack = LEAST_BYTES + exchanged(basis) + drift + sampling;
  // What came or went may have been shared, and then counts with a half at most.
  const moved = Math.abs(rssNow - rss) * (ageNs === 0 ? 0 : 1);
  const isGrown = rssNow > rss;
  return {
    value,
    low: clamp(value - slack - (isGrown ? moved : 0), 0, rssNow),
    high: clamp(value + slack + (isGrown ? 0 : moved), 0, rssNow),
    ageNs,
  };
}

function exchanged({ faults, pageSize, rss, rssNow }: EstimateBasis): number {
  const beyond = Math.max(0, (faults || 0) * pageSize - Math.abs(rssNow - rss));
  return Math.min(EXCHANGED * beyond, Math.min(rss, rssNow));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
