/**
 * The packets of a Perfetto trace, one function for each kind.
 *
 * The trap: bytes that are no UTF-8 make a string that readers refuse, so what was not is replaced where texts are made.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { ProcessIdentity } from '../engine/identity.js';
import { SmapsColumn } from '../procfs/mapping-table.js';
import { decodeText } from '../procfs/object-values.js';
import { int64Of } from './int64.js';
import type { MappingRead } from './mapping-reads.js';
import {
  Clock,
  ClockId,
  ClockSnapshot,
  COUNTER_UNIT,
  PROCESS_PID,
  ProcessTree,
  SMAPS_FIELDS,
  SMAPS_PATH,
  SMAPS_PROTECTION,
  SMAPS_START,
  Smaps,
  TRACE_PACKET,
  TracePacket,
  TrackDescriptor,
  TrackEvent,
  TreeProcess,
  TreeThread,
} from './perfetto-fields.js';

export interface TimedBytes {
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
}

const SEQUENCE = 1;
const KIBIBYTE = 1024;
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;

function tag(field: number, wire: number): number {
  return (field << 3) | wire;
}

/** A message that is written field by field. */
class Message {
  readonly #writer = new BinaryWriter();

  whole(field: number, value: number | bigint): this {
    this.#writer.uint32(tag(field, VARINT)).uint64(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  text(field: number, value: string): this {
    this.#writer.uint32(tag(field, BYTES)).bytes(Buffer.from(value));
    return this;
  }

  real(field: number, value: number): this {
    this.#writer.uint32(tag(field, FIXED_64)).double(value);
    return this;
  }

  part(field: number, message: Message | Uint8Array): this {
    const bytes = message instanceof Message ? message.finish() : message;
    this.#writer.uint32(tag(field, BYTES)).bytes(bytes);
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** The frame around what a packet tells. */
export class Packet {
  readonly #message = new Message();

  /** `clock` and `timeNs` are absent for what is true at all times. */
  constructor(clock?: number, timeNs?: bigint, source = 0) {
    if (clock !== undefined) {
      this.#message.whole(TracePacket.timestamp, timeNs!).whole(TracePacket.timestampClockId, clock);
    }
    if (source > 0) this.#message.whole(TracePacket.machineId, source);
    this.#message.whole(TracePacket.sequenceId, SEQUENCE);
  }

  of(field: number, message: Message | Uint8Array): Uint8Array {
    return new Message().part(TRACE_PACKET, this.#message.part(field, message)).finish();
  }

  processStats(stats: Uint8Array): Uint8Array {
    return this.of(TracePacket.processStats, stats);
  }
}

/** What the clocks read at one instant; of a merged recording the real one only. */
export function clockPacket(
  reading: { readonly timeNs: bigint; readonly realNs: bigint; readonly boottimeNs: bigint },
  primary: number,
  isMerged: boolean,
): Uint8Array {
  const snapshot = new Message();
  const add = (id: number, timestamp: bigint) =>
    snapshot.part(ClockSnapshot.clocks, new Message().whole(Clock.id, id).whole(Clock.timestamp, timestamp));
  add(ClockId.realtime, reading.realNs);
  if (!isMerged) {
    add(ClockId.monotonic, reading.timeNs);
    add(ClockId.boottime, reading.boottimeNs);
  }
  snapshot.whole(ClockSnapshot.primaryClock, primary);
  return new Packet(primary, isMerged ? reading.realNs : reading.timeNs).of(TracePacket.clockSnapshot, snapshot);
}

/** A process and its main thread, by which Perfetto shows its name. */
export function processTreePacket(
  clock: number,
  timeNs: bigint,
  { pid, parentPid, source }: ProcessIdentity,
  comm: string,
  args: readonly string[] | undefined,
): Uint8Array {
  const process = new Message().whole(TreeProcess.pid, pid).whole(TreeProcess.parentPid, parentPid);
  for (const word of args ?? [comm]) process.text(TreeProcess.cmdline, word);
  const thread = new Message().whole(TreeThread.tid, pid).text(TreeThread.name, comm).whole(TreeThread.tgid, pid);
  const tree = new Message().part(ProcessTree.processes, process).part(ProcessTree.threads, thread);
  return new Packet(clock, timeNs, source).of(TracePacket.processTree, tree);
}

export function processTrackPacket(uuid: bigint, { pid, source }: ProcessIdentity): Uint8Array {
  const process = new Message().whole(PROCESS_PID, pid);
  const track = new Message().whole(TrackDescriptor.uuid, uuid).part(TrackDescriptor.process, process);
  return new Packet(undefined, undefined, source).of(TracePacket.trackDescriptor, track);
}

export function counterTrackPacket(uuid: bigint, parent: bigint, name: string, unit: number): Uint8Array {
  const track = new Message()
    .whole(TrackDescriptor.uuid, uuid)
    .text(TrackDescriptor.name, name)
    .whole(TrackDescriptor.parentUuid, parent)
    .part(TrackDescriptor.counter, new Message().whole(COUNTER_UNIT, unit));
  return new Packet().of(TracePacket.trackDescriptor, track);
}

/** A track for slices. */
export function trackPacket(uuid: bigint, name: string): Uint8Array {
  const track = new Message().whole(TrackDescriptor.uuid, uuid).text(TrackDescriptor.name, name);
  return new Packet().of(TracePacket.trackDescriptor, track);
}

export function eventPacket(
  clock: number,
  timeNs: bigint,
  type: number,
  track: bigint,
  { name, value }: { readonly name?: string; readonly value?: number },
): Uint8Array {
  const event = new Message().whole(TrackEvent.type, type).whole(TrackEvent.trackUuid, track);
  if (name !== undefined) event.text(TrackEvent.name, name);
  if (value !== undefined && Number.isInteger(value)) event.whole(TrackEvent.counterValue, int64Of(value));
  else if (value !== undefined) event.real(TrackEvent.doubleCounterValue, value);
  return new Packet(clock, timeNs).of(TracePacket.trackEvent, event);
}

/** The mappings of a process as they were read. */
export function smapsPacket(clock: number, { monotonicNs, pid, source, table, text }: MappingRead): Uint8Array {
  const smaps = new Message().whole(Smaps.pid, pid);
  for (let row = 0; row < table.rows; row++) {
    const start = table.nameStart[row]!;
    const entry = new Message().text(SMAPS_PATH, decodeText(text.subarray(start, start + table.nameLength[row]!)));
    entry.whole(SMAPS_START, table.start[row]!).whole(SMAPS_PROTECTION, table.perms[row]! & 7);
    for (const [name, field] of Object.entries(SMAPS_FIELDS)) {
      const value = table.sizes[SmapsColumn[name as keyof typeof SMAPS_FIELDS]]![row]!;
      // What was not measured is not there.
      if (value >= 0 && Number.isFinite(value)) entry.whole(field, Math.floor(value / KIBIBYTE));
    }
    smaps.part(Smaps.entries, entry);
  }
  return new Packet(clock, monotonicNs, source).of(TracePacket.smapsPacket, smaps);
}

/** Several sequences in the order of time, each of which is in that order itself. */
export function* mergedBy(sequences: readonly Iterator<TimedBytes>[]): Generator<TimedBytes> {
  const heads = sequences.map((sequence) => sequence.next());
  for (;;) {
    let first = -1;
    heads.forEach((head, index) => {
      if (head.done) return;
      const other = heads[first];
      if (!other || other.done || head.value.timeNs < other.value.timeNs) first = index;
    });
    if (first < 0) return;
    yield heads[first]!.value;
    heads[first] = sequences[first]!.next();
  }
}
