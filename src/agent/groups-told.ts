/**
 * What a recording comes to by group, and what is told of the host beside it, as it was asked for.
 *
 * The trap: groups of another kind have nothing in common with those before, so with another grouping or set of series all is
 * added up anew; what else is changed while the agent runs takes nothing away.
 */
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { oldestOf } from '../recording/retention.js';
import type { MetricName } from '../schema.js';
import { escapeLabel } from '../text/escape.js';
import type { Family } from './exposition.js';
import type { GroupBy } from './group-by.js';
import { groupFamilies, SMALL_SERIES } from './group-families.js';
import { GroupLimits } from './group-limits.js';
import { GroupMeter } from './group-meter.js';
import { GroupReadings } from './group-readings.js';
import { HostTold } from './host-families.js';
import { namedProcessFamilies } from './named-process-families.js';

/** `namedprocess`: by the names of process-exporter. */
export type SeriesSet = 'small' | 'full' | 'namedprocess';

export interface TellingOptions {
  readonly by: GroupBy;
  readonly series: SeriesSet;
  /** Most groups with series of their own; default 20, and 200 of the full set. */
  readonly mostGroups?: number;
  /** How far back maxima reach unless a scraper says so itself, nanoseconds. */
  readonly windowNs: bigint;
  /** A label `host` of every series. */
  readonly host?: string;
}

const SMALL_GROUPS = 20;
const FULL_GROUPS = 200;
/** Of the small set, all together. */
export const SMALL_MOST = 150;

/** All that is added up by group; of the rest nothing is decoded. */
const METRICS: readonly MetricName[] = [
  ...(['rss', 'rssAnon', 'vsize', 'threads', 'minorFaults', 'majorFaults', 'userTime', 'systemTime'] as const),
  ...(['swapAnon', 'hwm', 'rssHigh'] as const),
  ...(['pss', 'uss', 'swap', 'pssFile', 'pssShmem', 'rollupDuration'] as const),
];

export class GroupsTold {
  readonly #walk: FrameWalk;
  readonly #meter: GroupMeter;
  readonly #readings: GroupReadings;
  readonly #limits: GroupLimits;
  readonly host: HostTold;
  /** What each series has: `host="a",` or ''. */
  constant: string;

  constructor(
    private readonly recording: Recording,
    procfs: string,
    private options: TellingOptions,
  ) {
    const { by, series } = options;
    this.constant = constantOf(options);
    this.#walk = recording.walk({ fromBlockAt: 'newest', metrics: METRICS });
    this.#meter = new GroupMeter(procfs, by, series !== 'small');
    this.#readings = new GroupReadings(this.#meter, recording.metadata.host.pageSize, series === 'full');
    this.#limits = new GroupLimits(procfs);
    this.host = new HostTold(procfs, this.constant, series === 'full');
  }

  /** Whether these go on with other options: else all has to be added up anew. */
  canChangeTo({ by, series }: TellingOptions): boolean {
    return by.text === this.options.by.text && series === this.options.series;
  }

  change(options: TellingOptions): void {
    this.options = options;
    this.constant = this.host.constant = constantOf(options);
  }

  /** Whether there is something to tell. */
  get hasFrames(): boolean {
    return this.#walk.frames > 0;
  }

  /** How far back the ticks reach; NaN before the first. */
  get heldSeconds(): number {
    const sinceNs = oldestOf(this.recording.ring, 'counters');
    return sinceNs === undefined || !this.hasFrames ? Number.NaN : Number(this.#walk.startNs - sinceNs) / 1e9;
  }

  /** Frames that were overwritten before they could be added up. */
  get lost(): number {
    return this.#meter.lost;
  }

  /** See `GroupMeter`. */
  get longestDistanceNs(): number {
    return this.#meter.longestDistanceNs;
  }

  /** See `GroupReadings`. */
  get counts(): Pick<GroupReadings, 'processes' | 'withoutPss' | 'folded'> {
    return this.#readings;
  }

  /** Takes in what was recorded since. `otherSamples`: series that are not of groups. */
  follow(otherSamples: () => number): void {
    const isFirst = this.#walk.frames === 0;
    this.#meter.follow(this.#walk);
    // Until groups have names all of them are the rest.
    if (isFirst) this.collect(otherSamples);
  }

  /** Reads how much of their limits groups have used. */
  readLimits(): void {
    if (this.options.by.needs.cgroups) this.#limits.read(this.#meter, this.#readings.places);
  }

  /** Adds up the newest frame. */
  collect(otherSamples: () => number): void {
    if (this.#walk.isOnFrame) {
      this.#readings.collect(this.#walk, this.#mostGroups(otherSamples), this.options.windowNs);
    }
  }

  /** The series of groups; none before the first frame. */
  families(windowNs: bigint): Family[] {
    if (!this.#walk.isOnFrame) return [];
    const facts = {
      ...{ meter: this.#meter, readings: this.#readings, windowNs },
      ...{ limits: this.#limits.used, constant: this.constant },
    };
    const { series } = this.options;
    return series === 'namedprocess' ? namedProcessFamilies(facts) : groupFamilies(facts, series === 'full');
  }

  close(): void {
    this.host.close();
  }

  #mostGroups(otherSamples: () => number): number {
    const { series, mostGroups = series === 'small' ? SMALL_GROUPS : FULL_GROUPS } = this.options;
    if (series !== 'small') return mostGroups;
    const room = SMALL_MOST - otherSamples();
    // All groups have a series of their limit, or none where nothing is limited; `other` has none.
    const hasLimits = this.#limits.used.size > 0;
    const each = hasLimits ? SMALL_SERIES : SMALL_SERIES - 1;
    return Math.min(mostGroups, Math.floor((room - (SMALL_SERIES - 1)) / each));
  }
}

function constantOf({ host }: TellingOptions): string {
  return host === undefined ? '' : `host="${escapeLabel(host)}",`;
}
