/**
 * A recording as a Perfetto trace: processes, their memory as counters, mappings, marks and spans, and the clocks.
 *
 * The traps: a counter that did not change is not written again, and one that was not measured is not written at all, never
 * as 0; and the times are those of the monotonic clock, so each reading of the clocks is written with them. In a merged
 * recording the only common clock is the real one, and pids of several hosts are told apart by the machine.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
import { nameParts } from '../recording/events.js';
import { columnOf } from '../recording/frame.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import type { Recording } from '../recording/recording.js';
import { GROUP_RING, HOST_RING } from '../recording/tier-format.js';
import { findMetric } from '../schema.js';
import { exportedFrames } from './frames.js';
import { int64Of } from './int64.js';
import { mappingReads } from './mapping-reads.js';
import { ClockId, CounterUnit, EventType, ProcessStats, STATS_FIELDS, STATS_PID } from './perfetto-fields.js';
import { perfettoMarks } from './perfetto-marks.js';
import {
  clockPacket,
  counterTrackPacket,
  eventPacket,
  mergedBy,
  Packet,
  processTrackPacket,
  processTreePacket,
  smapsPacket,
  type TimedBytes,
} from './perfetto-packets.js';
import { tierPackets } from './perfetto-tiers.js';
import { AGGREGATE_KINDS, type ExportOptions, exportedMetrics } from './rows.js';

const KIBIBYTE = 1024;
/** Track numbers: marks have the small ones. */
const FIRST_TRACK = 1_000_000n;

/** The bytes of the trace, in pieces. */
export function* perfettoOf(recording: Recording, options: ExportOptions = {}): Generator<Uint8Array> {
  const isMerged = recording.metadata.sources !== undefined;
  const clock = isMerged ? ClockId.realtime : ClockId.monotonic;
  yield* joined(clocksOf(recording, clock));
  const smaps = function* (): Generator<TimedBytes> {
    const { onProgress: _, ...quiet } = options;
    for (const read of mappingReads(recording, quiet)) {
      yield { timeNs: read.monotonicNs, bytes: smapsPacket(clock, read) };
    }
  };
  const marks = perfettoMarks(recording, options, clock);
  const samples = new SamplePackets(recording, options, clock).packets();
  // Who asks for some processes or metrics wants no others.
  const tiers = options.pids || options.metrics ? [] : ([HOST_RING, GROUP_RING] as const);
  const besides = tiers.map((tier) => tierPackets(recording, tier, options, clock));
  yield* joined(mergedBy([samples, smaps(), marks, ...besides]));
}

/** Many packets are small. */
const PIECE_BYTES = 64 * 1024;

function* joined(packets: Iterable<TimedBytes>): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for (const { bytes } of packets) {
    pieces.push(bytes);
    length += bytes.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.concat(pieces, length);
    [pieces, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(pieces, length);
}

/** Every reading of the clocks that was stored, or the one of the start. */
function* clocksOf(recording: Recording, primary: number): Generator<TimedBytes> {
  const { startedAt, sources } = recording.metadata;
  const start = {
    timeNs: BigInt(startedAt.monotonicNs),
    realNs: BigInt(startedAt.realNs),
    boottimeNs: BigInt(startedAt.boottimeNs),
  };
  const readings = [start];
  for (const { timeNs, event } of sources ? [] : recording.events()) {
    if (event.type !== 'clock') continue;
    readings.push({ timeNs, realNs: BigInt(event.realNs), boottimeNs: BigInt(event.boottimeNs) });
  }
  for (const reading of readings) yield { timeNs: reading.timeNs, bytes: clockPacket(reading, primary, !!sources) };
}

/** The processes and their counters, frame by frame. */
class SamplePackets {
  readonly #metrics: readonly string[];
  /** By slot: whose values were written last. */
  readonly #seen: (ProcessIdentity | undefined)[] = [];
  /** By slot: the value that was written last, by metric. */
  readonly #written: Float64Array[] = [];
  /** By slot: the number of the first of its tracks. */
  readonly #tracks: bigint[] = [];
  #nextTrack = FIRST_TRACK;
  #out: TimedBytes[] = [];

  constructor(
    private readonly recording: Recording,
    private readonly options: ExportOptions,
    private readonly clock: number,
  ) {
    this.#metrics = exportedMetrics(recording, options);
  }

  *packets(): Generator<TimedBytes> {
    const pids = this.options.pids && new Set(this.options.pids);
    const programs = this.recording.programs();
    for (const { walk } of exportedFrames(this.recording, this.options)) {
      const { slots, count } = walk.rows;
      let stats: StatsPacket | undefined;
      for (let index = 0; index < count; index++) {
        const slot = slots[index]!;
        const identity = walk.identity(slot);
        if (!identity || (pids && !pids.has(identity.pid))) continue;
        const source = identity.source ?? 0;
        if (this.#seen[slot] !== identity) this.#enter(walk, slot, identity, programs.get(identityKey(identity))?.args);
        if (stats && stats.source !== source) this.#push(walk, stats.finish());
        if (stats?.source !== source) stats = new StatsPacket(walk, this.clock, source);
        this.#addValues(walk, slot, identity, stats);
      }
      if (stats) this.#push(walk, stats.finish());
      yield* this.#out;
      this.#out = [];
    }
  }

  #push(walk: FrameWalk, bytes: Uint8Array | undefined): void {
    if (bytes) this.#out.push({ timeNs: walk.startNs, bytes });
  }

  /** A process that was not seen in this slot before, or has another name now. */
  #enter(walk: FrameWalk, slot: number, identity: ProcessIdentity, args: readonly string[] | undefined): void {
    const before = this.#seen[slot];
    const isSame = before !== undefined && identityKey(before) === identityKey(identity);
    this.#seen[slot] = identity;
    // A block of the ring begins with all labels anew.
    if (isSame && Buffer.compare(before.comm, identity.comm) === 0) return;
    this.#push(walk, processTreePacket(this.clock, walk.startNs, identity, nameParts(identity.comm).comm, args));
    if (isSame) return;
    this.#written[slot] = new Float64Array(this.#metrics.length).fill(Number.NaN);
    this.#tracks[slot] = this.#nextTrack;
    this.#nextTrack += BigInt(this.#metrics.length + 1);
    if (this.#metrics.every((name) => name in STATS_FIELDS)) return;
    this.#push(walk, processTrackPacket(this.#tracks[slot]!, identity));
  }

  #addValues(walk: FrameWalk, slot: number, identity: ProcessIdentity, stats: StatsPacket): void {
    const written = this.#written[slot]!;
    const kind = AGGREGATE_KINDS[this.options.agg ?? 'last'];
    const isRead = walk.isRead(slot);
    this.#metrics.forEach((name, index) => {
      const { tier, place } = columnOf(name);
      if (tier === 'rollup' && !isRead) return;
      const value = tier === 'counters' ? walk.counter(place, slot, kind) : walk.rollup(place, slot, kind);
      if (!Number.isFinite(value) || value < 0 || value === written[index]) return;
      const isFirst = Number.isNaN(written[index]);
      written[index] = value;
      const field = STATS_FIELDS[name];
      if (field !== undefined) {
        stats.add(identity.pid, field, findMetric(name)!.unit === 'bytes' ? Math.floor(value / KIBIBYTE) : value);
        return;
      }
      const track = this.#tracks[slot]! + BigInt(index + 1);
      const unit = CounterUnit[findMetric(name)!.unit];
      if (isFirst) this.#push(walk, counterTrackPacket(track, this.#tracks[slot]!, name, unit));
      this.#push(walk, eventPacket(this.clock, walk.startNs, EventType.counter, track, { value }));
    });
  }
}

/** The statistics of the processes of one host in one frame; nothing where nothing changed. */
class StatsPacket {
  readonly #stats = new BinaryWriter();
  readonly #packet: Packet;
  #process: BinaryWriter | undefined;
  #pid = 0;
  #isEmpty = true;

  constructor(
    private readonly walk: FrameWalk,
    clock: number,
    readonly source: number,
  ) {
    this.#packet = new Packet(clock, walk.startNs, source);
  }

  add(pid: number, field: number, value: number): void {
    if (this.#process && this.#pid !== pid) this.#endProcess();
    if (!this.#process) {
      this.#process = new BinaryWriter().uint32(STATS_PID << 3).int32(pid);
      this.#pid = pid;
    }
    this.#process.uint32(field << 3).uint64(int64Of(value));
    this.#isEmpty = false;
  }

  #endProcess(): void {
    this.#stats.uint32((ProcessStats.processes << 3) | 2).bytes(this.#process!.finish());
    this.#process = undefined;
  }

  finish(): Uint8Array | undefined {
    if (this.#isEmpty) return undefined;
    if (this.#process) this.#endProcess();
    this.#stats.uint32(ProcessStats.collectionEnd << 3).uint64(this.walk.endNs);
    return this.#packet.processStats(this.#stats.finish());
  }
}
