/**
 * The agent of a host: a recording that always goes on, in a ring on disk, and what it comes to by group, told to whoever asks.
 *
 * The traps: scrapes may come by the thousand, so an answer is made at most ten times a second, whoever asks; and the agent
 * reads what its own sampler wrote, so that what a store is told and what the ring holds are the same numbers.
 */
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EventFollower } from '../recording/event-follower.js';
import type { Recording, StampedEvent } from '../recording/recording.js';
import type { ActionOption } from '../sampler/action-plan.js';
import type { RecordOptions } from '../sampler/record-options.js';
import { type Recorder, type RecordingEnd, startRecording } from '../sampler/recorder.js';
import { readVersion } from '../text/package.js';
import { AskedFiles } from './asked-files.js';
import { actionsOfTriggers, type CaptureTriggers, reasonIn } from './capture-triggers.js';
import { type CaptureOptions, Captures } from './captures.js';
import { type ExpositionFormat, expositionOf, type Family } from './exposition.js';
import { LONGEST_WINDOW_NS } from './group-table.js';
import { GroupsTold, type TellingOptions } from './groups-told.js';
import { ownFamilies, type ReloadFacts } from './own-families.js';
import type { PushKind } from './push/pusher.js';
import { Pushes, type PushPlan } from './push/pushes.js';
import { putAside, ringFileIn, whyNotResumed } from './ring-folder.js';

/** When the last minutes are kept, and how. */
export interface CapturingOptions {
  readonly triggers: CaptureTriggers;
  readonly captures: Omit<CaptureOptions, 'ring' | 'folder' | 'onWarning'>;
}

export interface AgentOptions extends TellingOptions {
  /** Where the ring is kept. */
  readonly folder: string;
  readonly capturing?: CapturingOptions;
  readonly record: RecordOptions & { readonly sizeBytes: number; readonly budget: number; readonly procfs: string };
  readonly onWarning: (sentence: string) => void;
}

/** In the folder of the ring. */
const QUEUE_FOLDERS: Readonly<Record<PushKind, string>> = { 'remote-write': 'queue', otlp: 'queue-otlp' };
const CAPTURES_FOLDER = 'captures';
const FOLLOW_MS = 1000;
/** Frames are taken in so many at once, and no later than that: to take up the thread of a recording costs as much as a frame. */
const FRAMES_AT_ONCE = 5;
const MOST_BEHIND_MS = 5000;
const COLLECT_AGAIN_MS = 100;
const LIMITS_EVERY_MS = 5000;
const TRIGGERS_EVERY_MS = 2000;
export class Agent implements AsyncDisposable {
  readonly #recording: Recording;
  readonly #events: EventFollower;
  #groups: GroupsTold;
  readonly #timer: NodeJS.Timeout;
  readonly #pushes: Pushes;
  /** Undefined where none are kept. */
  readonly captures: Captures | undefined;
  /** The same. */
  readonly asked: AskedFiles | undefined;
  /** The last reading of the configuration, where there is one. */
  #reload: ReloadFacts | undefined;
  #capturing: CapturingOptions | undefined;
  /** Of groups that are told no longer. */
  #lostBefore = 0;
  #oomKills = Number.NaN;
  #collectedMs = Number.NEGATIVE_INFINITY;
  #followedMs = Number.NEGATIVE_INFINITY;
  #limitsMs = Number.NEGATIVE_INFINITY;
  #triggersMs = Number.NEGATIVE_INFINITY;
  #isWatched = false;
  /** Series that are not of groups. */
  #ownSamples: number | undefined;
  #telling: TellingOptions;
  /** By format and window, of what was collected last. */
  readonly #texts = new Map<string, string>();

  private constructor(
    private readonly options: AgentOptions,
    readonly recorder: Recorder,
  ) {
    this.#recording = recorder.recording();
    this.#telling = options;
    this.#events = new EventFollower(this.#recording);
    this.#groups = new GroupsTold(this.#recording, options.record.procfs, options);
    const { folder, capturing, onWarning } = options;
    this.#capturing = capturing;
    const familiesOf = (everyNs: bigint) => this.families(everyNs > LONGEST_WINDOW_NS ? LONGEST_WINDOW_NS : everyNs);
    this.#pushes = new Pushes((kind) => path.join(folder, QUEUE_FOLDERS[kind]), familiesOf, onWarning);
    if (capturing && recorder.file !== undefined) {
      const place = { ring: recorder.file, folder: path.join(folder, CAPTURES_FOLDER), onWarning };
      this.captures = new Captures({ ...capturing.captures, ...place });
      this.asked = new AskedFiles(place.folder, { ring: place.ring, tidemark: capturing.captures.tidemark });
    }
    const known = this.#events.next();
    // What happened before us has been looked at by whoever was there.
    for (const stamped of known.slice(known.findLastIndex(({ event }) => event.type === 'resume') + 1))
      this.#take(stamped);
    this.#collect();
    this.#timer = setInterval(() => this.#look(), FOLLOW_MS);
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
      ...actionsOf(options.capturing),
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
    return this.isRecording && this.#groups.hasFrames;
  }

  get isRecording(): boolean {
    return !this.recorder.isOver;
  }

  /** How the recording ends; rejects when it fails. */
  get finished(): Promise<RecordingEnd> {
    return this.recorder.finished;
  }

  /** Everything as text. `windowNs`: how far back maxima reach, up to `LONGEST_WINDOW_NS`. */
  metrics(format: ExpositionFormat, windowNs = this.#telling.windowNs): string {
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

  /** Pushes to these from now on, and nowhere else. Rejects with the errno of a folder of a queue that cannot be used. */
  pushTo(plans: readonly PushPlan[]): Promise<void> {
    return this.#pushes.change(plans);
  }

  /** The configuration was read, as it was at the start, or could not be. */
  reloaded(isSuccessful: boolean): void {
    // Who never read it again has read it at the start.
    const before = this.#reload?.succeededSeconds ?? Date.now() / 1000 - process.uptime();
    this.#reload = { isSuccessful, succeededSeconds: isSuccessful ? Date.now() / 1000 : before };
    this.#ownSamples = undefined;
    this.#texts.clear();
  }

  /** Tells in another way from now on. */
  tellBy(telling: TellingOptions): void {
    this.#telling = telling;
    if (this.#groups.canChangeTo(telling)) this.#groups.change(telling);
    else {
      this.#lostBefore += this.#groups.lost;
      this.#groups.close();
      this.#groups = new GroupsTold(this.#recording, this.options.record.procfs, telling);
    }
    this.#ownSamples = undefined;
    this.#limitsMs = Number.NEGATIVE_INFINITY;
    this.#collect();
  }

  /** Keeps the last minutes at other times from now on. Throws a TypeError for a rule that cannot be watched here, and changes nothing then. */
  captureOn(capturing: CapturingOptions): void {
    const { actions } = actionsOf(capturing);
    if (!isDeepStrictEqual(actions, actionsOf(this.#capturing).actions)) this.recorder.changeActions(actions);
    // Kills of a time when nobody looked are no news.
    if (!this.#capturing?.triggers.oomKills) this.#oomKills = Number.NaN;
    this.#capturing = capturing;
    this.captures?.change(capturing.captures);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#pushes.close();
    this.#groups.close();
    await this.recorder[Symbol.asyncDispose]();
  }

  #follow(): void {
    this.#followedMs = performance.now();
    this.#groups.follow(() => this.#otherSamples());
  }

  /** What is looked at whether somebody asks or not. */
  #look(): void {
    // Where the sweeps are few; NaN while it is not known how far apart they are.
    const behindMs = Math.min(MOST_BEHIND_MS, (FRAMES_AT_ONCE * this.#groups.longestDistanceNs) / 1e6) || 0;
    // A timer may be a little early.
    if (performance.now() - this.#followedMs >= behindMs - FOLLOW_MS / 2) this.#follow();
    for (const stamped of this.#events.next()) this.#take(stamped);
    const now = performance.now();
    if (now - this.#triggersMs >= TRIGGERS_EVERY_MS) {
      this.#triggersMs = now;
      this.#lookAtHost();
    }
    if (now - this.#limitsMs >= LIMITS_EVERY_MS) {
      this.#limitsMs = now;
      this.#groups.readLimits();
    }
  }

  #take(stamped: StampedEvent): void {
    const { event } = stamped;
    if (event.type === 'peaks') this.#isWatched = event.isOn;
    const reason = this.#capturing && reasonIn(this.#capturing.triggers, stamped);
    if (reason !== undefined) void this.captures?.capture(reason);
  }

  #lookAtHost(): void {
    const triggers = this.#capturing?.triggers;
    if (!triggers || (!triggers.oomKills && triggers.pressure === undefined)) return;
    const { oomKills, pressure } = this.#groups.host.trouble();
    if (triggers.oomKills && oomKills > this.#oomKills) void this.captures?.capture('oom-kill');
    this.#oomKills = oomKills;
    if (triggers.pressure !== undefined && pressure > triggers.pressure) void this.captures?.capture('pressure');
  }

  #collect(): void {
    this.#follow();
    this.#texts.clear();
    this.#collectedMs = performance.now();
    this.#groups.collect(() => this.#otherSamples());
  }

  #otherSamples(): number {
    this.#ownSamples ??= samplesIn(this.#own());
    return this.#ownSamples;
  }

  #families(windowNs: bigint): Family[] {
    const own = this.#own();
    this.#ownSamples = samplesIn(own);
    return [...this.#groups.families(windowNs), ...own];
  }

  /** All that is not of groups. */
  #own(): Family[] {
    const { progress } = this.recorder;
    const { user, system } = process.cpuUsage();
    const { budget } = this.options.record;
    const { processes, withoutPss, folded } = this.#groups.counts;
    const own = ownFamilies({
      ...{ version: readVersion(), engine: this.recorder.engine, constant: this.#groups.constant },
      ...{ isRecording: this.isRecording, cpuSeconds: (user + system) / 1e6 },
      ...{ residentBytes: process.memoryUsage.rss(), budget },
      ...{
        ticks: progress?.ticks ?? 0,
        missedTicks: progress?.missedTicks ?? 0,
        lostFrames: this.#lostBefore + this.#groups.lost,
      },
      ...{ processes, withoutPss, folded },
      heldSeconds: this.#groups.heldSeconds,
      ...(this.captures ? { captures: this.captures.counts } : {}),
      pushes: this.#pushes.counts,
      ...(this.#reload ? { reload: this.#reload } : {}),
      guaranteeSeconds: this.#isWatched ? 0 : this.#groups.longestDistanceNs / 1e9,
    });
    return [...this.#groups.host.families(), ...own];
  }
}

/** What a scraper may ask for, in nanoseconds. */
export const WINDOW_NS = { least: 1_000_000_000n, most: LONGEST_WINDOW_NS } as const;

function samplesIn(families: readonly Family[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}

/** Rules of captures are actions of the recording. */
function actionsOf(capturing: CapturingOptions | undefined): { readonly actions: ActionOption[] } {
  return { actions: capturing ? actionsOfTriggers(capturing.triggers, capturing.captures.everyNs) : [] };
}
