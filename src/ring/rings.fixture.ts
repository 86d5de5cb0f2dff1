/**
 * Rings for the tests of this room, and a recorder that keeps the plain truth of what it wrote beside the ring.
 * The truth is keyed by frame number, so that it also judges readers that see only a part.
 */
import type { AppendResult } from './append-result.js';
import { STATUS_EMPTY } from './layout.js';
import { RingReader } from './ring-reader.js';
import type { RingSpec } from './ring-table.js';
import { RingWriter } from './ring-writer.js';
import { SharedStorage } from './shared-storage.js';
import type { Storage } from './storage.js';

export const BLOCK = 64 * 1024;
export const HEADER = 16 * 1024;
export const COUNTERS = 0;
export const DEEP = 1;
export const EVENTS = 2;
export const FILE_ID = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1);
export const SPECS: RingSpec[] = [
  {
    name: 'counters',
    share: 2,
    rows: 'all',
    columns: [
      { name: 'rss', quantum: 4096 },
      { name: 'minorFaults', quantum: 1 },
      { name: 'userTime', quantum: 1e7 },
    ],
    scalars: ['tick', 'latenessNs'],
  },
  {
    name: 'deep',
    share: 1,
    rows: 'list',
    columns: [
      { name: 'pss', quantum: 1024 },
      { name: 'uss', quantum: 1024 },
    ],
    scalars: ['holdNs'],
  },
  { name: 'events', share: 1, rows: 'none', columns: [], scalars: [] },
];

/** One slot as read or written: label, status, values. */
export type Cell = [label: string, status: number, ...values: number[]];

export interface SweepTruth {
  startNs: bigint;
  endNs: bigint;
  scalars: number[];
  slots: Map<number, Cell>;
  updated: number[];
}

export interface RecordTruth {
  timeNs: bigint;
  type: number;
  /** One character for each byte. */
  payload: string;
}

export type Truth = SweepTruth | RecordTruth;

export function memory(blocks: number): SharedStorage {
  return new SharedStorage(new SharedArrayBuffer(HEADER + blocks * BLOCK));
}

/** A copy of a storage's bytes, cut to `sizeBytes`. */
export function copyOf(storage: Storage, sizeBytes = storage.sizeBytes): SharedStorage {
  const copy = new SharedStorage(new SharedArrayBuffer(sizeBytes));
  storage.read(0, new Uint8Array(copy.buffer), 0, sizeBytes);
  return copy;
}

export function bytesOf(storage: Storage): Uint8Array {
  const bytes = new Uint8Array(storage.sizeBytes);
  storage.read(0, bytes, 0, bytes.length);
  return bytes;
}

/** Writes to all three rings and remembers, by ring and frame number, what a reader must see. */
export class Recorder {
  writer: RingWriter;
  readonly truth: Map<number, Truth>[] = [new Map(), new Map(), new Map()];
  private readonly slots: Map<number, Cell>[] = [new Map(), new Map()];
  /** By earlier writers, by ring. */
  private readonly storedBefore = [0, 0, 0];

  constructor(
    readonly storage: Storage,
    specs: RingSpec[] = SPECS,
  ) {
    const metadata = { host: 'test' };
    this.writer = RingWriter.create(storage, { rings: specs, metadata, blockBytes: BLOCK, fileId: FILE_ID });
  }

  /** Another writer goes on in the same storage; it knows no labels yet. */
  resume(): void {
    this.writer.stats.forEach(({ stored }, ring) => {
      this.storedBefore[ring] += stored;
    });
    this.writer = RingWriter.resume(this.storage);
    for (const slots of this.slots) slots.clear();
  }

  label(ring: number, slot: number, label: string): void {
    this.writer.setLabel(ring, slot, new TextEncoder().encode(label));
    const cell = this.slots[ring].get(slot);
    if (cell === undefined) this.slots[ring].set(slot, emptyCell(label, ring));
    else this.slots[ring].set(slot, [label, ...cell.slice(1)] as Cell);
  }

  clear(ring: number, slot: number): void {
    this.writer.clearLabel(ring, slot);
    this.slots[ring].delete(slot);
  }

  /** Appends a sweep; `value(slot, column)` is asked for every slot of the arrays, labelled or not. */
  sweep(
    ring: number,
    startNs: bigint,
    scalars: number[],
    value: (slot: number, column: number) => number,
    rows: number[] | 'all' = 'all',
    status: (slot: number) => number = () => 0,
  ): AppendResult {
    const slots = this.slots[ring];
    const capacity = Math.max(0, ...slots.keys()) + 1;
    const range = Array.from({ length: capacity }, (_, slot) => slot);
    const columns = SPECS[ring].columns.map((_, c) => Float64Array.from(range, (slot) => value(slot, c)));
    const blocksBefore = this.writer.stats[ring].blocks;
    const endNs = startNs + 1000n;
    const result = this.writer.appendColumns(ring, {
      startNs,
      endNs,
      scalars: Float64Array.from(scalars),
      rows: rows === 'all' ? 'all' : { slots: Uint32Array.from(rows), count: rows.length },
      status: Uint8Array.from(range, status),
      columns,
    });
    if (!result.ok) return result;
    if (this.writer.stats[ring].blocks !== blocksBefore) {
      for (const [slot, [label]] of slots) slots.set(slot, emptyCell(label, ring));
    }
    const wanted = rows === 'all' ? [...slots.keys()] : rows.filter((slot) => slots.has(slot));
    const updated = [...new Set(wanted)].sort((a, b) => a - b);
    for (const slot of updated) {
      const [label] = slots.get(slot)!;
      slots.set(slot, [label, status(slot), ...columns.map((column) => column[slot])]);
    }
    this.remember(ring, { startNs, endNs, scalars, slots: new Map(slots), updated });
    return result;
  }

  record(timeNs: bigint, type: number, payload: Uint8Array): AppendResult {
    const result = this.writer.appendRecord(EVENTS, timeNs, type, payload);
    if (result.ok) this.remember(EVENTS, { timeNs, type, payload: Buffer.from(payload).toString('latin1') });
    return result;
  }

  private remember(ring: number, truth: Truth): void {
    this.truth[ring].set(this.storedBefore[ring] + this.writer.stats[ring].stored, truth);
  }
}

export interface Seen {
  frames: Map<number, Truth>;
  /** Sweeps read behind damage, with the slots that were taken since. */
  parts: Map<number, SweepTruth>;
  /** Frames reported as lost in gaps. */
  lost: number;
  steps: string[];
}

export function noneSeen(): Seen {
  return { frames: new Map(), parts: new Map(), lost: 0, steps: [] };
}

/** Everything that a cursor yields now. `isHostile`: values of a slot without a label are left out, and no error. */
export function drain(cursor: ReturnType<RingReader['cursor']>, into?: Seen, isHostile = false): Seen {
  const seen: Seen = into ?? noneSeen();
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    seen.steps.push(step);
    if (step === 'gap') seen.lost += cursor.lost;
    if (step === 'record') {
      const { timeNs, type } = cursor;
      const payload = Buffer.from(cursor.payload).toString('latin1');
      seen.frames.set(cursor.frameSequence, { timeNs, type, payload });
    }
    if (step === 'columns') {
      (cursor.isPartial ? seen.parts : seen.frames).set(cursor.frameSequence, sweepUnder(cursor, isHostile));
    }
  }
  return seen;
}

/** All frames of one ring. */
export function readRing(storage: Storage, ring: number): Seen {
  return drain(RingReader.open(storage).cursor(ring));
}

function sweepUnder(cursor: ReturnType<RingReader['cursor']>, isHostile: boolean): SweepTruth {
  const slots = new Map<number, Cell>();
  for (let slot = 0; slot < cursor.slotsHighWater; slot++) {
    const label = cursor.labels[slot];
    const values = cursor.columns.map((column) => column[slot]);
    if (label !== undefined) slots.set(slot, [new TextDecoder().decode(label), cursor.status[slot], ...values]);
    else if (!isHostile && (cursor.status[slot] !== STATUS_EMPTY || !values.every(Number.isNaN)))
      throw new Error('a free slot has values');
  }
  const updated = [...cursor.updated.slots.subarray(0, cursor.updated.count)];
  return { startNs: cursor.startNs, endNs: cursor.endNs, scalars: [...cursor.scalars], slots, updated };
}

function emptyCell(label: string, ring: number): Cell {
  return [label, STATUS_EMPTY, ...SPECS[ring].columns.map(() => Number.NaN)];
}
