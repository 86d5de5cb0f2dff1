/**
 * Copies the rings of records: events, command lines and mappings.
 *
 * The traps: a span that began before a cut ends inside it; a command line that was told before a cut belongs to a process
 * in it; and mappings build on one another within a block, so they are put together and told anew.
 */
import { identityKey } from '../engine/identity.js';
import { MappingTable } from '../procfs/mapping-table.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { COMMAND_RECORD, decodeCommand, encodeCommand } from './commands.js';
import { CopyError } from './copy-columns.js';
import type { CopyInput } from './copy-input.js';
import { decodeEvent, recordOf, type TideEvent } from './events.js';
import { encodeMappings, MAPPINGS_RECORD, type RecordedMappings } from './mapping-record.js';
import { MappingWalk } from './mapping-walk.js';
import { MappingWriter } from './mapping-writer.js';
import { PACKED_BYTES, RecordCursor, RecordPacker } from './packed-records.js';
import type { Redactor } from './redact.js';

export interface RecordCopy {
  readonly writer: RingWriter;
  /** Number of the ring in the copy. */
  readonly ring: number;
  readonly inputs: readonly CopyInput[];
  readonly isMerge: boolean;
  readonly redactor: Redactor | undefined;
}

interface Head {
  readonly timeNs: bigint;
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Records of one second may be packed together. */
const PACKED_NS = 1_000_000_000n;

/** Copies events: those of a range, and what still held at its begin: spans that reach into it, and limits. Returns how many had been lost. */
export function copyEvents(copy: RecordCopy): number {
  const { inputs, isMerge, redactor } = copy;
  let lost = 0;
  const streams = inputs.map((input, index) => {
    const held = heldEvents(copy, input);
    return recordsOf(
      copy,
      input,
      (step) => {
        lost += step;
      },
      (type, payload, isEarly) => {
        const event = decodeEvent(type, payload);
        // What this version does not know may hold names, or numbers of spans.
        if (!event) return isEarly || redactor || isMerge ? undefined : [type, payload];
        if (isEarly && !isHeld(event, payload, held)) return undefined;
        if (isMerge && event.type === 'clock') return undefined;
        const told = isMerge ? inMerge(event, input, index, inputs.length) : event;
        return recordOf(redactor ? redactor.event(told) : told);
      },
    );
  });
  append(copy, streams);
  return lost;
}

/** Copies the command lines of the processes in `seen`, whenever they were told, each once. */
export function copyCommands(copy: RecordCopy, seen: ReadonlySet<string>): number {
  const told = new Map<string, string>();
  let lost = 0;
  const streams = copy.inputs.map((input) =>
    recordsOf(
      copy,
      { ...input, isWhole: true },
      (step) => {
        lost += step;
      },
      (type, payload) => {
        const command = decodeCommand(type, payload);
        if (!command) return undefined;
        const own = { ...command, ...input.sourceOf(command.source) };
        const key = identityKey(own);
        const text = JSON.stringify(own);
        if (!seen.has(key) || told.get(key) === text) return undefined;
        told.set(key, text);
        return [COMMAND_RECORD, encodeCommand(copy.redactor ? copy.redactor.command(own) : own)];
      },
    ),
  );
  append(copy, streams);
  return lost;
}

/** Copies the mappings of the inputs, one after the other. Returns how many could not be put together. */
export function copyMappings(copy: RecordCopy, pageSize: number): number {
  const { writer, ring, inputs, redactor } = copy;
  const out = new MappingWriter(writer, ring, pageSize);
  let lost = 0;
  for (const input of inputs) {
    const own = input.reader.rings.flatMap(({ name }, number) => (/^mappings(?:@\d+)?$/.test(name) ? [number] : []));
    for (const number of own) {
      const walk = new MappingWalk(input.reader.cursor(number), input.recording.metadata);
      for (let record = walk.next(); record !== undefined; record = walk.next()) {
        if (input.fromNs !== undefined && walk.timeNs < input.fromNs) continue;
        if (input.toNs !== undefined && walk.timeNs > input.toNs) continue;
        const rows = redactor ? withNames(record, (name) => redactor.mapping(name)) : record;
        writeMappings(out, writer, ring, input.timeOf(walk.timeNs), rows);
      }
      lost += walk.lost;
    }
  }
  return lost;
}

function writeMappings(
  out: MappingWriter,
  writer: RingWriter,
  ring: number,
  timeNs: bigint,
  record: RecordedMappings,
): void {
  const { tick, status, holdNs, table, part, parts } = record;
  const identity = { ...record, parentPid: 0, kernelThread: false, comm: new Uint8Array(0) };
  const failed = (reason: string) => {
    throw new CopyError(`Mappings of process ${record.pid} could not be stored: ${reason}`);
  };
  if (parts <= 1) {
    out.write(timeNs, identity, tick, status, BigInt(holdNs), record, 0, table.rows, failed);
    return;
  }
  const [payload] = encodeMappings(identity, tick, status, BigInt(holdNs), record, 0, table.rows);
  new DataView(payload!.buffer).setUint16(18, part, true);
  new DataView(payload!.buffer).setUint16(20, parts, true);
  const stored = writer.appendRecord(ring, timeNs, MAPPINGS_RECORD, payload!);
  if (!stored.ok) failed(stored.reason);
}

/** The same rows with other names. */
function withNames(record: RecordedMappings, rename: (name: string) => string): RecordedMappings {
  const { table: old, text } = record;
  const { rows } = old;
  const table = new MappingTable(old.capacity);
  new Uint8Array(table.buffer).set(new Uint8Array(old.buffer));
  const source = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const pieces: Buffer[] = [];
  let at = 0;
  const add = (bytes: Buffer) => {
    pieces.push(bytes);
    at += bytes.length;
    return at - bytes.length;
  };
  for (let row = 0; row < rows; row++) {
    const name = source.toString('latin1', old.nameStart[row]!, old.nameStart[row]! + old.nameLength[row]!);
    const renamed = Buffer.from(rename(name), 'latin1');
    table.nameStart[row] = add(renamed);
    table.nameLength[row] = renamed.length;
    if (old.flagsStart[row] === 0xffffffff) continue;
    const flags = source.subarray(old.flagsStart[row]!, old.flagsStart[row]! + old.flagsLength[row]!);
    table.flagsStart[row] = add(flags);
  }
  return { ...record, table, text: Buffer.concat(pieces) };
}

/** What was told before a range and holds at its begin: by what it is about, the payload that was told last. */
function heldEvents({ writer, ring }: RecordCopy, input: CopyInput): Map<string, Buffer> {
  const held = new Map<string, Buffer>();
  if (input.fromNs === undefined) return held;
  const number = input.reader.ringId(writer.rings[ring]!.name);
  if (number < 0) return held;
  const cursor = new RecordCursor(input.reader.cursor(number));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step !== 'record' || cursor.timeNs >= input.fromNs) continue;
    const event = decodeEvent(cursor.type, cursor.payload);
    if (event?.type === 'end') held.delete(`span ${event.span}`);
    const subject = event && subjectOf(event);
    if (subject !== undefined) held.set(subject, Buffer.from(cursor.payload));
  }
  return held;
}

function isHeld(event: TideEvent, payload: Uint8Array, held: ReadonlyMap<string, Buffer>): boolean {
  const subject = subjectOf(event);
  return subject !== undefined && (held.get(subject)?.equals(payload) ?? false);
}

/** What an event is about that holds until the next one about the same. */
function subjectOf(event: TideEvent): string | undefined {
  switch (event.type) {
    case 'begin':
      return `span ${event.span}`;
    case 'groupLimit':
      return `group ${event.source ?? ''} ${event.path}`;
    case 'processLimit':
      return `process ${identityKey(event)}`;
    default:
      return undefined;
  }
}

/** Spans of different recordings must not share a number. */
function inMerge(event: TideEvent, input: CopyInput, index: number, inputs: number): TideEvent {
  const own = { ...event, ...input.sourceOf((event as { source?: number }).source) } as TideEvent;
  return own.type === 'begin' || own.type === 'end' ? { ...own, span: own.span * inputs + index } : own;
}

/** The records of an input, as `keep` gives them, without those for which it gives nothing. What lies outside the range of a whole ring is moved to its ends. */
function* recordsOf(
  { writer, ring }: RecordCopy,
  input: CopyInput & { readonly isWhole?: boolean },
  lost: (frames: number) => void,
  keep: (
    type: number,
    payload: Uint8Array,
    isEarly: boolean,
  ) => readonly [type: number, payload: Uint8Array] | undefined,
): Generator<Head> {
  const number = input.reader.ringId(writer.rings[ring]!.name);
  if (number < 0) return;
  const { fromNs, toNs } = input;
  const cursor = new RecordCursor(input.reader.cursor(number));
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'gap') lost(cursor.lost);
    if (step !== 'record') continue;
    let { timeNs } = cursor;
    const isLate = toNs !== undefined && timeNs > toNs;
    const isEarly = fromNs !== undefined && timeNs < fromNs;
    if (isLate && !input.isWhole) continue;
    const kept = keep(cursor.type, cursor.payload, isEarly && !input.isWhole);
    if (kept === undefined) continue;
    const [type, payload] = kept;
    if (input.isWhole && isLate) timeNs = toNs!;
    if (input.isWhole && isEarly) timeNs = fromNs!;
    yield { timeNs: input.timeOf(timeNs), type, payload: payload.slice() };
  }
}

/** Appends what the streams have, the earliest first. */
function append({ writer, ring }: RecordCopy, streams: readonly Generator<Head>[]): void {
  let heads = streams.flatMap((stream) => {
    const { value, done } = stream.next();
    return done ? [] : [{ stream, head: value as Head }];
  });
  const packer = new RecordPacker(writer, ring);
  const store = () => {
    const reason = packer.flush();
    if (reason === undefined) return;
    throw new CopyError(`A record of ring ${writer.rings[ring]!.name} could not be stored: ${reason}`);
  };
  let packedNs = 0n;
  while (heads.length > 0) {
    const first = heads.reduce((one, other) => (other.head.timeNs < one.head.timeNs ? other : one));
    const { timeNs, type, payload } = first.head;
    // Damage to a pack costs all of it, so no long time goes into one.
    if (packer.bytes >= PACKED_BYTES || timeNs - packedNs > PACKED_NS) store();
    if (packer.bytes === 0) packedNs = timeNs;
    packer.add(timeNs, type, payload);
    const { value, done } = first.stream.next();
    if (done) heads = heads.filter((one) => one !== first);
    else first.head = value as Head;
  }
  store();
}
