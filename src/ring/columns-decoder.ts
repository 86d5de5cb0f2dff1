/**
 * Applies the payload of a LABELS or COLUMNS frame to the reader's state; the mirror of columns-encoder.ts.
 *
 * The trap: a good CRC says that the bytes are as written, not that the writer was sane. Every slot, gap and length is
 * bounded here; a payload that breaks a rule is refused, and the caller gives up the block.
 */
import type { ColumnState } from './column-state.js';
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

  constructor(
    private readonly spec: RingSpec,
    private readonly maxSlots: number,
    readonly state: ColumnState,
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
    for (let c = -1; ; ) {
      const gap = source.varint();
      if (source.failed) return false;
      if (gap === 0) break;
      c += gap;
      if (c >= spec.columns.length || !this.cells(source, c, cells, all)) return false;
    }
    if (all && !this.labelsListed) this.listLabels();
    return source.at === source.end;
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
