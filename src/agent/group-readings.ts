/**
 * What is told of the groups at one instant: the newest frame added up by group, which groups have a name of their own, and the
 * rest as `other`.
 *
 * The traps: RSS counts a shared page for every process that maps it, so its sum is an upper bound; PSS is read rarely, so it is
 * carried on from the last read by what the counters say since (`analyze/estimate.ts`), and a process that was never read adds
 * nothing and is counted; and groups of about the same size must not take turns at having a name, since each turn costs the
 * store two series.
 */
import { type EstimateBasis, estimatePss, estimateUss } from '../analyze/estimate.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, Status } from '../schema.js';
import type { GroupMeter } from './group-meter.js';
import { OTHER } from './group-table.js';

/** A group with a name keeps it until another is larger by this. */
const HOLDS_ON = 1.25;
/** Upper bounds of the sizes of processes that a histogram tells apart: 1 MiB to 1 TiB. */
export const SIZE_BOUNDS: readonly number[] = Array.from({ length: 21 }, (_, power) => 2 ** (20 + power));

const counterAt = (name: MetricName) => COUNTER_COLUMNS.indexOf(name);
const rollupAt = (name: MetricName) => ROLLUP_COLUMNS.indexOf(name);
const [RSS, ANON, SWAP_ANON] = [counterAt('rss'), counterAt('rssAnon'), counterAt('swapAnon')];
const [SWAP, PSS_FILE, PSS_SHMEM] = [rollupAt('swap'), rollupAt('pssFile'), rollupAt('pssShmem')];

/** Added up of the newest frame, by place; NaN where nothing is known of any member. */
export type GroupGauge = 'rssAnon' | 'pss' | 'swap' | 'uss' | 'pssFile' | 'pssShmem' | 'vsize' | 'threads';
const GAUGES: readonly GroupGauge[] = ['rssAnon', 'pss', 'swap', 'uss', 'pssFile', 'pssShmem', 'vsize', 'threads'];

export class GroupReadings {
  /** The places that are told by name, the largest first, and `OTHER` behind them. */
  places: readonly number[] = [OTHER];
  /** Groups with processes that are told as `other`; beyond `MOST_GROUPS` they are not told apart and not counted. */
  folded = 0;
  /** Processes of all groups. */
  processes = 0;
  /** Processes with memory whose PSS was never read. */
  withoutPss = 0;
  readonly gauges = Object.fromEntries(GAUGES.map((name) => [name, new Float64Array(0)])) as Record<
    GroupGauge,
    Float64Array
  >;
  members = new Int32Array(0);
  /** By place and bound: processes that are not larger; the last of a place are all. Only where asked for. */
  sizes = new Float64Array(0);
  #scores = new Float64Array(0);
  readonly #known: { -readonly [field in keyof EstimateBasis]: number };

  constructor(
    private readonly meter: GroupMeter,
    pageSize: number,
    private readonly isFull: boolean,
  ) {
    this.#known = { rss: 0, uss: 0, pss: 0, rssNow: 0, faults: Number.NaN, ageNs: 0, pageSize };
  }

  /**
   * Adds up the frame that the walk is on, and chooses at most so many groups that have names, by what they came to in the
   * window.
   */
  collect(walk: FrameWalk, most: number, windowNs: bigint): void {
    this.#begin();
    const { meter } = this;
    const { slots, count } = walk.rows;
    const rss = walk.counterColumn(RSS);
    const anon = walk.counterColumn(ANON);
    const swapped = walk.hasCounter(SWAP_ANON) ? walk.counterColumn(SWAP_ANON) : undefined;
    const vsize = walk.counterColumn(counterAt('vsize'));
    const threads = walk.counterColumn(counterAt('threads'));
    this.processes = this.withoutPss = 0;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const place = meter.groups[slot] ?? -1;
      if (place < 0 || walk.status(slot) === Status.gone) continue;
      this.processes++;
      add(this.gauges.threads, place, threads[slot]!);
      const bytes = rss[slot]!;
      if (Number.isNaN(bytes)) continue;
      add(this.gauges.rssAnon, place, anon[slot]!);
      add(this.gauges.swap, place, swapped ? swapped[slot]! : walk.rollup(SWAP, slot));
      const pss = this.#shares(slot, place, bytes, Number(walk.startNs));
      if (Number.isNaN(pss)) this.withoutPss++;
      this.#scores[place]! += Number.isNaN(pss) ? bytes : pss;
      add(this.gauges.vsize, place, vsize[slot]!);
      if (!this.isFull) continue;
      add(this.gauges.pssFile, place, walk.rollup(PSS_FILE, slot));
      add(this.gauges.pssShmem, place, walk.rollup(PSS_SHMEM, slot));
      this.#addSize(place, bytes);
    }
    this.#choose(most, windowNs);
    this.#fold();
  }

  #begin(): void {
    const { size } = this.meter.table;
    if (this.#scores.length < size) {
      const room = this.meter.table.members.length;
      for (const name of GAUGES) this.gauges[name] = new Float64Array(room);
      this.#scores = new Float64Array(room);
      this.members = new Int32Array(room);
      if (this.isFull) this.sizes = new Float64Array(room * (SIZE_BOUNDS.length + 1));
    }
    for (const name of GAUGES) this.gauges[name].fill(Number.NaN, 0, size);
    this.#scores.fill(0, 0, size);
    this.sizes.fill(0);
    this.members.set(this.meter.table.members.subarray(0, size));
  }

  /** Adds PSS and USS, and returns the PSS; NaN when the process was never read. */
  #shares(slot: number, place: number, rssNow: number, nowNs: number): number {
    const { basis } = this.meter;
    let pss = basis.pss[slot]!;
    let uss = basis.uss[slot]!;
    if (Number.isNaN(uss)) return Number.NaN;
    // Most processes have not moved since.
    if (rssNow !== basis.rss[slot] || Number.isNaN(pss)) {
      const known = this.#known;
      known.rss = basis.rss[slot]!;
      known.uss = uss;
      known.pss = pss;
      known.rssNow = rssNow;
      known.ageNs = Math.max(0, nowNs - basis.atNs[slot]!);
      pss = estimatePss(known).value;
      uss = estimateUss(known).value;
    }
    add(this.gauges.pss, place, pss);
    add(this.gauges.uss, place, uss);
    return pss;
  }

  #addSize(place: number, bytes: number): void {
    const width = SIZE_BOUNDS.length + 1;
    for (let bound = SIZE_BOUNDS.length; bound >= 0; bound--) {
      if (bound < SIZE_BOUNDS.length && bytes > SIZE_BOUNDS[bound]!) break;
      this.sizes[place * width + bound]!++;
    }
  }

  /** The largest groups; those that had series before are taken for larger than they are. */
  #choose(most: number, windowNs: bigint): void {
    const { table } = this.meter;
    const candidates: number[] = [];
    for (let place = 1; place < table.size; place++) {
      if (table.labels[place] === '') continue;
      // What it came to counts, also of one that has ended: its peak is told until it has been seen.
      this.#scores[place]! += Math.max(0, table.high(place, windowNs) - table.rss[place]!) || 0;
      if (table.shown[place] === 1) this.#scores[place]! *= HOLDS_ON;
      candidates.push(place);
    }
    candidates.sort((a, b) => this.#scores[b]! - this.#scores[a]! || a - b);
    const chosen = candidates.slice(0, most);
    table.choose(chosen);
    this.places = [...chosen, OTHER];
  }

  /** All that has no name is `other`. */
  #fold(): void {
    const { table } = this.meter;
    const width = SIZE_BOUNDS.length + 1;
    this.folded = 0;
    for (let place = 1; place < table.size; place++) {
      if (table.shown[place] === 1) continue;
      if (this.members[place]! > 0) this.folded++;
      this.members[OTHER]! += this.members[place]!;
      for (const name of GAUGES) add(this.gauges[name], OTHER, this.gauges[name][place]!);
      if (!this.isFull) continue;
      for (let bound = 0; bound < width; bound++) this.sizes[bound]! += this.sizes[place * width + bound]!;
    }
    // Nobody uses nothing, and the series go on.
    if (this.members[OTHER] === 0) for (const name of GAUGES) this.gauges[name][OTHER] = 0;
  }
}

/** What was not measured adds nothing. */
function add(sums: Float64Array, place: number, value: number): void {
  if (Number.isNaN(value)) return;
  sums[place] = Number.isNaN(sums[place]!) ? value : sums[place]! + value;
}
