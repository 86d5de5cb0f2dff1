/**
 * A recording as a user thinks of it: processes, series, marks, frames. Works the same on a file that is being written
 * and on one whose writer has been dead for a week.
 *
 * The trap: a ring that is being written changes under us. Each question walks the ring anew, and what was overwritten
 * meanwhile shows as a gap.
 */
import { identityKey } from '../engine/identity.js';
import type { Damage } from '../ring/block-index.js';
import { FileStorage } from '../ring/file-storage.js';
import { FORMAT_MAJOR } from '../ring/layout.js';
import { RingReader } from '../ring/ring-reader.js';
import type { RingSpec } from '../ring/ring-table.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { Storage } from '../ring/storage.js';
import type { RingOwner } from '../ring/writer-record.js';
import type { CgroupMetricName, HostMetricName, MetricName } from '../schema.js';
import { checkNames } from '../text/option-checks.js';
import type { ClockLine } from './clock-line.js';
import { type Density, densityOf } from './density.js';
import { countLostEvents, readClockLine, readEvents, readPrograms, type StampedEvent } from './event-reading.js';
import { checkMetadata, isPart, type RecordingMetadata } from './format.js';
import { columnOf, type FrameView, type GapView, type ProcessRef, viewFrame } from './frame.js';
import { FrameFinder } from './frame-finder.js';
import { FrameWalk, type WalkRange } from './frame-walk.js';
import {
  type GroupRef,
  type GroupSnapshot,
  groupPoints,
  groupsAt,
  type RecordedGroup,
  recordedGroups,
} from './group-reading.js';
import { type HostReading, hostPoints, hostReadingAt } from './host-reading.js';
import { stepsOf, walksOver } from './ladder-walks.js';
import type { RecordedMappings } from './mapping-record.js';
import { lastRead, MappingWalk } from './mapping-walk.js';
import { collectMarks, type Mark } from './marks.js';
import { checkQuery, indexProcesses, matchesQuery, type ProcessQuery, type RecordedProcess } from './process-index.js';
import type { ProgramPart } from './program-part.js';
import { retentionOf, type StepRetention } from './retention.js';
import { checkForm, processPoints, type Series, type SeriesForm, seriesOf } from './series.js';
import { type Snapshot, snapshotAt } from './snapshot.js';
import { type RecordingSummary, summarize } from './summary.js';
import { checkRange, monotonicRange, type TimeRange } from './time-range.js';
import type { V8Record } from './v8-log.js';
import { v8Records } from './v8-records.js';

export type SeriesOptions = TimeRange & SeriesForm;

export type { StampedEvent };

/** Unix nanoseconds, more than a ring can hold. */
const LATER_THAN_ALL = 2n ** 63n;

export class Recording implements Disposable {
  readonly metadata: RecordingMetadata;
  readonly #reader: RingReader;
  #finder: FrameFinder | undefined;

  private constructor(reader: RingReader, metadata: RecordingMetadata) {
    this.#reader = reader;
    this.metadata = metadata;
  }

  /** Opens what is stored there. Throws `RingFormatError` or `NotARecordingError`, and closes the storage then. */
  static open(storage: Storage): Recording {
    try {
      const reader = RingReader.open(storage);
      return new Recording(reader, checkMetadata(reader.metadata));
    } catch (error) {
      storage.close();
      throw error;
    }
  }

  /** The processes that are in the recording and answer the query, in the order in which they were first seen. */
  processes(query: ProcessQuery = {}): RecordedProcess[] {
    checkQuery(query);
    const clock = this.clock();
    return indexProcesses(this.walks(), this.events(), clock, this.programs()).filter((process) =>
      matchesQuery(process, query),
    );
  }

  /**
   * One metric of one process over time: at every tick that read it, or one point per interval of `every` nanoseconds.
   * Empty when the process is not in the recording. Throws a TypeError for an unknown metric or option.
   */
  series(process: ProcessRef, metric: MetricName, options: SeriesOptions = {}): Series {
    columnOf(metric);
    checkForm(options);
    const clock = this.clock();
    const walks = this.walks({ ...monotonicRange(options, clock), metrics: [metric] });
    return seriesOf(processPoints(walks, identityKey(process), metric, options.agg), clock, options);
  }

  /** The last frame at or before a time (Unix nanoseconds); undefined when the recording begins later. */
  at(timeNs: bigint): Snapshot | undefined {
    const clock = this.clock();
    return snapshotAt(this.#reader, clock, this.monotonicOf(timeNs, clock));
  }

  /**
   * The last sweep of the host at or before a time (Unix nanoseconds; default: the last of all); undefined when the recording
   * has none, or begins later. `source`: in a merged recording the number of the host in `metadata.sources`.
   */
  hostAt(timeNs: bigint = LATER_THAN_ALL, options: { readonly source?: number } = {}): HostReading | undefined {
    checkNames(options, ['source']);
    const { source = 0 } = options;
    const clock = this.clock();
    return hostReadingAt(this.#reader, clock, this.monotonicOf(timeNs, clock), source);
  }

  /** One metric of the host over time: at every sweep that read it, or one point per interval of `every` nanoseconds. */
  hostSeries(metric: HostMetricName, options: SeriesOptions & { readonly source?: number } = {}): Series {
    checkForm(options, ['source']);
    const clock = this.clock();
    this.#reader.follow();
    return seriesOf(hostPoints(this.#reader, monotonicRange(options, clock), metric, options.source), clock, options);
  }

  /** Every control group that is in the recording, in the order in which they were first seen. */
  groups(): RecordedGroup[] {
    this.#reader.follow();
    return recordedGroups(this.#reader, this.clock());
  }

  /** All control groups at a time (Unix nanoseconds; default: the last sweep of all); undefined when there was no sweep before. */
  groupsAt(timeNs: bigint = LATER_THAN_ALL): GroupSnapshot | undefined {
    const clock = this.clock();
    return groupsAt(this.#reader, clock, this.monotonicOf(timeNs, clock));
  }

  /** One metric of a control group over time: at every sweep that read it, or one point per interval of `every` nanoseconds. */
  groupSeries(group: GroupRef, metric: CgroupMetricName, options: SeriesOptions = {}): Series {
    checkForm(options);
    const clock = this.clock();
    this.#reader.follow();
    return seriesOf(groupPoints(this.#reader, monotonicRange(options, clock), group, metric), clock, options);
  }

  /** The monotonic time of a Unix time, the latest that there are frames of; brings the reader up to date. */
  monotonicOf(timeNs: bigint, clock: ClockLine = this.clock()): bigint {
    this.#reader.follow();
    if (typeof timeNs === 'bigint') return clock.instant(timeNs, () => this.finder.span(this.metadata.hz));
    throw new TypeError(`Expected a time as a bigint of Unix nanoseconds, got ${String(timeNs)}`);
  }

  /** The steps of the ladder in nanoseconds, from fine to coarse; none where only ticks are kept. */
  get steps(): readonly bigint[] {
    return stepsOf(this.#reader);
  }

  /** Walks over the frames of a range by the finest ring that has them; see `walksOver`. */
  walks(range: WalkRange = {}): FrameWalk[] {
    this.#reader.follow();
    return walksOver(this.#reader, range);
  }

  /** Marks and spans, by time. */
  marks(): Mark[] {
    return collectMarks(this.events(), this.clock());
  }

  /**
   * The mappings of a process as they were last read at or before a time (Unix nanoseconds; default: the last of all), one
   * entry per part of a large one; empty when none were recorded.
   */
  mappingsOf(process: ProcessRef, at?: bigint): RecordedMappings[] {
    const untilNs = at === undefined ? undefined : this.monotonicOf(at);
    const walk = this.mappingWalk(process);
    return (walk && lastRead(walk, untilNs))?.parts ?? [];
  }

  /**
   * Walks what is recorded of the mappings of a process, or of all of a recording that was not merged, also while it grows;
   * undefined when none are recorded.
   */
  mappingWalk(process?: ProcessRef): MappingWalk | undefined {
    // Each host of a merged recording has a ring of its own, in which no record tells the host.
    const ring = this.#reader.ringId(process?.source ? `mappings@${process.source}` : 'mappings');
    this.#reader.refresh();
    const only = process && identityKey({ pid: process.pid, startTicks: process.startTicks });
    return ring < 0 ? undefined : new MappingWalk(this.#reader.cursor(ring), this.metadata, only);
  }

  /**
   * The frames in a range, gaps included. A view is valid until the next one is asked for. Throws a TypeError for another
   * option, or one that is no time.
   */
  frames(range: TimeRange = {}): Generator<FrameView | GapView> {
    checkRange(range);
    const clock = this.clock();
    return this.#framesOf(monotonicRange(range, clock), clock);
  }

  *#framesOf(range: WalkRange, clock: ClockLine): Generator<FrameView | GapView> {
    for (const walk of this.walks(range)) {
      for (let step = walk.next(); step !== null; step = walk.next()) {
        yield step === 'gap' ? { kind: 'gap', lostFrames: walk.lost } : viewFrame(walk, clock);
      }
    }
  }

  /** How much of the past it holds, and would at the present rate: the ticks first, then each step of the ladder. */
  retention(): StepRetention[] {
    this.#reader.refresh();
    return retentionOf(this.#reader, this.metadata, this.steps);
  }

  /** Counts, losses and costs of the whole recording. */
  summary(): RecordingSummary {
    const counters = this.#reader.ringId('counters');
    this.#reader.refresh();
    return summarize({
      walk: this.walk(),
      events: this.events(),
      hz: this.metadata.hz,
      isWrapped: (this.#reader.blocks(counters)[0]?.sequence ?? 1) > 1 || isPart(this.metadata),
      lostEvents: this.lostEvents(),
      damage: () => this.#reader.damage,
    });
  }

  /** Version of the format, the latest that is known here, and how many frames of kinds that are not were passed so far. */
  get format(): { readonly version: number; readonly known: number; readonly unknownFrames: number } {
    return { version: this.#reader.major, known: FORMAT_MAJOR, unknownFrames: this.#reader.unknownFrames };
  }

  /** How many bytes what takes in the counters ring. */
  density(): Density {
    return densityOf(this.#reader.cursor(this.#reader.ringId('counters')));
  }

  /** The ring that the recording lies in, for whoever copies it frame by frame. */
  get ring(): RingReader {
    return this.#reader;
  }

  /** Damage that was met so far, by offset in the file. */
  get damage(): readonly Damage[] {
    return this.#reader.damage;
  }

  /** The rings as the header describes them. */
  get rings(): readonly RingSpec[] {
    return this.#reader.rings;
  }

  /** The process that writes it, as far as it has not ended in order; it may be dead. */
  get owner(): RingOwner | undefined {
    return this.#reader.owner;
  }

  /** Bytes up to the end of the last block in use: what a recording that was not ended in order would be trimmed to. */
  get usedBytes(): number {
    const ends = this.#reader.rings.flatMap((_, ring) => this.#reader.blocks(ring).map(({ offset }) => offset));
    const last = ends.reduce((most, offset) => Math.max(most, offset), -1);
    return last < 0 ? this.sizeBytes : Math.min(this.sizeBytes, last + this.#reader.blockBytes);
  }

  /** Bytes of the file or buffer. */
  get sizeBytes(): number {
    return this.#reader.sizeBytes;
  }

  /** What V8 told of a program that recorded itself, by time; empty where it was not asked. */
  v8(): V8Record[] {
    return v8Records(this.#reader);
  }

  /** Every event that is still there, by time. */
  events(): StampedEvent[] {
    return readEvents(this.#reader);
  }

  /** What programs the processes ran, the last of each, by `identityKey`. */
  programs(): Map<string, ProgramPart> {
    return readPrograms(this.#reader);
  }

  /** At least how many events were never stored, or have been overwritten or damaged: those of `lives` and those of `events`; a pack counts once. */
  lostEvents(): { readonly events: number; readonly lives: number } {
    return countLostEvents(this.#reader);
  }

  /** Unix nanoseconds of the newest frame, or of the start when there is none. */
  get endNs(): bigint {
    const last = this.finder.lastTick();
    // It may be damaged.
    const ranges: WalkRange[] = [...(last ? [{ fromNs: last.startNs }] : []), { fromBlockAt: 'newest' }, {}];
    for (const range of ranges) {
      const walk = this.walk({ ...range, metrics: [] });
      let lastNs: bigint | undefined;
      for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') lastNs = walk.startNs;
      if (lastNs !== undefined) return this.clock().toUnix(lastNs);
    }
    return BigInt(this.metadata.startedAt.realNs);
  }

  /** Finds frames by their times. */
  get finder(): FrameFinder {
    this.#finder ??= new FrameFinder(this.#reader);
    return this.#finder;
  }

  /** The clocks of the recording. */
  clock(): ClockLine {
    return readClockLine(this.#reader, this.metadata);
  }

  /** A walk over the ticks, for those who need columns rather than objects. */
  walk(range: WalkRange = {}): FrameWalk {
    this.#reader.follow();
    return new FrameWalk(this.#reader, range);
  }

  close(): void {
    this.#reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a recording file, finished or being written. Throws an error that names the path and what is wrong with it. */
export function openRecording(path: string): Recording {
  if (typeof path !== 'string') throw new TypeError(`Expected the path of a recording, got ${String(path)}`);
  return Recording.open(FileStorage.open(path));
}

/** Opens a recording in shared memory. */
export function openSharedRecording(buffer: SharedArrayBuffer): Recording {
  return Recording.open(new SharedStorage(buffer));
}
