/**
 * PSS and USS of every process at an instant of a recording: measured where that tick read them, else estimated from the
 * last read and from what the counters said since.
 *
 * The trap: the counters of the tick that took the read are the basis, and a process may have been read before the range
 * that is asked for; so the walk begins at the beginning.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../schema.js';
import { type Estimate, estimatePss, estimateUss } from './estimate.js';
import { grownAnonymous, grownInAll } from './grown-until-read.js';

export interface ProcessEstimate {
  readonly pid: number;
  readonly startTicks: number;
  /** `ok`: the tick read it whole. `estimated`: made from what is known. */
  readonly status: 'ok' | 'estimated';
  readonly pss: Estimate;
  readonly uss: Estimate;
}

interface Basis {
  readonly rss: number;
  readonly faults: number;
  readonly uss: number;
  readonly pss: number;
  readonly readNs: bigint;
}

const RSS = COUNTER_COLUMNS.indexOf('rss');
const RSS_ANON = COUNTER_COLUMNS.indexOf('rssAnon');
const MINOR = COUNTER_COLUMNS.indexOf('minorFaults');
const PSS = ROLLUP_COLUMNS.indexOf('pss');
const USS = ROLLUP_COLUMNS.indexOf('uss');

/** Estimates row by row, for somebody who walks a recording from its begin. */
export class Estimator {
  readonly #bases = new Map<string, Basis>();
  readonly #lastFaults = new Map<string, number>();

  constructor(private readonly pageSize: number) {}

  /** Of the row of a slot in the frame that the walk is on; each row must be passed once. Undefined while it was never read. */
  pass(walk: FrameWalk, slot: number): ProcessEstimate | undefined {
    const key = walk.key(slot);
    const rss = walk.counter(RSS, slot);
    if (key === undefined || Number.isNaN(rss)) return undefined;
    const faults = walk.counter(MINOR, slot);
    if (!Number.isNaN(faults)) this.#lastFaults.set(key, faults);
    const isRead = walk.isRead(slot) && walk.rollupStatus(slot) === Status.ok;
    const lastFaults = this.#lastFaults.get(key);
    if (isRead) this.#bases.set(key, basisOf(walk, slot, rss, lastFaults, this.pageSize));
    const basis = this.#bases.get(key);
    return basis && estimateOf(walk, slot, basis, isRead, rss, lastFaults, this.pageSize);
  }
}

/** At the last frame at or before a monotonic time of the recording, or of all; processes that were never read are left out. */
export function estimatesAt(recording: Recording, toNs?: bigint): ProcessEstimate[] {
  const estimator = new Estimator(recording.metadata.host.pageSize);
  const walk = recording.walk(toNs === undefined ? {} : { toNs });
  let found: ProcessEstimate[] = [];
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    found = [];
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const estimate = estimator.pass(walk, slots[index]!);
      if (estimate) found.push(estimate);
    }
  }
  return found;
}

function basisOf(walk: FrameWalk, slot: number, rss: number, faults = Number.NaN, pageSize: number): Basis {
  const anonymous = walk.counter(RSS_ANON, slot);
  const grown = Math.max(grownAnonymous(walk, slot, anonymous), grownInAll(walk, slot, rss));
  return {
    ...{ rss: rss + grown, faults: faults + grown / pageSize },
    ...{ uss: walk.rollup(USS, slot), pss: walk.rollup(PSS, slot), readNs: walk.startNs },
  };
}

function estimateOf(
  walk: FrameWalk,
  slot: number,
  basis: Basis,
  isRead: boolean,
  rssNow: number,
  faults: number | undefined,
  pageSize: number,
): ProcessEstimate {
  const { pid, startTicks } = walk.identity(slot)!;
  const { rss, uss, pss, readNs } = basis;
  const ageNs = Number(walk.startNs - readNs);
  const known = { rss, uss, pss, rssNow, faults: (faults ?? Number.NaN) - basis.faults, ageNs, pageSize };
  const isWhole = isRead && !Number.isNaN(pss);
  const measured = (value: number): Estimate => ({ value, low: value, high: value, ageNs: 0 });
  return isWhole
    ? { pid, startTicks, status: 'ok', pss: measured(pss), uss: measured(uss) }
    : { pid, startTicks, status: 'estimated', pss: estimatePss(known), uss: estimateUss(known) };
}
