/**
 * Reads one ring frame by frame, into state that is reused: nothing is allocated per value.
 *
 * The trap: "no more frames" is never final. The writer may be alive, may have recycled the block that we stand in, or
 * may have died in the middle of a frame. `next` tells these apart and never throws for what it finds in the ring.
 */
import { BlockCopy, frameAfter, takesNumber } from './block-copy.js';
import type { BlockEntry, BlockIndex, Damage } from './block-index.js';
import { ColumnState } from './column-state.js';
import { ColumnsDecoder } from './columns-decoder.js';
import type { FileHeader } from './file-header.js';
import {
  BLOCK_HEADER,
  FLAG_KEY,
  FRAME_HEAD,
  KIND_COLUMNS,
  KIND_END,
  KIND_LABELS,
  KIND_RECORD,
  RECORD_HEAD,
} from './layout.js';
import type { Storage } from './storage.js';
import { ByteCursor } from './varint.js';

/**
 * `block`: a new block begins, all labels and values are forgotten; `labels`: see `changedSlots`; `columns`: a sweep;
 * `record`: an event; `gap`: `lost` frames are missing before what follows.
 */
export type CursorStep = 'block' | 'labels' | 'columns' | 'record' | 'gap';

export interface CursorStart {
  /** Sequence of the block to start at, or of the next younger one that stands. Default: the oldest. */
  fromBlock?: number;
  /** Leaves out sweeps and records that start before; labels still come. */
  fromTimeNs?: bigint;
}

/** How often one call looks for a block that stands long enough to be copied. */
const COPY_ATTEMPTS = 8;

/** What a cursor needs of its reader. */
export interface CursorSource {
  storage: Storage;
  header: FileHeader;
  fileSeed: number;
  index: BlockIndex;
  noteDamage(damage: Damage): void;
}

export class RingCursor {
  /** Sequence of the block that the last step came from. */
  blockSequence = 0;
  /** After `columns` and `record`: the number of the frame in its ring, from 1. */
  frameSequence = 0;
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

  private readonly copy: BlockCopy;
  private readonly decoder: ColumnsDecoder;
  private readonly bytes = new ByteCursor();
  private readonly fromTimeNs: bigint | undefined;
  private block: BlockEntry | undefined;
  private announced = false;
  private position = 0;
  /** Number of the next frame; 0 = not known yet. */
  private expected = 0;
  /** Position already searched for later frames in vain, so that polling stays cheap. */
  private searched = -1;

  constructor(
    private readonly source: CursorSource,
    private readonly ring: number,
    start: CursorStart,
  ) {
    const { header, storage, fileSeed } = source;
    const spec = header.table.rings[ring];
    const state = new ColumnState(spec.columns.length, spec.scalars.length);
    this.copy = new BlockCopy(storage, fileSeed, header.blockBytes);
    this.decoder = new ColumnsDecoder(spec, header.table.maxSlots, state, header.major);
    this.fromTimeNs = start.fromTimeNs;
    this.blockSequence = this.firstBlock(start) - 1;
    // From here on it counts: what is overwritten before the first call of `next` is lost, not unheard of.
    const first = source.index.after(ring, this.blockSequence);
    if (first !== undefined) this.expected = first.firstFrameSequence;
    else if (source.index.of(ring).length === 0 && this.blockSequence === 0) this.expected = 1;
  }

  /** The number of the frame that is looked for next; 0 while not even a block has been found. */
  get nextFrame(): number {
    return this.expected;
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
    for (;;) {
      if (this.block === undefined) {
        if (!this.enterNext()) return null;
        if (this.lost > 0) return 'gap';
      }
      if (!this.announced) return this.announce();
      if (this.lost > 0) this.lost = 0;
      if (!this.copy.accept(this.position, this.expected)) {
        const outcome = this.recover();
        if (outcome === 'end') return null;
        if (outcome === 'gap') return 'gap';
        continue;
      }
      const step = this.take();
      if (step !== undefined) return step;
    }
  }

  private announce(): CursorStep {
    this.announced = true;
    this.lost = 0;
    this.decoder.reset();
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
    if (kind === KIND_END) {
      this.block = undefined;
      return undefined;
    }
    if (kind === KIND_LABELS) {
      return decoder.labelsFrame(this.bytes, copy.bytes) ? 'labels' : this.abandon(at, 'bad-payload');
    }
    if (kind === KIND_COLUMNS) {
      if (!decoder.columnsFrame(this.bytes)) return this.abandon(at, 'bad-payload');
      this.startNs = this.block!.baseTimeNs + BigInt(decoder.startDelta);
      this.endNs = this.startNs + BigInt(decoder.duration);
      this.isKey = (flags & FLAG_KEY) !== 0;
    } else if (kind === KIND_RECORD) {
      if (copy.length < FRAME_HEAD.bytes + RECORD_HEAD.bytes) return this.abandon(at, 'bad-payload');
      this.timeNs = copy.view.getBigInt64(at + FRAME_HEAD.bytes + RECORD_HEAD.timeNs, true);
      this.type = copy.view.getUint16(at + FRAME_HEAD.bytes + RECORD_HEAD.type, true);
      this.payload = copy.bytes.subarray(at + FRAME_HEAD.bytes + RECORD_HEAD.bytes, end);
    }
    if (takesNumber(kind)) this.frameSequence = this.expected++;
    if (kind === KIND_COLUMNS) return this.isTooEarly(this.startNs) ? undefined : 'columns';
    if (kind === KIND_RECORD) return this.isTooEarly(this.timeNs) ? undefined : 'record';
    return undefined;
  }

  /** No committed frame at the position: looks again, and finds out whether this is the end, a lap or damage. */
  private recover(): 'end' | 'retry' | 'gap' {
    const { copy, source, ring } = this;
    if (!copy.reload(this.position)) return this.leave();
    if (copy.accept(this.position, this.expected)) return 'retry';
    source.index.follow(ring);
    const closed = source.index.after(ring, this.blockSequence) !== undefined;
    if (!closed && this.searched === this.position && !copy.headChanged(this.position)) return 'end';
    this.searched = this.position;
    const later = copy.findLater(this.position, this.expected);
    if (!closed && later === -1) return 'end';
    // Both findings are younger than the copy: only a frame that is still bad after them is damaged.
    if (!copy.reload(this.position)) return this.leave();
    if (copy.accept(this.position, this.expected)) return 'retry';
    // A writer that died left its block open; the next one began another, and nothing is missing between them.
    if (later === -1 && source.index.after(ring, this.blockSequence)?.firstFrameSequence === this.expected) {
      return this.leave();
    }
    if (source.header.table.rings[ring].rows === 'none' && later !== -1) return this.skipTo(later);
    this.abandon(this.position, 'bad-frame');
    return 'retry';
  }

  /** Records do not depend on each other: behind a damaged one the next good one counts. */
  private skipTo(later: number): 'retry' | 'gap' {
    this.noteDamage(this.position, 'bad-frame');
    this.lost = ((this.copy.foundSequence - this.expected) % 2 ** 32) >>> 0;
    this.position = later;
    this.expected += this.lost;
    return this.lost > 0 ? 'gap' : 'retry';
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
    const { offset } = this.block!;
    this.source.noteDamage({
      offset: offset + position,
      ring: this.ring,
      blockSequence: this.blockSequence,
      reason,
    });
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
      if (this.copy.load(entry)) {
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
    this.lost = this.expected === 0 ? 0 : Math.max(0, entry.firstFrameSequence - this.expected);
    this.expected = entry.firstFrameSequence;
    this.blockSequence = entry.sequence;
  }

  private firstBlock(start: CursorStart): number {
    const blocks = this.source.index.of(this.ring);
    if (start.fromBlock !== undefined) return start.fromBlock;
    const { fromTimeNs } = start;
    if (fromTimeNs === undefined || blocks.length === 0) return 1;
    let at = 0;
    while (at + 1 < blocks.length && blocks[at + 1].baseTimeNs <= fromTimeNs) at++;
    // Records come as they are told, not sorted by time: a late one may stand in the block before.
    const early = this.source.header.table.rings[this.ring].rows === 'none' ? at - 1 : at;
    return blocks[Math.max(0, early)].sequence;
  }

  private isTooEarly(timeNs: bigint): boolean {
    return this.fromTimeNs !== undefined && timeNs < this.fromTimeNs;
  }
}
