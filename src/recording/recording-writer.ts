/**
 * The writing end of a recording: what the sampler saw, put into the right ring.
 *
 * The trap: what cannot be stored must still be counted. A frame that is dropped becomes an event with its reason and its
 * number of rows, so that attempted = stored + dropped holds for every reader.
 */
import type { ClockReading } from '../engine/clocks.js';
import { encodeIdentity, type ProcessIdentity } from '../engine/identity.js';
import type { MappingSweep } from '../engine/mapping-sweep.js';
import type { TierColumns } from '../engine/tier-columns.js';
import type { RingStats } from '../ring/append-result.js';
import { RingWriter } from '../ring/ring-writer.js';
import type { Storage } from '../ring/storage.js';
import type { RingOwner } from '../ring/writer-record.js';
import { type CommandLine, CommandWriter } from './commands.js';
import { differenceOf } from './difference.js';
import { EventLog } from './event-log.js';
import {
  ARRIVAL_LABEL,
  EventType,
  encodeEvent,
  LIFE_EVENTS,
  nameParts,
  type ResumedClock,
  type TideEvent,
} from './events.js';
import {
  CMDLINE_MODES,
  type CmdlineMode,
  COUNTER_SCALARS,
  type CounterScalars,
  type RecordingMetadata,
  Rings,
  ROLLUP_SCALARS,
  ringSpecs,
} from './format.js';
import { GroupTierWriter } from './group-tier-writer.js';
import { HostTierWriter, type TierDrop } from './host-tier-writer.js';
import { parseKeep } from './keep.js';
import { LADDER_KEY_BYTES } from './ladder-format.js';
import { LadderWriter } from './ladder-writer.js';
import { MappingWriter } from './mapping-writer.js';
import { PACKED_BYTES, RecordPacker } from './packed-records.js';
import type { ProgramPart } from './program-part.js';
import { Recording } from './recording.js';
import { BEGINNING, type ResumePoint, resumePointOf } from './resume-point.js';
import { StoredClock } from './stored-clock.js';
import { V8Log, type V8Record } from './v8-log.js';

export interface RecordingWriterOptions {
  readonly metadata: RecordingMetadata;
  readonly blockBytes: number;
  readonly maxSlots: number;
}

const TICK = COUNTER_SCALARS.indexOf('tick');
const MISSED_TICKS = COUNTER_SCALARS.indexOf('missedTicks');
const OWN_CPU = COUNTER_SCALARS.indexOf('ownCpu');

export class RecordingWriter {
  readonly hasMappings: boolean;
  /** Where the recording has room for the host, and for control groups. */
  readonly host: HostTierWriter | undefined;
  readonly groups: GroupTierWriter | undefined;
  readonly #ring: RingWriter;
  readonly #counterScalars = new Float64Array(COUNTER_SCALARS.length);
  readonly #rollupScalars = new Float64Array(ROLLUP_SCALARS.length);
  readonly #rows: { slots: Uint32Array; count: number } = { slots: new Uint32Array(0), count: 0 };
  readonly #mappings: MappingWriter | undefined;
  readonly #base: ResumePoint;
  readonly #commands: CommandWriter;
  readonly #lives: RecordPacker;
  readonly #v8: V8Log;
  readonly #events: EventLog;
  readonly #cmdline: CmdlineMode;
  readonly #ladder: LadderWriter | undefined;
  readonly #shares: readonly number[];
  #resumedClock: ResumedClock = {};
  readonly #storedClock = new StoredClock();
  #live = 0;

  /** Begins a recording in an empty storage. */
  static create(storage: Storage, options: RecordingWriterOptions): RecordingWriter {
    const { metadata, blockBytes, maxSlots } = options;
    const ring = RingWriter.create(storage, { rings: ringSpecs(metadata), metadata, blockBytes, maxSlots });
    return new RecordingWriter(ring, metadata, BEGINNING);
  }

  /**
   * Goes on with the recording in `storage`; `grow` gives one that was trimmed its whole size back. Throws an error with `code` `different-recording` that names what differs
   * when `metadata` tells of another host, rate or set of metrics than the recording has.
   */
  static resume(
    storage: Storage,
    metadata: RecordingMetadata,
    now: ClockReading,
    grow: (sizeBytes: number) => void,
  ): RecordingWriter {
    const recording = Recording.open(storage);
    const { bootId } = metadata.host;
    const difference = differenceOf(recording, metadata);
    if (difference !== undefined) {
      throw Object.assign(new Error(`it was recorded ${difference}`), { code: 'different-recording' });
    }
    const point = resumePointOf(recording, bootId, now);
    const writer = new RecordingWriter(RingWriter.resume(storage, grow), recording.metadata, point);
    const { pid, version } = metadata.writer;
    const reason = !point.isSameBoot ? 'reboot' : point.version !== version ? 'upgrade' : 'restart';
    if (!point.isSameBoot || point.offsetNs !== 0n) writer.#resumedClock = { offsetNs: `${point.offsetNs}`, bootId };
    writer.event(now.monotonicNs, { type: 'resume', reason, from: point.version, to: version, bootId, pid });
    writer.clock(now);
    return writer;
  }

  private constructor(ring: RingWriter, metadata: RecordingMetadata, base: ResumePoint) {
    this.#ring = ring;
    this.#base = base;
    this.hasMappings = metadata.mappings !== 'off';
    this.#commands = new CommandWriter(ring);
    this.#lives = new RecordPacker(ring, Rings.lives);
    this.#v8 = new V8Log(ring, (reason, rows) => this.#events.lost('ring/v8', reason, rows));
    this.#events = new EventLog(ring, Rings.events);
    this.#cmdline = metadata.cmdline ?? 'none';
    const dropped: TierDrop = (timeNs, tier, reason, rows) => this.dropped(timeNs, tier, reason, rows);
    this.host = HostTierWriter.open(ring, base.offsetNs, dropped);
    this.groups = GroupTierWriter.open(ring, base.offsetNs, dropped);
    this.#shares = ring.rings.map(({ share }) => share);
    const keep = metadata.keep === undefined ? undefined : parseKeep(metadata.keep);
    if (keep && keep.steps.length > 0) {
      const rows = Math.max(1, Math.floor(ring.blockBytes / LADDER_KEY_BYTES));
      this.#ladder = new LadderWriter(ring, keep, Math.min(ring.maxSlots, rows), (timeNs, tier, reason, count) =>
        this.dropped(timeNs - base.offsetNs, tier, reason, count),
      );
      this.#ladder.setClock(BigInt(metadata.startedAt.realNs) - BigInt(metadata.startedAt.monotonicNs));
    }
    if (this.hasMappings) this.#mappings = new MappingWriter(ring, Rings.mappings, metadata.host.pageSize);
  }

  /** Number of the first tick of this writer. */
  get firstTick(): number {
    return this.#base.tick;
  }

  /** Slots are below this. */
  get maxSlots(): number {
    return this.#ring.maxSlots;
  }

  /** Signs the ring with the process that writes it; `close` takes the signature away. */
  sign(owner: RingOwner): void {
    this.#ring.sign(owner);
  }

  /** Counts of each ring, live. */
  get stats(): readonly RingStats[] {
    return this.#ring.stats;
  }

  /** The error of the disk behind a frame that was dropped as `write-failed`. */
  get lastError(): unknown {
    return this.#ring.lastError;
  }

  /** A process takes a slot; its values are stored from the next frame on. */
  arrive(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    const label = encodeIdentity(identity);
    this.#ring.setLabel(Rings.counters, slot, label);
    this.#ring.setLabel(Rings.rollup, slot, label);
    this.#ladder?.arrive(slot, label);
    this.#live++;
    this.#tellLife(timeNs, ARRIVAL_LABEL, label);
  }

  /** A process has another name since an exec or `prctl`. */
  rename(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    const label = encodeIdentity(identity);
    this.#ring.setLabel(Rings.counters, slot, label);
    this.#ring.setLabel(Rings.rollup, slot, label);
    this.#ladder?.rename(slot, label);
    const { pid, startTicks, comm } = identity;
    this.event(timeNs, { type: 'rename', pid, startTicks, ...nameParts(comm) });
  }

  /** A process has gone; its slot is free from the next frame on. */
  depart(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    this.#ring.clearLabel(Rings.counters, slot);
    this.#ring.clearLabel(Rings.rollup, slot);
    this.#ladder?.depart(slot);
    this.#live--;
    this.#commands.depart(identity);
    this.event(timeNs, { type: 'depart', pid: identity.pid, startTicks: identity.startTicks });
  }

  /** What of command lines is stored: what was asked for, and no more than the recording began with. */
  cmdlineMode(asked: CmdlineMode): CmdlineMode {
    const least = Math.min(CMDLINE_MODES.indexOf(asked), CMDLINE_MODES.indexOf(this.#cmdline));
    return CMDLINE_MODES[least]!;
  }

  /** What program a process runs. */
  command(timeNs: bigint, command: CommandLine): void {
    this.#commands.write(timeNs + this.#base.offsetNs, command);
  }

  /** A process runs another program now. */
  exec(timeNs: bigint, { pid, startTicks, comm }: ProcessIdentity, program: ProgramPart): void {
    this.event(timeNs, { type: 'exec', pid, startTicks, ...nameParts(comm), ...program });
    this.#commands.isUrgent = true;
  }

  /** Stores a sweep of all live slots. Returns whether it was stored. */
  counters(startNs: bigint, endNs: bigint, scalars: CounterScalars, columns: TierColumns): boolean {
    const { tick, missedTicks, ownCpu, offsetNs } = this.#base;
    // Before the exec itself, so that whoever reads of it finds the program that was begun.
    this.#commands.flushOld(startNs + offsetNs);
    this.#flushLives();
    this.#events.retry(startNs + offsetNs);
    for (let index = 0; index < COUNTER_SCALARS.length; index++) {
      this.#counterScalars[index] = scalars[COUNTER_SCALARS[index]!] ?? Number.NaN;
    }
    this.#counterScalars[TICK]! += tick;
    this.#counterScalars[MISSED_TICKS]! += missedTicks;
    this.#counterScalars[OWN_CPU]! += ownCpu;
    const result = this.#ring.appendColumns(Rings.counters, {
      startNs: startNs + offsetNs,
      endNs: endNs + offsetNs,
      scalars: this.#counterScalars,
      rows: 'all',
      status: columns.status,
      columns: columns.columns,
    });
    if (!result.ok) this.dropped(startNs, 'counters', result.reason, this.#live);
    if (this.#ladder) {
      const counted = {
        ...scalars,
        tick: this.#counterScalars[TICK]!,
        missedTicks: this.#counterScalars[MISSED_TICKS]!,
        ownCpu: this.#counterScalars[OWN_CPU]!,
      };
      this.#ladder.counters(startNs + offsetNs, endNs + offsetNs, counted, columns);
    }
    return result.ok;
  }

  /** Stores the deep reads that one tick made. */
  rollup(
    startNs: bigint,
    endNs: bigint,
    tick: number,
    slots: Uint32Array,
    count: number,
    columns: TierColumns,
  ): boolean {
    this.#rollupScalars[0] = tick + this.#base.tick;
    this.#rows.slots = slots;
    this.#rows.count = count;
    const { offsetNs } = this.#base;
    const result = this.#ring.appendColumns(Rings.rollup, {
      startNs: startNs + offsetNs,
      endNs: endNs + offsetNs,
      scalars: this.#rollupScalars,
      rows: this.#rows,
      status: columns.status,
      columns: columns.columns,
    });
    if (!result.ok) this.dropped(startNs, 'rollup', result.reason, count);
    this.#ladder?.rollup(slots, count, columns);
    return result.ok;
  }

  /** Stores the mappings of a process: `rows` rows of the sweep from `first` on. */
  mappings(
    timeNs: bigint,
    identity: ProcessIdentity,
    tick: number,
    status: number,
    holdNs: bigint,
    sweep: MappingSweep,
    first: number,
    rows: number,
  ): void {
    const { offsetNs, tick: firstTick } = this.#base;
    this.#mappings?.write(timeNs + offsetNs, identity, tick + firstTick, status, holdNs, sweep, first, rows, (reason) =>
      this.dropped(timeNs, 'mappings', reason, 1),
    );
  }

  /** Something was attempted and not stored. */
  dropped(timeNs: bigint, tier: string, reason: string, rows: number): void {
    if (this.#events.isFull) this.#events.lost(tier, reason, rows);
    else this.event(timeNs, { type: 'drop', tier, reason, rows });
  }

  /** The clocks, so that readers can turn monotonic times into times of day. */
  clock(reading: ClockReading): void {
    const { monotonicNs, realNs, boottimeNs } = reading;
    const offsetNs = realNs - monotonicNs - this.#base.offsetNs;
    const isKnown = this.#ladder !== undefined && this.#storedClock.isKnown(monotonicNs, offsetNs);
    this.#ladder?.deal(this.#shares, [Rings.counters, Rings.rollup]);
    if (isKnown) return;
    this.#storedClock.store(monotonicNs, offsetNs);
    // Steps end by the clock that readers will take.
    this.#ladder?.setClock(offsetNs);
    this.event(monotonicNs, {
      type: 'clock',
      realNs: `${realNs}`,
      boottimeNs: `${boottimeNs}`,
      ...this.#resumedClock,
    });
  }

  event(timeNs: bigint, event: TideEvent): void {
    const [type, payload] = [EventType[event.type], encodeEvent(event)];
    if (LIFE_EVENTS.has(event.type)) this.#tellLife(timeNs, type, payload);
    else this.#events.append(timeNs + this.#base.offsetNs, type, payload);
  }

  /** What V8 told; left out of a recording that has no room for it. */
  v8(records: readonly V8Record[]): void {
    this.#v8.append(records, this.#base.offsetNs);
  }

  #flushLives(): void {
    const { records } = this.#lives;
    const reason = this.#lives.flush();
    if (reason !== undefined) this.#events.lost('ring/lives', reason, records);
  }

  /** Told with all others of the tick. */
  #tellLife(timeNs: bigint, type: number, payload: Uint8Array): void {
    this.#lives.add(timeNs + this.#base.offsetNs, type, payload);
    if (this.#lives.bytes >= PACKED_BYTES) this.#flushLives();
  }

  /** Between true and false, what is written may be stored in one go; see `Storage`. */
  gather(gathers: boolean): void {
    this.#ring.gather(gathers);
  }

  /** Ends the recording. With `trim`, space that was never used is given back. */
  close(timeNs: bigint, reason: string, trim: boolean): void {
    this.#flushLives();
    this.#commands.flush();
    this.#ladder?.close();
    this.event(timeNs, { type: 'close', reason });
    this.#ring.close({ trim });
  }
}
