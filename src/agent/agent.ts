/**
 * The agent of a host: a recording that always goes on, in a ring on disk, and what it comes to by group, told to whoever asks.
 *
 * The traps: scrapes may come by the thousand, so an answer is made at most ten times a second, whoever asks; and the agent
 * reads what its own sampler wrote, so that what a store is told and what the ring holds are the same numbers.
 */
import path from 'node:path';
import { EventFollower } from '../recording/event-follower.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording, StampedEvent } from '../recording/recording.js';
import type { RecordOptions } from '../sampler/record-options.js';
import { type Recorder, type RecordingEnd, startRecording } from '../sampler/recorder.js';
import type { MetricName } from '../schema.js';
import { escapeLabel } from '../text/escape.js';
import { readVersion } from '../text/package.js';
import { type CaptureTriggers, reasonIn } from './capture-triggers.js';
import { type CaptureOptions, Captures } from './captures.js';
import { type ExpositionFormat, expositionOf, type Family } from './exposition.js';
import type { GroupBy } from './group-by.js';
import { groupFamilies, SMALL_SERIES } from './group-families.js';
import { GroupLimits } from './group-limits.js';
import { GroupMeter } from './group-meter.js';
import { GroupReadings } from './group-readings.js';
import { LONGEST_WINDOW_NS } from './group-table.js';
import { HostTold } from './host-families.js';
import { namedProcessFamilies } from './named-process-families.js';
import { ownFamilies } from './own-families.js';
import { DiskQueue } from './push/disk-queue.js';
import { Pusher, type PushKind, type PushTarget } from './push/pusher.js';
import { putAside, ringFileIn, whyNotResumed } from './ring-folder.js';

/** `namedprocess`: by the names of process-exporter. */
export type SeriesSet = 'small' | 'full' | 'namedprocess';

export interface AgentOptions {
  /** Where the ring is kept. */
  readonly folder: string;
  readonly by: GroupBy;
  readonly series: SeriesSet;
  /** Most groups with series of their own; default 20, and 200 of the full set. */
  readonly mostGroups?: number;
  /** How far back maxima reach unless a scraper says so itself, nanoseconds. */
  readonly windowNs: bigint;
  /** When the last minutes are kept, and how. */
  readonly triggers?: CaptureTriggers;
  readonly captures?: Omit<CaptureOptions, 'ring' | 'folder' | 'onWarning'>;
  /** A label `host` of every series. */
  readonly host?: string;
  readonly record: RecordOptions & { readonly sizeBytes: number; readonly budget: number; readonly procfs: string };
  readonly onWarning: (sentence: string) => void;
}

/** In the folder of the ring. */
const QUEUE_FOLDERS: Readonly<Record<PushKind, string>> = { 'remote-write': 'queue', otlp: 'queue-otlp' };
const CAPTURES_FOLDER = 'captures';
const FOLLOW_MS = 1000;
const COLLECT_AGAIN_MS = 100;
const LIMITS_EVERY_MS = 5000;
const TRIGGERS_EVERY_MS = 2000;
const HELD_EVERY_MS = 60_000;
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

export class Agent implements AsyncDisposable {
  readonly #recording: Recording;
  readonly #walk: FrameWalk;
  readonly #events: EventFollower;
  readonly #meter: GroupMeter;
  readonly #readings: GroupReadings;
  readonly #limits: GroupLimits;
  readonly #host: HostTold;
  readonly #timer: NodeJS.Timeout;
  readonly #constant: string;
  readonly #pushers = new Map<PushKind, Pusher>();
  /** Undefined where none are kept. */
  readonly captures: Captures | undefined;
  #oomKills = Number.NaN;
  #collectedMs = Number.NEGATIVE_INFINITY;
  #limitsMs = Number.NEGATIVE_INFINITY;
  #heldMs = Number.NEGATIVE_INFINITY;
  #triggersMs = Number.NEGATIVE_INFINITY;
  #heldSeconds = Number.NaN;
  #isWatched = false;
  /** Series that are not of groups. */
  #ownSamples: number | undefined;
  /** By format and window, of what was collected last. */
  readonly #texts = new Map<string, string>();

  private constructor(
    private readonly options: AgentOptions,
    readonly recorder: Recorder,
  ) {
    this.#recording = recorder.recording();
    this.#walk = this.#recording.walk({ fromBlockAt: 'newest', metrics: METRICS });
    this.#events = new EventFollower(this.#recording);
    this.#meter = new GroupMeter(options.record.procfs, options.by, options.series !== 'small');
    const { pageSize } = this.#recording.metadata.host;
    this.#readings = new GroupReadings(this.#meter, pageSize, options.series === 'full');
    this.#limits = new GroupLimits(options.record.procfs);
    this.#constant = options.host === undefined ? '' : `host="${escapeLabel(options.host)}",`;
    this.#host = new HostTold(options.record.procfs, this.#constant, options.series === 'full');
    const { folder, captures, onWarning } = options;
    if (captures && recorder.file !== undefined) {
      const place = { ring: recorder.file, folder: path.join(folder, CAPTURES_FOLDER), onWarning };
      this.captures = new Captures({ ...captures, ...place });
    }
    const known = this.#events.next();
    // What happened before us has been looked at by whoever was there.
    for (const stamped of known.slice(known.findLastIndex(({ event }) => event.type === 'resume') + 1))
      this.#take(stamped);
    this.#collect();
    this.#timer = setInterval(() => this.#follow(), FOLLOW_MS);
  }

  /**
   * Starts recording, goes on in the ring of the folder, or puts it aside where it cannot. Rejects with `RingFolderError`, or
   * as `startRecording` does.
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const file = ringFileIn(options.folder);
    const { sizeBytes } = options.record;
    const tellAside = (why: string) => {
      options.onWarning(`Cannot go on in ${file}: ${why}; it is ${putAside(file)} now, and a new one is begun`);
    };
    const why = whyNotResumed(file, sizeBytes);
    if (why !== undefined) tellAside(why);
    const record: RecordOptions = {
      ...{ target: 'host', file, resume: true, trim: false, sampler: 'worker', ownCost: 'process' },
      ...{ onWarning: options.onWarning },
      ...options.record,
    };
    try {
      return new Agent(options, await startRecording(record));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'different-recording') throw error;
      tellAside((error as Error).message.replace(/^Cannot go on in .*?: /s, ''));
      return new Agent(options, await startRecording(record));
    }
  }

  /** Whether there is something to tell. */
  get isReady(): boolean {
    return this.isRecording && this.#walk.frames > 0;
  }

  get isRecording(): boolean {
    return !this.recorder.isOver;
  }

  /** How the recording ends; rejects when it fails. */
  get finished(): Promise<RecordingEnd> {
    return this.recorder.finished;
  }

  /** Everything as text. `windowNs`: how far back maxima reach, up to `LONGEST_WINDOW_NS`. */
  metrics(format: ExpositionFormat, windowNs = this.options.windowNs): string {
    if (performance.now() - this.#collectedMs >= COLLECT_AGAIN_MS) this.#collect();
    const key = `${format} ${windowNs}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = expositionOf(this.#families(windowNs), format);
    this.#texts.set(key, text);
    return text;
  }

  /** Everything, for whoever pushes it. */
  families(windowNs: bigint): Family[] {
    this.#collect();
    return this.#families(windowNs);
  }

  /** Pushes to a store from now on, as often as asked. Throws the errno of a folder of the queue that cannot be used. */
  push(kind: PushKind, target: PushTarget, everyNs: bigint, queueBytes: number): void {
    const queue = new DiskQueue(path.join(this.options.folder, QUEUE_FOLDERS[kind]), queueBytes);
    const families = () => this.families(everyNs > LONGEST_WINDOW_NS ? LONGEST_WINDOW_NS : everyNs);
    const everyMs = Number(everyNs / 1_000_000n);
    this.#pushers.set(kind, new Pusher(target, queue, everyMs, families, this.options.onWarning));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#pushers.values()].map((pusher) => pusher.close()));
    this.#host.close();
    await this.recorder[Symbol.asyncDispose]();
  }

  #follow(): void {
    const isFirst = this.#walk.frames === 0;
    this.#meter.follow(this.#walk);
    // Until groups have names all of them are the rest.
    if (isFirst && this.#walk.isOnFrame) this.#readings.collect(this.#walk, this.#mostGroups(), this.options.windowNs);
    for (const stamped of this.#events.next()) this.#take(stamped);
    const now = performance.now();
    if (now - this.#triggersMs >= TRIGGERS_EVERY_MS) {
      this.#triggersMs = now;
      this.#lookAtHost();
    }
    if (now - this.#limitsMs >= LIMITS_EVERY_MS && this.options.by.needs.cgroups) {
      this.#limitsMs = now;
      this.#limits.read(this.#meter, this.#readings.places);
    }
    if (now - this.#heldMs >= HELD_EVERY_MS && this.#walk.frames > 0) {
      this.#heldMs = now;
      this.#heldSeconds = this.#recording.retention()[0]?.heldSeconds ?? Number.NaN;
    }
  }

  #take(stamped: StampedEvent): void {
    const { event } = stamped;
    if (event.type === 'peaks') this.#isWatched = event.isOn;
    const { triggers } = this.options;
    const reason = triggers && reasonIn(triggers, stamped);
    if (reason !== undefined) void this.captures?.capture(reason);
  }

  #lookAtHost(): void {
    const { triggers } = this.options;
    if (!triggers || (!triggers.oomKills && triggers.pressure === undefined)) return;
    const { oomKills, pressure } = this.#host.trouble();
    if (triggers.oomKills && oomKills > this.#oomKills) void this.captures?.capture('oom-kill');
    this.#oomKills = oomKills;
    if (triggers.pressure !== undefined && pressure > triggers.pressure) void this.captures?.capture('pressure');
  }

  #collect(): void {
    this.#follow();
    this.#texts.clear();
    this.#collectedMs = performance.now();
    if (this.#walk.isOnFrame) this.#readings.collect(this.#walk, this.#mostGroups(), this.options.windowNs);
  }

  #mostGroups(): number {
    const { series, mostGroups = series === 'small' ? SMALL_GROUPS : FULL_GROUPS } = this.options;
    if (series !== 'small') return mostGroups;
    this.#ownSamples ??= samplesIn(this.#own());
    const room = SMALL_MOST - this.#ownSamples;
    // All groups have a series of their limit, or none where nothing is limited; `other` has none.
    const hasLimits = this.#limits.used.size > 0;
    const each = hasLimits ? SMALL_SERIES : SMALL_SERIES - 1;
    return Math.min(mostGroups, Math.floor((room - (SMALL_SERIES - 1)) / each));
  }

  #families(windowNs: bigint): Family[] {
    const facts = {
      ...{ meter: this.#meter, readings: this.#readings, windowNs },
      ...{ limits: this.#limits.used, constant: this.#constant },
    };
    const own = this.#own();
    this.#ownSamples = samplesIn(own);
    if (!this.#walk.isOnFrame) return own;
    const { series } = this.options;
    const groups = series === 'namedprocess' ? namedProcessFamilies(facts) : groupFamilies(facts, series === 'full');
    return [...groups, ...own];
  }

  /** All that is not of groups. */
  #own(): Family[] {
    const { progress } = this.recorder;
    const { user, system } = process.cpuUsage();
    const { budget } = this.options.record;
    const own = ownFamilies({
      ...{ version: readVersion(), engine: this.recorder.engine, constant: this.#constant },
      ...{ isRecording: this.isRecording, cpuSeconds: (user + system) / 1e6 },
      ...{ residentBytes: process.memoryUsage.rss(), budget },
      ...{ ticks: progress?.ticks ?? 0, missedTicks: progress?.missedTicks ?? 0, lostFrames: this.#meter.lost },
      ...{ processes: this.#readings.processes, withoutPss: this.#readings.withoutPss, folded: this.#readings.folded },
      heldSeconds: this.#heldSeconds,
      ...(this.captures ? { captures: this.captures.counts } : {}),
      pushes: [...this.#pushers].map(([kind, pusher]) => [kind, pusher.counts] as const),
      guaranteeSeconds: this.#isWatched ? 0 : this.#meter.longestDistanceNs / 1e9,
    });
    return [...this.#host.families(), ...own];
  }
}

/** What a scraper may ask for, in nanoseconds. */
export const WINDOW_NS = { least: 1_000_000_000n, most: LONGEST_WINDOW_NS } as const;

function samplesIn(families: readonly Family[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}
