/**
 * The writing end of one logical ring: decides between "what changed" and "everything anew in a new block".
 *
 * The trap: encoding carries the state along, so a frame that turns out not to fit has already spoilt it. The way out is
 * always the same: reset, encode everything as the key of a fresh block. A key that does not fit even there is dropped
 * before anything old is overwritten.
 */
import { type AppendResult, type DropReason, emptyStats, type RingStats } from './append-result.js';
import type { BlockEntry } from './block-index.js';
import type { BlockPool } from './block-pool.js';
import type { BlockWriter } from './block-writer.js';
import { ColumnState } from './column-state.js';
import { ColumnsEncoder, type SweepColumns, timeFits } from './columns-encoder.js';
import {
  alignFrame,
  FLAG_ALONE,
  FLAG_KEY,
  FRAME_ALIGN,
  FRAME_HEAD,
  KIND_COLUMNS,
  KIND_LABELS,
  KIND_RECORD,
  KIND_SNAPSHOT,
  RECORD_HEAD,
} from './layout.js';
import type { RingSpec } from './ring-table.js';
import { SlotLabels } from './slot-labels.js';

/** A snapshot costs as much as a key: one for so many keys' worth of frames is an eighth more, and few enough are lost. */
const SNAPSHOT_EVERY_KEYS = 8;

/** What the rings of one file have in common. */
export interface AppenderShared {
  pool: BlockPool;
  /** Major version of the format that is written. */
  major: number;
  /** Scratch for one append, as large as a block. */
  frame: Uint8Array;
  blockOffset(physical: number): number;
  /** Called when a block was closed and is full of history worth flushing. */
  blockClosed(): void;
  failed(error: unknown): void;
}

export class RingAppender {
  readonly labels = new SlotLabels();
  readonly stats: RingStats = emptyStats();
  private readonly state: ColumnState;
  private readonly encoder: ColumnsEncoder;
  private readonly view: DataView;
  private readonly result = { ok: true as const, bytes: 0 };
  private blockSequence = 0;
  private frameSequence = 1;
  private stateKnown = false;
  /** Bytes of the key of the open block, and of what came since it or since the last snapshot. */
  private keyBytes = 0;
  private sinceKey = 0;

  constructor(
    private readonly ring: number,
    private readonly spec: RingSpec,
    private readonly block: BlockWriter,
    private readonly shared: AppenderShared,
  ) {
    this.state = new ColumnState(spec.columns.length, spec.scalars.length);
    this.encoder = new ColumnsEncoder(spec, this.state, this.labels, shared.major);
    this.view = new DataView(shared.frame.buffer);
  }

  /** Goes on behind an earlier writer's newest block; `frameSequence` is the number of the next frame. */
  resume(blockSequence: number, frameSequence: number): void {
    this.blockSequence = blockSequence;
    this.frameSequence = frameSequence;
  }

  /** Goes on in that block itself, behind its last frame at `position`. Of records only: sweeps build on what was before. */
  reopen(newest: BlockEntry, position: number): void {
    this.block.reopen(newest.offset, newest, position);
  }

  get rows(): RingSpec['rows'] {
    return this.spec.rows;
  }

  appendColumns(sweep: SweepColumns): AppendResult {
    this.encoder.prepare(sweep);
    this.stats.attempted++;
    if (!timeFits(sweep.startNs, sweep.endNs)) return this.drop('bad-time');
    try {
      const bytes = this.appendChanges(sweep) || this.appendKey(sweep);
      if (bytes === 0) return this.drop('key-too-large');
      this.stats.points += this.encoder.rowCount * this.spec.columns.length;
      this.stats.changed += this.encoder.changed;
      const stored = this.store(bytes);
      this.stats.bytes += this.appendSnapshot();
      return stored;
    } catch (error) {
      this.stateKnown = false;
      this.shared.failed(error);
      return this.drop('write-failed');
    }
  }

  appendRecord(timeNs: bigint, type: number, payload: Uint8Array): AppendResult {
    this.stats.attempted++;
    const length = FRAME_HEAD.bytes + RECORD_HEAD.bytes + payload.length;
    if (alignFrame(length) > this.block.capacity) return this.drop('record-too-large');
    try {
      if (alignFrame(length) > this.block.room) this.openBlock(timeNs);
      this.view.setBigInt64(FRAME_HEAD.bytes + RECORD_HEAD.timeNs, timeNs, true);
      this.view.setUint16(FRAME_HEAD.bytes + RECORD_HEAD.type, type, true);
      this.shared.frame.set(payload, FRAME_HEAD.bytes + RECORD_HEAD.bytes);
      return this.store(this.block.append(this.shared.frame, 0, length, KIND_RECORD, 0, this.frameSequence));
    } catch (error) {
      this.shared.failed(error);
      return this.drop('write-failed');
    }
  }

  /** Bytes that the payload of a record may have to fit in the open block, and in an empty one. */
  get recordRoom(): { open: number; empty: number } {
    const head = FRAME_HEAD.bytes + RECORD_HEAD.bytes + FRAME_ALIGN - 1;
    return { open: Math.max(0, this.block.room - head), empty: this.block.capacity - head };
  }

  /** Counts the blocks that were begun. */
  get blockNumber(): number {
    return this.blockSequence;
  }

  /** Lets the next record begin a block. */
  endBlock(): void {
    if (!this.block.isOpen) return;
    try {
      this.block.end(this.frameSequence);
      this.shared.blockClosed();
    } catch (error) {
      this.shared.failed(error);
    }
  }

  dropClosed(): AppendResult {
    this.stats.attempted++;
    return this.drop('closed');
  }

  /** Closes the open block, so that readers know that nothing is missing. */
  close(): void {
    this.block.end(this.frameSequence);
  }

  /** Bytes written, or 0 if this sweep needs a new block. */
  private appendChanges(sweep: SweepColumns): number {
    const { labels, block } = this;
    const { frame } = this.shared;
    if (!this.stateKnown || labels.overflowed || !block.isOpen || !timeFits(block.baseTimeNs, sweep.startNs)) return 0;
    const labelsLength = labels.changesBytes === 0 ? 0 : FRAME_HEAD.bytes + labels.changesBytes;
    const columnsAt = alignFrame(labelsLength);
    const { room } = block;
    this.stateKnown = false;
    if (columnsAt + FRAME_HEAD.bytes > room) return 0;
    if (labelsLength > 0) {
      labels.encodeChanges(frame, FRAME_HEAD.bytes);
      labels.forEachFreed((slot) => this.state.clearSlot(slot));
    }
    const isAlone = labelsLength > 0;
    const end = this.encoder.encode(
      frame,
      columnsAt + FRAME_HEAD.bytes,
      room,
      block.baseTimeNs,
      sweep,
      isAlone ? 'alone' : 'changes',
    );
    if (end === -1) return 0;
    const bytes = this.commit(labelsLength, columnsAt, end, 0, isAlone ? FLAG_ALONE : 0);
    this.sinceKey += bytes;
    return bytes;
  }

  /** Bytes written, or 0 if not even an empty block would hold it. */
  private appendKey(sweep: SweepColumns): number {
    const { labels, block } = this;
    const { frame } = this.shared;
    const labelsLength = labels.allBytes === 0 ? 0 : FRAME_HEAD.bytes + labels.allBytes;
    const columnsAt = alignFrame(labelsLength);
    this.stateKnown = false;
    // From now on only a key can follow, and it names every slot: changes would pile up while keys are dropped.
    labels.forgetChanges();
    if (columnsAt + FRAME_HEAD.bytes > block.capacity) return 0;
    this.state.reset();
    labels.encodeAll(frame, FRAME_HEAD.bytes);
    const end = this.encoder.encode(frame, columnsAt + FRAME_HEAD.bytes, block.capacity, sweep.startNs, sweep, 'key');
    if (end === -1) return 0;
    this.openBlock(sweep.startNs);
    this.keyBytes = this.commit(labelsLength, columnsAt, end, FLAG_KEY, FLAG_KEY);
    this.stats.keyBytes += this.keyBytes;
    this.sinceKey = 0;
    return this.keyBytes;
  }

  private commit(
    labelsLength: number,
    columnsAt: number,
    end: number,
    labelsFlags: number,
    columnsFlags: number,
  ): number {
    const { block, frameSequence, labels } = this;
    const { frame } = this.shared;
    let bytes = 0;
    if (labelsLength > 0) bytes += block.append(frame, 0, labelsLength, KIND_LABELS, labelsFlags, frameSequence);
    labels.forgetChanges();
    const cells = this.spec.rows === 'all' ? labels.highWater : 0;
    bytes += block.append(frame, columnsAt, end - columnsAt, KIND_COLUMNS, columnsFlags, frameSequence, cells);
    this.stateKnown = true;
    return bytes;
  }

  /** Puts a snapshot behind the last frame when one is due. Returns the bytes that it took, or 0. */
  private appendSnapshot(): number {
    const { block, frameSequence } = this;
    const apart = SNAPSHOT_EVERY_KEYS * this.keyBytes;
    if (this.sinceKey < apart || block.room < apart) return 0;
    this.sinceKey = 0;
    const { frame } = this.shared;
    const end = this.encoder.encodeSnapshot(frame, FRAME_HEAD.bytes, block.room);
    if (end === -1) return 0;
    try {
      const bytes = block.append(frame, 0, end, KIND_SNAPSHOT, 0, frameSequence);
      // In a ring of lists, the key holds fewer values than are known later.
      this.keyBytes = Math.max(this.keyBytes, bytes);
      return bytes;
    } catch (error) {
      this.shared.failed(error);
      return 0;
    }
  }

  private openBlock(baseTimeNs: bigint): void {
    const { pool } = this.shared;
    if (this.block.isOpen) {
      this.block.end(this.frameSequence);
      this.shared.blockClosed();
    }
    this.block.open(this.shared.blockOffset(pool.next(this.ring)), {
      ring: this.ring,
      sequence: this.blockSequence + 1,
      firstFrameSequence: this.frameSequence,
      baseTimeNs,
    });
    this.blockSequence++;
    this.stats.blocks++;
    if (pool.take(this.ring)) this.stats.recycled++;
  }

  private store(bytes: number): AppendResult {
    this.frameSequence++;
    this.stats.stored++;
    this.stats.bytes += bytes;
    this.result.bytes = bytes;
    return this.result;
  }

  private drop(reason: DropReason): AppendResult {
    this.stats.dropped[reason]++;
    return { ok: false, reason };
  }
}
