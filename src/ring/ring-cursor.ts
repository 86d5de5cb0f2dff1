/**
 * Reads one ring frame by frame, into state that is reused: nothing is allocated per value.
 *
 * The trap: "no more frames" is never final. The writer may be alive, may have recycled the block that we stand in, or
 * may have died in the middle of a frame. `next` tells these apart and never throws for what it finds in the ring.
 */
import { AHEAD_BYTES, BlockCopy, frameAfter, takesNumber } from './block-copy.js';
import type { BlockEntry, Damage } from './block-index.js';
import { ColumnState } from './column-state.js';
import { ColumnsDecoder } from './columns-decoder.js';
import type { CursorSource } from './cursor-source.js';
import { EndWait } from './end-wait.js';
import {
  BLOCK_HEADER,
  FLAG_ALONE,
  FLAG_KEY,
  FRAME_HEAD,
  KIND_COLUMNS,
  KIND_END,
  KIND_LABELS,
  KIND_RECORD,
  KIND_SNAPSHOT,
  PARTS_MAJOR,
  RECORD_HEAD,
} from './layout.js';
import { type CursorStart, firstBlock, lastSnapshotBefore, wantedColumns } from './start-point.js';
import { ByteCursor } from './varint.js';

/**
 * `block`: a block begins or goes on behind damage, all labels and values are forgotten; `labels`: see `changedSlots`;
 * `columns`: a sweep; `record`: an event; `gap`: `lost` frames are missing before the next sweep or record.
 */
export type CursorStep = 'block' | 'labels' | 'columns' | 'record' | 'gap';

/** How often one call looks for a block that stands long enough to be copied. */
const COPY_ATTEMPTS = 8;

export class RingCursor {
  /** Sequence of the block that the last step came from. */
  blockSequence = 0;
  /** After `columns` and `record`: the number of the frame in its ring, from 1. */
  frameSequence = 0;
  /** After `labels`, `columns` and `record`: bytes of the frame in the ring, with head and padding. */
  frameBytes = 0;
  /** After `columns`: start and end of the sweep in monotonic ns. */
  startNs = 0n;
  endNs = 0n;
  /** After `columns`: true for the first of a block, which holds every value. */
  isKey = false;
  /** After `record`. */
  timeNs = 0n;
  type = 0;
  /** After `record`: a view that the next call of `next` overwrites. */
  payload: Uint8Array = new Uint8Array(0);
  /** After `gap`: frames that were overwritten or damaged before they could be read. */
  lost = 0;

  /** What it reads is in this copy; whoever is done with the cursor releases it. */
  readonly copy: BlockCopy;
  private readonly decoder: ColumnsDecoder;
  private readonly bytes = new ByteCursor();
  private readonly fromTimeNs: bigint | undefined;
  private block: BlockEntry | undefined;
  private announced = false;
  private position = 0;
  /** Number of the next frame; 0 = not known yet. */
  private expected = 0;
  /** Number behind the last frame that was given out or had nothing to give; 0 = not known yet. */
  private due = 0;
  /** Given out by the next call, behind a gap. */
  private pending: CursorStep | undefined;
  /** The next announcement is of a block whose frames up to here are lost. */
  private isTorn = false;
  /** Whether the first block was entered: later ones are read from their begin. */
  private isBegun = false;
  /** Position already searched for later frames in vain, so that polling stays cheap. */
  private searched = -1;
  private readonly wait = new EndWait();

  constructor(
    private readonly source: CursorSource,
    private readonly ring: number,
    start: CursorStart,
  ) {
    const { header, storage, fileSeed } = source;
    const spec = header.table.rings[ring];
    const state = new ColumnState(spec.columns.length, spec.scalars.length);
    this.copy = new BlockCopy(storage, fileSeed, header.blockBytes, source.blocks);
    this.decoder = new ColumnsDecoder(spec, header.table.maxSlots, state, header.major, wantedColumns(spec, start));
    this.fromTimeNs = start.fromTimeNs;
    const { fromBlock = firstBlock(source.index.of(ring), start.fromTimeNs, spec.rows === 'none') } = start;
    this.blockSequence = fromBlock - 1;
    // From here on it counts: what is overwritten before the first call of `next` is lost, not unheard of.
    const first = source.index.after(ring, this.blockSequence);
    if (first !== undefined) this.expected = first.firstFrameSequence;
    else if (source.index.of(ring).length === 0 && this.blockSequence === 0) this.expected = 1;
    this.due = this.expected;
  }

  /** The number of the frame that is looked for next; 0 while not even a block has been found. */
  get nextFrame(): number {
    return this.expected;
  }

  /** After `columns`: how many values its frame told anew, and in how many bytes. */
  get told(): { readonly values: number; readonly bytes: number } {
    return { values: this.decoder.told, bytes: this.decoder.toldBytes };
  }

  /** True behind damage, until the block tells everything again: only slots that were taken since are labelled. */
  get isPartial(): boolean {
    return this.decoder.isPartial;
  }

  /** Bytes of the block that it stands in, up to the next frame. */
  get blockBytesRead(): number {
    return this.position;
  }

  /** By slot: the bytes given by the writer, undefined for a slot that is free. */
  get labels(): readonly (Uint8Array | undefined)[] {
    return this.decoder.labels;
  }

  /** By slot; 255 = empty. Arrays may be longer than `slotsHighWater`. */
  get status(): Uint8Array {
    return this.decoder.state.status;
  }

  /** `columns[c][slot]`; NaN = not measured. Fetch again after each step: growing replaces them. */
  get columns(): readonly Float64Array[] {
    return this.decoder.state.columns;
  }

  get scalars(): Float64Array {
    return this.decoder.state.scalars;
  }

  /** After `columns`: the slots that this sweep read, ascending; all labelled ones in a ring with `rows: 'all'`. */
  get updated(): { readonly slots: Uint32Array; readonly count: number } {
    return this.decoder.updated;
  }

  /** After `labels`: the slots named or freed, in the order of change; one may occur twice. */
  get changedSlots(): { readonly slots: Uint32Array; readonly count: number } {
    return this.decoder.changed;
  }

  /** One more than the largest labelled slot. */
  get slotsHighWater(): number {
    return this.decoder.highWater;
  }

  /** The next step, or null if nothing more is committed now; it may be called again later. */
  next(): CursorStep | null {
    this.lost = 0;
    if (this.pending !== undefined) {
      const step = this.pending;
      this.pending = undefined;
      return step;
    }
    for (;;) {
      if (this.block === undefined) {
        if (!this.enterNext()) return this.atEnd();
        if (this.lost > 0) return 'gap';
      }
      if (!this.announced) return this.announce();
      if (!this.copy.accept(this.position, this.expected)) {
        if (this.recover() === 'end') return this.atEnd();
        continue;
      }
      const step = this.take();
      if (step !== undefined) return step;
    }
  }

  /** Nothing more is committed: what was read and could not be used is lost, whatever follows. */
  private atEnd(): 'gap' | null {
    if (this.due === 0 || this.expected <= this.due) return null;
    this.lost = this.expected - this.due;
    this.due = this.expected;
    return 'gap';
  }

  private announce(): CursorStep {
    this.announced = true;
    this.decoder.reset(this.isTorn);
    this.isTorn = false;
    return 'block';
  }

  /** Consumes the accepted frame; undefined if it has nothing for the caller. */
  private take(): CursorStep | undefined {
    const { copy, decoder } = this;
    const { kind, flags } = copy;
    const at = this.position;
    const end = at + copy.length;
    this.bytes.reset(copy.bytes, copy.view, at + FRAME_HEAD.bytes, end);
    this.position = frameAfter(at, copy.length);
    this.frameBytes = this.position - at;
    if (kind === KIND_END) {
      this.block = undefined;
      return undefined;
    }
    if (kind === KIND_LABELS) {
      return decoder.labelsFrame(this.bytes, copy.bytes) ? 'labels' : this.abandon(at, 'bad-payload');
    }
    if (kind === KIND_SNAPSHOT) return this.takeSnapshot(at);
    if (takesNumber(kind)) this.frameSequence = this.expected++;
    if (kind === KIND_COLUMNS) {
      const taken = decoder.columnsFrame(this.bytes, (flags & FLAG_ALONE) !== 0, copy.cells);
      if (taken === 'bad') return this.abandon(at, 'bad-payload');
      // What it builds on is lost, so it is lost too.
      if (taken === 'lost') return undefined;
      this.startNs = this.block!.baseTimeNs + BigInt(decoder.startDelta);
      this.endNs = this.startNs + BigInt(decoder.duration);
      this.isKey = (flags & FLAG_KEY) !== 0;
      return this.give('columns', this.startNs);
    }
    if (kind === KIND_RECORD) {
      if (copy.length < FRAME_HEAD.bytes + RECORD_HEAD.bytes) return this.abandon(at, 'bad-payload');
      this.timeNs = copy.view.getBigInt64(at + FRAME_HEAD.bytes + RECORD_HEAD.timeNs, true);
      this.type = copy.view.getUint16(at + FRAME_HEAD.bytes + RECORD_HEAD.type, true);
      this.payload = copy.bytes.subarray(at + FRAME_HEAD.bytes + RECORD_HEAD.bytes, end);
      return this.give('record', this.timeNs);
    }
    this.source.noteUnknown(kind);
    this.due = this.expected;
    return undefined;
  }

  /** Gives a frame out, behind a gap where frames are missing before it; undefined if it is too early. */
  private give(step: 'columns' | 'record', timeNs: bigint): CursorStep | undefined {
    const lost = this.frameSequence - this.due;
    this.due = this.expected;
    const isTooEarly = this.fromTimeNs !== undefined && timeNs < this.fromTimeNs;
    if (lost <= 0) return isTooEarly ? undefined : step;
    this.lost = lost;
    if (!isTooEarly) this.pending = step;
    return 'gap';
  }

  /** Where nothing is missing, it tells nothing new. */
  private takeSnapshot(at: number): CursorStep | undefined {
    if (!this.decoder.isPartial) return undefined;
    if (this.decoder.snapshotFrame(this.bytes, this.copy.bytes)) return 'labels';
    return this.abandon(at, 'bad-payload');
  }

  /** No committed frame at the position: looks again, and finds out whether this is the end, a lap or damage. */
  private recover(): 'end' | 'retry' {
    const { copy, source, ring, wait } = this;
    if (this.searched === this.position && copy.headChanged(this.position)) this.searched = -1;
    if (!copy.extend(this.position, this.expected)) return this.leave();
    if (copy.accept(this.position, this.expected)) return 'retry';
    source.index.follow(ring);
    const closed = source.index.after(ring, this.blockSequence) !== undefined;
    if (!closed && (this.searched === this.position || wait.isShort(this.blockSequence, this.position))) return 'end';
    if (!copy.reload(this.position)) return this.leave();
    if (copy.accept(this.position, this.expected)) return 'retry';
    this.searched = this.position;
    const later = copy.findLater(this.position, this.expected);
    if (!closed && later === -1) return wait.begin();
    // Both findings are younger than the copy: only a frame that is still bad after them is damaged.
    if (!copy.reload(this.position)) return this.leave();
    if (copy.accept(this.position, this.expected)) return 'retry';
    // A writer that died left its block open; the next one began another, and nothing is missing between them.
    if (later === -1 && source.index.after(ring, this.blockSequence)?.firstFrameSequence === this.expected) {
      return this.leave();
    }
    const isRecords = source.header.table.rings[ring].rows === 'none';
    if (later === -1 || !(isRecords || source.header.major >= PARTS_MAJOR)) {
      this.abandon(this.position, 'bad-frame');
      return 'retry';
    }
    this.noteDamage(this.position, 'bad-frame');
    this.position = later;
    this.expected += ((copy.foundSequence - this.expected) % 2 ** 32) >>> 0;
    // Records do not depend on each other. Sweeps do: all that was known has to be told anew.
    if (!isRecords) {
      this.isTorn = true;
      this.announced = false;
    }
    return 'retry';
  }

  /** The rest of the block cannot be read. */
  private abandon(position: number, reason: Damage['reason']): undefined {
    this.noteDamage(position, reason);
    this.block = undefined;
  }

  /** The block was recycled under us, or has no more frames. */
  private leave(): 'retry' {
    this.block = undefined;
    return 'retry';
  }

  private noteDamage(position: number, reason: Damage['reason']): void {
    const offset = this.block!.offset + position;
    this.source.noteDamage({ offset, ring: this.ring, blockSequence: this.blockSequence, reason });
  }

  /** Moves to the oldest block behind the last one that can be copied; false if there is none yet. */
  private enterNext(): boolean {
    const { ring } = this;
    const { index } = this.source;
    let after = this.blockSequence;
    // A block may be recycled between finding and copying it. A writer that laps us each time wins for now.
    for (let attempt = 0; attempt < COPY_ATTEMPTS; attempt++) {
      let entry = index.after(ring, after);
      if (entry === undefined) {
        index.follow(ring);
        entry = index.after(ring, after);
      }
      if (entry === undefined) return false;
      const isOpen = this.wait.isBegun && index.after(ring, entry.sequence) === undefined;
      if (this.copy.load(entry, isOpen ? AHEAD_BYTES : undefined)) {
        this.enter(entry);
        return true;
      }
      index.follow(ring);
      // Still listed: its header went bad where it stands, and waiting will not mend it.
      if (index.after(ring, after)?.sequence === entry.sequence) after = entry.sequence;
    }
    return false;
  }

  /** Stands at the start of a block just copied. Sets `lost`. */
  private enter(entry: BlockEntry): void {
    this.block = entry;
    this.announced = false;
    this.searched = -1;
    this.position = BLOCK_HEADER.bytes;
    this.isTorn = false;
    this.lost = this.due === 0 ? 0 : Math.max(0, entry.firstFrameSequence - this.due);
    this.expected = entry.firstFrameSequence;
    this.due = entry.firstFrameSequence;
    this.blockSequence = entry.sequence;
    if (this.isBegun || this.fromTimeNs === undefined) return;
    this.isBegun = true;
    if (this.source.header.table.rings[this.ring].rows === 'none') return;
    const snapshot = lastSnapshotBefore(this.copy, entry, this.fromTimeNs);
    if (snapshot === undefined) return;
    this.position = snapshot.position;
    this.expected = snapshot.sequence;
    this.due = snapshot.sequence;
    this.isTorn = true;
  }
}
