/**
 * A recording that is being made: the embedding program's handle on the sampler.
 *
 * The traps: the program may be busy for minutes, so nothing here is needed for sampling to go on; it may exit without a
 * word, so what is stored is readable at any instant; and it must not be kept alive or brought down by us.
 */
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { dropParked } from '../engine/choose-sweeping.js';
import type { ClockLine } from '../recording/clock-line.js';
import type { TideEvent } from '../recording/events.js';
import type { FrameView, GapView } from '../recording/frame.js';
import { viewFrame } from '../recording/frame.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { saveRing } from '../recording/save-ring.js';
import { type Snapshot, snapshotOf } from '../recording/snapshot.js';
import { shown } from '../text/shown.js';
import { type ActionOption, planActions, watchedRules } from './action-plan.js';
import { Actions } from './actions.js';
import type { SamplerConfig } from './config.js';
import { deferred } from './deferred.js';
import { type SamplerHost, type SamplerLine, startSampler } from './host-process.js';
import type { EndReason, SamplerProgress } from './progress.js';
import type { FromSampler } from './protocol.js';
import { planRecording, type RecordOptions, type RecordPlan } from './record-options.js';
import { RecordingError } from './recording-error.js';
import { openSource, type RingSource } from './ring-source.js';
import { ToldEvents } from './told-events.js';
import { type SentRecord, V8Source } from './v8-source.js';

/** How a recording ended. */
export interface RecordingEnd {
  readonly reason: EndReason;
  readonly progress: SamplerProgress;
}

/** A labelled stretch of time. */
export interface Span {
  end(): void;
}

const LEAST_POLL_MS = 5;
const MOST_POLL_MS = 250;
const CLOCK_EVERY_NS = 10_000_000_000n;

export class Recorder implements AsyncDisposable {
  /** The file that is written, or undefined for a ring in memory. */
  readonly file: string | undefined;
  readonly sampler: SamplerHost;
  readonly hz: number;
  /** Most bytes of the ring; of a recording that is gone on with, its file has the size that it had. */
  readonly sizeBytes: number;
  readonly engine: SamplerConfig['engine'];
  readonly #source: RingSource;
  readonly #onWarning: (sentence: string) => void;
  readonly #ended: Promise<RecordingEnd>;
  #line: SamplerLine | undefined;
  /** This process is all that is recorded. */
  protected readonly isOwn: boolean;
  /** Where it was asked what V8 tells. */
  protected v8: V8Source | undefined;
  readonly #actions: Actions;
  readonly #plan: RecordPlan;
  #isStarted = false;
  #isDisposed = false;
  #isOver = false;
  /** Somebody has asked for the end, and is told of a failure by that. */
  #isWaitedFor = false;
  #progress: SamplerProgress | undefined;
  #recording: Recording | undefined;
  #latest: { walk: FrameWalk; snapshot: Snapshot | undefined } | undefined;
  #spans = 0;
  readonly #told = new ToldEvents();
  readonly #toldV8 = new ToldEvents<SentRecord['event']>();
  #clock: { line: ClockLine; readNs: bigint } | undefined;

  protected constructor(plan: RecordPlan, source: RingSource, options: RecordOptions, ended: Promise<RecordingEnd>) {
    this.file = plan.file;
    this.sampler = plan.host;
    this.hz = plan.config.hz;
    this.sizeBytes = plan.sizeBytes;
    this.engine = plan.config.engine;
    this.isOwn = isOnly(process.pid, plan.config);
    this.#source = source;
    this.#onWarning = options.onWarning ?? (() => {});
    this.#ended = ended;
    this.#plan = plan;
    this.#actions = new Actions(plan.actions, {
      root: plan.config.root,
      file: plan.file,
      onWarning: this.#onWarning,
      mark: (timeNs, event) => {
        if (!this.#isOver) this.#send(timeNs, event);
      },
      onEnded: () => this.#line?.send({ type: 'actionEnded' }),
    });
  }

  /** See `startRecording`. */
  static async start(options: RecordOptions): Promise<Recorder> {
    const plan = planRecording(options);
    // A sampler that has begun has taken it; nobody else will.
    using _parked = { [Symbol.dispose]: () => dropParked(plan.config.parked) };
    const source = openSource(plan);
    const started = deferred<void>();
    const ended = deferred<RecordingEnd>();
    // Whoever does not wait for the end must not be brought down by it.
    ended.promise.catch(() => {});
    // Of the class that was asked: see the harness.
    const recorder = new this(plan, source, options, ended.promise);
    const hear = (message: FromSampler) => {
      if (message.type === 'started') {
        recorder.#isStarted = true;
        if (message.missing.length > 0) {
          recorder.#onWarning(`No such process: ${message.missing.join(', ')}; recording the others`);
        }
        if (message.processes === 0) recorder.#onWarning('No process matches the target yet');
        started.resolve();
      }
      if (message.type === 'progress') {
        recorder.#told.taken(message.events);
        recorder.#toldV8.taken(message.v8);
      }
      if (message.type === 'fired') recorder.#actions.take(message.firings);
      if (message.type === 'progress' || message.type === 'stopped') recorder.#progress = message.progress;
      if (message.type === 'stopped') {
        recorder.#isOver = true;
        ended.resolve({ reason: message.reason, progress: message.progress });
        started.reject(RecordingError.beforeFirstFrame());
      }
      if (message.type === 'failed') {
        recorder.#isOver = true;
        const error = new RecordingError(message.failure.code, message.failure.message);
        started.reject(error);
        ended.reject(error);
        if (recorder.#isStarted && !recorder.#isWaitedFor) recorder.#onWarning(message.failure.message);
      }
    };
    const abort = () => recorder.#line?.send({ type: 'stop' });
    options.signal?.addEventListener('abort', abort, { once: true });
    const forget = () => options.signal?.removeEventListener('abort', abort);
    ended.promise.then(forget, forget);
    const endV8 = () => recorder.#endV8();
    ended.promise.then(endV8, endV8);
    try {
      recorder.#line = startSampler(plan.host, { ...plan.config, storage: source.storage }, hear);
      recorder.#line.hold(true);
      await started.promise;
      source.settle();
      if (plan.config.v8) recorder.v8 = new V8Source((records) => recorder.#sendV8(records));
    } catch (error) {
      // Whatever went wrong on our side, nothing goes on without a handle.
      recorder.#line?.send({ type: 'stop' });
      forget();
      source.discard();
      // Without a frame there is nothing to keep; that the file is ours, the sampler has seen to.
      if (plan.file !== undefined && (error as RecordingError).code === 'stopped') rmSync(plan.file, { force: true });
      throw error;
    } finally {
      recorder.#line?.hold(false);
    }
    return recorder;
  }

  /** Marks this instant. After the end of the recording it warns and does nothing. */
  mark(name: string): void {
    this.#tell({ type: 'mark', name: checkName(name) });
  }

  /** Begins a span; it ends with `end()`. */
  begin(name: string): Span {
    const span = ++this.#spans;
    this.#tell({ type: 'begin', name: checkName(name), span });
    let isOpen = true;
    return {
      end: () => {
        if (isOpen) this.#tell({ type: 'end', span });
        isOpen = false;
      },
    };
  }

  /** The newest frame: every process of the target with its last values. */
  now(): Snapshot | undefined {
    const recording = this.recording();
    this.#latest ??= { walk: recording.walk({ fromBlockAt: 'newest' }), snapshot: undefined };
    const { walk } = this.#latest;
    let moved = false;
    for (let step = walk.next(); step !== null; step = walk.next()) moved ||= step === 'frame';
    // At the turn of a block its labels may be there before its first frame: then the last snapshot still stands.
    if (moved && walk.isOnFrame) this.#latest.snapshot = snapshotOf(walk, this.#clockLine(recording));
    return this.#latest.snapshot;
  }

  /**
   * The frames as they are recorded, from the oldest that is still there (or, with `from: 'now'`, from the newest) until
   * the recording ends; gaps are reported in their place. A view is valid until the next one is asked for.
   */
  async *frames(options: { readonly from?: 'start' | 'now' } = {}): AsyncGenerator<FrameView | GapView> {
    const recording = this.recording();
    const walk = recording.walk(options.from === 'now' ? { fromBlockAt: 'newest' } : {});
    const pollMs = Math.min(MOST_POLL_MS, Math.max(LEAST_POLL_MS, 500 / this.hz));
    if (options.from === 'now') while (walk.next() !== null);
    for (;;) {
      if (this.#isDisposed) return;
      const wasOver = this.#isOver;
      for (let step = walk.next(); step !== null; step = walk.next()) {
        yield step === 'gap' ? { kind: 'gap', lostFrames: walk.lost } : viewFrame(walk, this.#clockLine(recording));
      }
      if (wasOver) return;
      await pause(pollMs);
    }
  }

  /** The recording so far, to be asked for processes, series and marks while it grows. Closed with the recorder. */
  recording(): Recording {
    this.#recording ??= this.#source.open();
    return this.#recording;
  }

  /** Whether the recording has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the sampler reported last, about once a second; undefined before the first report. */
  get progress(): SamplerProgress | undefined {
    return this.#progress;
  }

  /**
   * Copies what is in the ring now into a new file, with all marks and spans and all that V8 told up to here. Throws when
   * something is there already.
   */
  save(file: string): void {
    this.v8?.tell();
    const storage = this.#source.openStorage();
    try {
      saveRing(storage, file, this.#told.latest, this.#toldV8.latest);
    } finally {
      storage.close();
    }
  }

  /** Resolves when the recording has ended by itself or by `stop`; rejects when the sampler failed. */
  get finished(): Promise<RecordingEnd> {
    this.#isWaitedFor = true;
    if (!this.#isOver) this.#line?.hold(true);
    return this.#ended;
  }

  /** Ends the recording and resolves when it is closed. What is in memory stays readable and can be saved. */
  stop(): Promise<RecordingEnd> {
    const { finished } = this;
    this.#endV8();
    if (!this.#isOver) this.#line?.send({ type: 'stop' });
    return finished;
  }

  /** Other actions from now on. Throws as `startRecording` does for those that cannot be taken, and changes nothing then. */
  changeActions(actions: readonly ActionOption[]): void {
    const planned = planActions(actions, this.#plan.config);
    this.#actions.add(planned);
    if (!this.#isOver) this.#line?.send({ type: 'rules', rules: watchedRules(planned) });
  }

  /** Actions that are under way, and for how many milliseconds each may be. They may go on behind the end of the recording. */
  get runningActions(): Actions['running'] {
    return this.#actions.running;
  }

  /** Resolves when no action is under way, each after its time-out at the latest. Keeps the program alive meanwhile. */
  async actionsEnded(): Promise<void> {
    await this.#actions.finished();
  }

  /** Ends the actions that are under way. */
  async endActions(): Promise<void> {
    await this.#actions.end();
  }

  /** Stops, ends actions that are under way, and gives back the memory or the temporary file. */
  async [Symbol.asyncDispose](): Promise<void> {
    // First while their end can still be marked.
    await this.endActions();
    await this.stop().catch(() => {});
    await this.endActions();
    this.#isDisposed = true;
    this.#latest = undefined;
    this.#recording?.close();
    this.#recording = undefined;
    this.#source.discard();
  }

  /** The clocks, read anew as often as the sampler stores them: it means reading all events. */
  #clockLine(recording: Recording): ClockLine {
    const nowNs = process.hrtime.bigint();
    if (!this.#clock || nowNs - this.#clock.readNs > CLOCK_EVERY_NS) {
      this.#clock = { line: recording.clock(), readNs: nowNs };
    }
    return this.#clock.line;
  }

  #endV8(): void {
    this.v8?.close();
    this.v8 = undefined;
  }

  #tell(event: TideEvent): void {
    if (this.#isOver) {
      this.#onWarning(`The recording has ended: a ${event.type} was not stored`);
      return;
    }
    const timeNs = process.hrtime.bigint();
    this.v8?.mark(timeNs);
    this.#send(timeNs, event);
  }

  #sendV8(records: readonly SentRecord[]): void {
    for (const { timeNs, event } of records) this.#toldV8.add(BigInt(timeNs), event);
    this.#line?.send({ type: 'v8', records });
  }

  #send(timeNs: bigint, event: TideEvent): void {
    this.#told.add(timeNs, event);
    this.#line?.send({ type: 'event', timeNs: `${timeNs}`, event });
  }
}

/**
 * Starts recording and resolves after the first frame is committed. Throws a TypeError or RangeError for a wrong option,
 * and rejects with an error that has a `code` (`target-not-found`, `exists`, `no-space`, `engine-unavailable` ...) when it
 * cannot be done.
 */
export function startRecording(options: RecordOptions = {}): Promise<Recorder> {
  return Recorder.start(options);
}

/** Whether a process of this host is all that is recorded. */
function isOnly(pid: number, { target, root }: Omit<SamplerConfig, 'storage'>): boolean {
  return target.kind === 'pids' && target.pids.length === 1 && target.pids[0] === pid && root === '/proc';
}

function checkName(name: unknown): string {
  if (typeof name !== 'string' || name === '' || name.length > 1024) {
    throw new TypeError(`Expected the name of a mark to be a string of 1 to 1024 characters, got ${shown(name)}`);
  }
  return name;
}
