/**
 * What a screen shows of a recording at an instant, and the ways from there to another: a file, or what is recorded while
 * the screen is shown.
 *
 * The traps: a key must be answered within a few hundredths of a second, while ten minutes of history and the deep reads of
 * hours before take longer: those come a moment later, and until then their cells are empty. The first screen of a program
 * waits for neither, nor for what was before, since all of that code is run for the first time. And the screen may be of a
 * recording that is being written, whose oldest ticks go meanwhile.
 */
import type { LiveProcess } from '../analyze/live-processes.js';
import { LONG_WINDOW_NS, SHORT_WINDOW_NS } from '../analyze/live-processes.js';
import { ReplayHistory } from '../analyze/replay-history.js';
import type { ClockLine } from '../recording/clock-line.js';
import { InstantView } from '../recording/instant-view.js';
import { instantWithin, type RecordedSpan } from '../recording/instants.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { Recording } from '../recording/recording.js';
import { nearestPoint, recordedPoints, type TurningPoint } from '../recording/turning-points.js';
import type { OpenedProcess } from '../views/screen/opened-process.js';
import type { ProcessFacts, ScreenModel } from '../views/screen/screen-model.js';
import { cmdlineOf } from './recorded-instant.js';
import { replayedHost } from './replayed-host.js';
import { ReplayedMappings } from './replayed-mappings.js';
import { REPLAYED_METRICS, replayedProcesses } from './replayed-processes.js';

const MINUTE_NS = 60_000_000_000n;
/** For deep reads that are not near, before the screen is drawn without them. */
const SEARCH_MS = 15;
/** The history begins when no key has come for so long. */
const REST_MS = 40;
/** Shares are read once a second at most; older than this they are marked. */
const OLD_NS = 2.5e9;
const NEAR_TICKS = 200;
const LATEST_NS = 2n ** 63n - 1n;
/** Each is some 50 KiB for 2,000 processes, and a step back to it takes no time. */
const KEPT_FRAMES = 64;

export interface ReplayOptions {
  readonly recording: Recording;
  readonly pids?: readonly number[];
  /** Where it begins, Unix nanoseconds; without it at the end. */
  readonly atNs?: bigint;
  /** The first looks are of the counters alone; the rest is told as a change, a moment later. */
  readonly beginsQuickly?: boolean;
  /** Whether a process is shown, by `identityKey`. */
  readonly isShown?: (key: string) => boolean;
  /** Told when there is more to show. */
  readonly changed: () => void;
  /** What is known beyond the recording, of what is there still. */
  readonly factsOf?: (key: string) => ProcessFacts | undefined;
}

export class ReplaySession {
  readonly recording: Recording;
  readonly #options: ReplayOptions;
  readonly #view: InstantView;
  /** Ten seconds and ten minutes before. */
  readonly #short: InstantView;
  readonly #long: InstantView;
  readonly #history: ReplayHistory;
  readonly #mappings: ReplayedMappings;
  #clock: ClockLine;
  #span: RecordedSpan;
  #points: readonly TurningPoint[];
  #happening: TurningPoint | undefined;
  #programs: ReadonlyMap<string, ProgramPart> | undefined;
  #isFollowing = false;
  #isQuick: boolean;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Throws `MergedRecordingError`, and a TypeError for a recording without a frame. */
  constructor(options: ReplayOptions) {
    const { recording } = options;
    this.#options = options;
    this.recording = recording;
    this.#view = new InstantView(recording, REPLAYED_METRICS, KEPT_FRAMES);
    this.#short = new InstantView(recording, ['rss'], KEPT_FRAMES);
    this.#long = new InstantView(recording, ['rss'], KEPT_FRAMES);
    this.#history = new ReplayHistory(recording);
    this.#mappings = new ReplayedMappings(recording);
    this.#clock = recording.clock();
    this.#points = recordedPoints(recording);
    const { atNs } = options;
    const toNs = atNs === undefined ? LATEST_NS : recording.monotonicOf(atNs);
    if (!this.#moveTo(toNs)) throw new TypeError('Expected a recording with a frame');
    this.#span = this.#spanNow();
    this.#isQuick = options.beginsQuickly === true;
    if (!this.#isQuick) this.#moved();
  }

  /** Unix nanoseconds of the frame that is shown. */
  get timeNs(): bigint {
    return this.#clock.toUnix(this.#view.frame.startNs);
  }

  /** Goes to the last frame at or before a time (Unix nanoseconds), or to the first. */
  moveTo(timeNs: bigint): void {
    this.#isFollowing = false;
    this.#go(this.recording.monotonicOf(timeNs));
  }

  /**
   * Goes to what a text means in the one grammar of times. Returns what is to be said of a choice, if anything. Throws
   * `InputError` and `OutsideRecordingError`.
   */
  goTo(text: string): string | undefined {
    const { monotonicNs, choice } = instantWithin(this.recording, text);
    this.#refresh();
    this.#isFollowing = false;
    this.#go(monotonicNs);
    return choice;
  }

  /** One tick back or on; false at the ends. */
  step(by: 1 | -1): boolean {
    this.#isFollowing = false;
    const before = this.#view.frame.startNs;
    if (!this.#view.step(by)) return false;
    this.#moved();
    if (by === 1) this.#history.stepOn(this.#view, before);
    return true;
  }

  minute(by: 1 | -1): void {
    this.#isFollowing = false;
    this.#go(this.#view.frame.startNs + BigInt(by) * MINUTE_NS);
  }

  /** To the next or the previous kill, mark or gap; false when there is none. */
  happening(direction: 1 | -1): boolean {
    this.#refresh();
    const fromNs = this.#happening?.timeNs ?? this.#view.frame.startNs;
    const point = nearestPoint(this.#points, this.#view.finder, fromNs, direction);
    if (!point) return false;
    this.#isFollowing = false;
    this.#go(point.timeNs);
    this.#happening = point;
    return true;
  }

  /** To the newest frame, and on with those that come. */
  follow(): void {
    this.#isFollowing = true;
    this.#catchUp();
  }

  /** What there is to show; time may have gone on where it follows. */
  look(openedKey: string | undefined): ScreenModel {
    if (this.#isFollowing) this.#catchUp();
    const view = this.#view;
    const { frame } = view;
    const isWhole = !this.#isQuick && view.findReads(SEARCH_MS);
    const { pids, isShown, factsOf } = this.#options;
    const rows = replayedProcesses(view, this.#before(), this.#history, pids);
    const { withoutMemory } = rows;
    const processes = isShown ? rows.processes.filter(({ key }) => isShown(key)) : rows.processes;
    const clock = this.#clock;
    const unixOf = (monotonicNs: bigint) => clock.toUnix(monotonicNs);
    const earlier = this.#short.isMoved ? this.#short : undefined;
    if (this.#isQuick) this.#work(0);
    else if (!isWhole || !this.#history.isWholeFor(frame.startNs)) this.#work(REST_MS);
    const { timeNs } = this;
    const opened = openedKey === undefined ? undefined : this.#opened(openedKey, processes);
    return {
      host: replayedHost(this.recording, view, earlier, this.#points, { firstNs: this.#firstNs, unixOf }),
      processes,
      withoutMemory,
      factsOf: (key) => factsOf?.(key) ?? this.#factsOf(key),
      shapeOf: (slot, points) => this.#history.shape(slot, points),
      peakTime: (monotonicNs) => new Date(Number(unixOf(monotonicNs) / 1_000_000n)),
      pidDigits: Math.max(5, ...processes.map(({ identity }) => String(identity.pid).length)),
      oldNs: Math.max(OLD_NS, 2.5e9 / this.recording.metadata.hz),
      ...(opened ? { opened } : {}),
      replay: {
        timeNs,
        firstNs: this.#span.firstNs,
        lastNs: this.#span.lastNs,
        stepNs: frame.stepNs,
        tick: frame.tick,
        ...(this.#happening ? { happening: this.#happening.text } : {}),
        isSearching: !isWhole,
        isFollowing: this.#isFollowing,
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #go(monotonicNs: bigint): void {
    this.#moveTo(monotonicNs);
    this.#moved();
  }

  /** To the last frame at or before a time, or to the first; false when there is none. */
  #moveTo(monotonicNs: bigint): boolean {
    if (this.#view.moveTo(monotonicNs)) return true;
    const first = this.#view.finder.first();
    return first !== undefined && this.#view.moveTo(first.startNs);
  }

  #moved(): void {
    this.#happening = undefined;
    this.#isQuick = false;
    const { startNs } = this.#view.frame;
    for (const [view, windowNs] of [
      [this.#short, SHORT_WINDOW_NS],
      [this.#long, LONG_WINDOW_NS],
    ] as const) {
      // What is younger than the window began with the recording.
      if (!view.moveTo(startNs - BigInt(windowNs))) view.moveOrLeave(this.#firstNs);
    }
  }

  get #firstNs(): bigint {
    return this.#view.finder.first()?.startNs ?? this.#view.frame.startNs;
  }

  #before(): { readonly short: InstantView; readonly long: InstantView } {
    return { short: this.#short, long: this.#long };
  }

  /** The recording may have grown, and its clock been read. */
  #refresh(): void {
    this.#clock = this.recording.clock();
    this.#span = this.#spanNow();
    this.#points = recordedPoints(this.recording);
  }

  /** By the heads of frames, which is quicker than a frame. */
  #spanNow(): RecordedSpan {
    const { finder } = this.#view;
    const { startNs } = this.#view.frame;
    const unixOf = (timeNs: bigint | undefined) => this.#clock.toUnix(timeNs ?? startNs);
    return { firstNs: unixOf(finder.first()?.startNs), lastNs: unixOf(finder.last()?.startNs) };
  }

  #catchUp(): void {
    const last = this.#view.finder.last();
    if (!last || last.startNs === this.#view.frame.startNs) return;
    const before = this.#view.frame.startNs;
    // Tick by tick as far as that is near, so that the history goes along.
    let standsNs = before;
    for (let steps = 0; steps < NEAR_TICKS && this.#view.step(1); steps++) {
      this.#history.stepOn(this.#view, standsNs);
      standsNs = this.#view.frame.startNs;
    }
    if (this.#view.frame.startNs < last.startNs) this.#view.moveTo(last.startNs);
    this.#refresh();
    this.#moved();
  }

  #opened(key: string, processes: readonly LiveProcess[]): OpenedProcess {
    const process = processes.find((candidate) => candidate.key === key);
    this.#programs ??= this.recording.programs();
    return this.#mappings.look(key, process?.identity, this.#view.frame.startNs, this.#programs.get(key) ?? {});
  }

  #factsOf(key: string): ProcessFacts | undefined {
    const program = this.#programs?.get(key);
    if (!program) return undefined;
    const cmdline = Buffer.from(cmdlineOf(program)).toString('latin1').replace(/\0+$/, '').replaceAll('\0', ' ');
    return { user: '', unit: '', ...(cmdline === '' ? {} : { cmdline }) };
  }

  /** What the screen waits for, a piece at a time. */
  #work(delayMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#piece(), delayMs);
  }

  #piece(): void {
    if (this.#isClosed) return;
    if (this.#isQuick) {
      this.#moved();
      this.#options.changed();
      return;
    }
    const { startNs } = this.#view.frame;
    this.#programs ??= this.recording.programs();
    if (!this.#view.isWhole) {
      if (this.#view.findReads(SEARCH_MS)) this.#options.changed();
      this.#work(0);
      return;
    }
    if (this.#history.isWholeFor(startNs)) return;
    if (this.#history.targetNs !== startNs) this.#history.begin(startNs);
    if (this.#history.advance()) this.#work(0);
    else if (this.#history.isWholeFor(startNs)) this.#options.changed();
  }
}
