/**
 * Applies the payload of a LABELS or COLUMNS frame to the reader's state; the mirror of columns-encoder.ts.
 *
 * The trap: a good CRC says that the bytes are as written, not that the writer was sane. Every slot, gap and length is
 * bounded here; a payload that breaks a rule is refused, and the caller gives up the block.
 */
import type { ColumnState } from './column-state.js';
import { CELLS_ALL, CELLS_BITS, CELLS_GAPS } from './layout.js';
import type { RingSpec } from './ring-table.js';
import { readToken } from './value-token.js';
import { type ByteCursor, unzigzag } from './varint.js';

export class ColumnsDecoder {
  /** By slot; undefined = no process there. Arrays are copies and never change. */
  readonly labels: (Uint8Array | undefined)[] = [];
  /** Slots that the last LABELS frame changed, or the last COLUMNS frame read; the first `count` entries, ascending. */
  readonly changed = { slots: new Uint32Array(64), count: 0 };
  readonly updated = { slots: new Uint32Array(64), count: 0 };
  /** One more than the largest slot labelled. */
  highWater = 0;
  /** Ns after the block's base time, and from start to end. */
  startDelta = 0;
  duration = 0;
  private labelsListed = false;
  /** Slots of the cells that moved in the frame being read. */
  private moved = new Uint32Array(64);

  constructor(
    private readonly spec: RingSpec,
    private readonly maxSlots: number,
    readonly state: ColumnState,
    private readonly major: number,
  ) {}

  /** Start of a block: no labels, nothing known. */
  reset(): void {
    this.labels.length = 0;
    this.highWater = 0;
    this.changed.count = 0;
    this.updated.count = 0;
    this.labelsListed = false;
    this.state.reset();
  }

  /** Applies a LABELS payload; `bytes` are those under `source`. False if it breaks the format. */
  labelsFrame(source: ByteCursor, bytes: Uint8Array): boolean {
    this.changed.count = 0;
    this.labelsListed = false;
    while (source.at < source.end) {
      const slot = source.varint();
      const length = source.varint();
      if (source.failed || slot >= this.maxSlots || length > source.end - source.at) return false;
      if (length === 0) this.free(slot);
      else this.name(slot, bytes.slice(source.at, source.at + length));
      source.at += length;
      push(this.changed, slot);
    }
    return true;
  }

  /** Applies a COLUMNS payload. False if it breaks the format. */
  columnsFrame(source: ByteCursor): boolean {
    const { spec, state } = this;
    this.startDelta = unzigzag(source.varint());
    this.duration = unzigzag(source.varint());
    for (let s = 0; s < spec.scalars.length; s++) state.scalars[s] = readToken(source, state.scalars[s], 1);
    const all = spec.rows === 'all';
    if (source.failed || !(all ? this.statusChanges(source) : this.rows(source))) return false;
    const cells = all ? this.highWater : this.updated.count;
    if (!(this.major === 1 ? this.cellsByColumn(source, cells, all) : this.movedCells(source, cells, all)))
      return false;
    if (all && !this.labelsListed) this.listLabels();
    return source.at === source.end;
  }

  /** Which cells moved in any column, then for each column which of them, and their tokens. */
  private movedCells(source: ByteCursor, count: number, all: boolean): boolean {
    const moved = this.readMoved(source, count, all);
    if (moved === -1) return false;
    for (let c = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      c += gap;
      if (c >= this.spec.columns.length || !this.column(source, c, moved)) return false;
    }
  }

  /** Fills `moved` with the slots, all of them when none is named; returns how many, or -1. */
  private readMoved(source: ByteCursor, count: number, all: boolean): number {
    if (this.moved.length < count) this.moved = new Uint32Array(2 ** Math.ceil(Math.log2(count)));
    const { moved } = this;
    const { slots } = this.updated;
    let found = 0;
    for (let cell = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) break;
      cell += gap;
      if (cell >= count) return -1;
      moved[found++] = all ? cell : slots[cell];
    }
    if (source.failed) return -1;
    if (found > 0) return found;
    for (let cell = 0; cell < count; cell++) moved[cell] = all ? cell : slots[cell];
    return count;
  }

  private column(source: ByteCursor, c: number, count: number): boolean {
    const held = this.state.columns[c];
    const { quantum } = this.spec.columns[c];
    const { moved } = this;
    switch (source.byte()) {
      case CELLS_ALL:
        for (let i = 0; i < count; i++) held[moved[i]] = readToken(source, held[moved[i]], quantum);
        return !source.failed;
      case CELLS_BITS: {
        const bits = source.skip((count + 7) >>> 3);
        for (let i = 0; i < count && !source.failed; i++) {
          if ((source.byteAt(bits + (i >>> 3)) & (1 << (i & 7))) === 0) continue;
          held[moved[i]] = readToken(source, held[moved[i]], quantum);
        }
        return !source.failed;
      }
      case CELLS_GAPS:
        for (let i = -1; ; ) {
          const gap = source.varint();
          if (gap === 0) return !source.failed;
          i += gap;
          if (i >= count) return false;
          held[moved[i]] = readToken(source, held[moved[i]], quantum);
        }
      default:
        return false;
    }
  }

  /** Format version 1: each column lists its cells by gaps, each followed by its token. */
  private cellsByColumn(source: ByteCursor, count: number, all: boolean): boolean {
    for (let c = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      c += gap;
      if (c >= this.spec.columns.length || !this.cells(source, c, count, all)) return false;
    }
  }

  private cells(source: ByteCursor, c: number, count: number, all: boolean): boolean {
    const held = this.state.columns[c];
    const { quantum } = this.spec.columns[c];
    const { slots } = this.updated;
    for (let cell = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      cell += gap;
      if (cell >= count) return false;
      const slot = all ? cell : slots[cell];
      held[slot] = readToken(source, held[slot], quantum);
    }
  }

  private statusChanges(source: ByteCursor): boolean {
    for (let slot = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      slot += gap;
      if (slot >= this.highWater) return false;
      this.state.status[slot] = source.byte();
    }
  }

  private rows(source: ByteCursor): boolean {
    this.updated.count = 0;
    for (let slot = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      slot += gap;
      if (slot >= this.highWater) return false;
      this.state.status[slot] = source.byte();
      push(this.updated, slot);
    }
  }

  private name(slot: number, label: Uint8Array): void {
    this.labels[slot] = label;
    if (slot < this.highWater) return;
    this.highWater = slot + 1;
    this.state.reserve(this.highWater);
  }

  private free(slot: number): void {
    if (slot >= this.highWater) return;
    this.labels[slot] = undefined;
    this.state.clearSlot(slot);
    while (this.highWater > 0 && this.labels[this.highWater - 1] === undefined) this.highWater--;
    this.labels.length = this.highWater;
  }

  private listLabels(): void {
    this.updated.count = 0;
    for (let slot = 0; slot < this.highWater; slot++) {
      if (this.labels[slot] !== undefined) push(this.updated, slot);
    }
    this.labelsListed = true;
  }
}

function push(list: { slots: Uint32Array; count: number }, slot: number): void {
  if (list.count === list.slots.length) {
    const grown = new Uint32Array(list.count * 2);
    grown.set(list.slots);
    list.slots = grown;
  }
  list.slots[list.count++] = slot;
}
