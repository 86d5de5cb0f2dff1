/**
 * Applies the payload of a LABELS, COLUMNS or SNAPSHOT frame to the reader's state; the mirror of columns-encoder.ts.
 *
 * The traps: a good CRC says that the bytes are as written, not that the writer was sane. Every slot, gap and length is
 * bounded here; a payload that breaks a rule is refused, and the caller gives up the block. And behind lost frames nothing
 * is known: what builds on them is read and thrown away, until it was written anew.
 */
import type { ColumnState } from './column-state.js';
import { readKeyColumn } from './key-rows.js';
import { CELLS_ABOVE, CELLS_ALL, CELLS_BITS, CELLS_GAPS, CELLS_HALVES, HALF_MAX, KEY_ROWS_MAJOR } from './layout.js';
import { ALL_PLACES, readPlaces } from './place-forms.js';
import type { RingSpec } from './ring-table.js';
import { skipColumn } from './skip-column.js';
import { readToken, readTokens, skipTokens } from './value-token.js';
import { type ByteCursor, unzigzag } from './varint.js';
import { readCellsOfVersion1 } from './version-1-cells.js';

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
  /** Values told by the last COLUMNS frame, and the bytes that tell them and which they are. */
  told = 0;
  toldBytes = 0;
  /** True behind lost frames: only slots that were freed since are known, and labelled only if they were. */
  isPartial = false;
  /** In part: by slot, 1 where it is known. */
  private known = new Uint8Array(0);
  private scalarsKnown = true;
  private labelsListed = false;
  /** Slots of the cells that moved in the frame being read: one of the arrays below, or those of `updated`. */
  private moved = new Uint32Array(0);
  private named = new Uint32Array(0);
  private identity = new Uint32Array(0);
  /** Places in columns that are not wanted. */
  private passed = new Uint32Array(0);

  constructor(
    private readonly spec: RingSpec,
    private readonly maxSlots: number,
    readonly state: ColumnState,
    private readonly major: number,
    /** By column: whether its values are wanted; the others stay NaN. Undefined: all are. */
    private readonly wanted?: readonly boolean[],
  ) {}

  /** Start of a block: no labels, nothing known. With `isPartial`, frames of it are missing before the next one. */
  reset(isPartial = false): void {
    this.isPartial = isPartial;
    this.known.fill(0);
    this.scalarsKnown = !isPartial || this.spec.scalars.length === 0;
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
    // One copy that all labels of the frame share: thousands of small ones are work for the collector.
    let own: Uint8Array | undefined;
    const from = source.at;
    while (source.at < source.end) {
      const slot = source.varint();
      const length = source.varint();
      if (source.failed || slot >= this.maxSlots || length > source.end - source.at) return false;
      const at = source.at;
      source.at += length;
      if (length === 0) this.free(slot);
      else if (this.isPartial && this.known[slot] !== 1) continue;
      else {
        own ??= bytes.slice(from, source.end);
        this.name(slot, own.subarray(at - from, at - from + length));
      }
      push(this.changed, slot);
    }
    return true;
  }

  /**
   * Applies a COLUMNS payload. `isAlone`: its scalars do not build on earlier ones; `told`: the high water mark in its
   * head. `lost`: frames that it builds on are missing; `bad`: it breaks the format.
   */
  columnsFrame(source: ByteCursor, isAlone: boolean, told: number): 'taken' | 'lost' | 'bad' {
    const { spec, state } = this;
    const all = spec.rows === 'all';
    this.told = 0;
    if (this.isPartial && all && told === 0) return 'lost';
    this.startDelta = unzigzag(source.varint());
    this.duration = unzigzag(source.varint());
    for (let s = 0; s < spec.scalars.length; s++) {
      state.scalars[s] = readToken(source, isAlone ? Number.NaN : state.scalars[s], 1);
    }
    if (isAlone) this.scalarsKnown = true;
    const slots = !this.isPartial ? this.highWater : all ? Math.min(told, this.maxSlots) : this.maxSlots;
    if (this.isPartial && all) state.reserve(slots);
    if (source.failed || !(all ? this.statusChanges(source, slots) : this.rows(source, slots))) return 'bad';
    const from = source.at;
    const read = this.cells(source, all ? slots : this.updated.count, all);
    if (read === 'bad' || (read === 'taken' && source.at !== source.end)) return 'bad';
    this.toldBytes = source.at - from;
    if (this.isPartial) this.dropUnknown(all ? slots : -1);
    if (all && !this.labelsListed) this.listLabels();
    return this.scalarsKnown ? read : 'lost';
  }

  /** `lost`: told against rows that are not known. */
  private cells(source: ByteCursor, count: number, all: boolean): 'taken' | 'lost' | 'bad' {
    if (this.major === 1) {
      const slots = all ? undefined : this.updated.slots;
      this.told = readCellsOfVersion1(source, this.spec.columns, this.state.columns, count, slots, this.wanted);
      return this.told === -1 ? 'bad' : 'taken';
    }
    if (this.major >= KEY_ROWS_MAJOR && source.peek() === CELLS_ABOVE) {
      if (this.isPartial) return 'lost';
      source.byte();
      return this.keyRows(source, all) ? 'taken' : 'bad';
    }
    return this.movedCells(source, count, all) ? 'taken' : 'bad';
  }

  /** Each row told against the row before it; nothing was known of them. */
  private keyRows(source: ByteCursor, all: boolean): boolean {
    if (all && !this.labelsListed) this.listLabels();
    const { slots, count } = this.updated;
    this.makeRoom(count);
    for (let c = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      c += gap;
      if (c >= this.spec.columns.length) return false;
      if (!this.isWanted(c)) {
        if (!this.passOver(source, count)) return false;
        continue;
      }
      const { quantum } = this.spec.columns[c];
      const told = readKeyColumn(source, this.state.columns[c], slots, count, quantum, this.named);
      if (told === -1) return false;
      this.told += told;
    }
  }

  /** Takes the whole state from a SNAPSHOT payload. False if it breaks the format: then nothing is known. */
  snapshotFrame(source: ByteCursor, bytes: Uint8Array): boolean {
    this.reset();
    const length = source.varint();
    const { end } = source;
    if (source.failed || length > end - source.at) return false;
    source.end = source.at + length;
    const isRead = this.labelsFrame(source, bytes);
    source.end = end;
    if (!isRead) return false;
    const { spec, state } = this;
    for (let s = 0; s < spec.scalars.length; s++) state.scalars[s] = readToken(source, Number.NaN, 1);
    this.listLabels();
    const { slots, count } = this.updated;
    for (let row = 0; row < count; row++) state.status[slots[row]] = source.byte();
    for (const [c, { quantum }] of spec.columns.entries()) {
      if (this.isWanted(c)) readTokens(source, state.columns[c], slots, count, quantum);
      else skipTokens(source, count);
    }
    return !source.failed && source.at === source.end;
  }

  /** Clears what was read into slots that are not known, or that have no label; `slots`: all below, or -1 for the rows. */
  private dropUnknown(slots: number): void {
    const { updated, labels } = this;
    if (!this.scalarsKnown) this.state.scalars.fill(Number.NaN);
    for (let slot = 0; slot < slots; slot++) if (labels[slot] === undefined) this.state.clearSlot(slot);
    if (slots !== -1) return;
    let kept = 0;
    for (let row = 0; row < updated.count; row++) {
      const slot = updated.slots[row];
      if (labels[slot] === undefined) this.state.clearSlot(slot);
      else updated.slots[kept++] = slot;
    }
    updated.count = kept;
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

  /** Points `moved` at the slots of the cells that are named; returns how many, or -1. */
  private readMoved(source: ByteCursor, count: number, all: boolean): number {
    this.makeRoom(count);
    const form = this.major === 2 ? CELLS_GAPS : source.byte();
    let found = readPlaces(source, form, count, this.named);
    if (source.failed || found === -1) return -1;
    // Version 2 names none to name all.
    if (this.major === 2 && found === 0) found = ALL_PLACES;
    const { slots } = this.updated;
    // All of them: nothing is copied, since in most frames nothing moves.
    if (found === ALL_PLACES) {
      this.moved = all ? this.identity : slots;
      return count;
    }
    this.moved = this.named;
    if (!all) for (let i = 0; i < found; i++) this.named[i] = slots[this.named[i]];
    return found;
  }

  private makeRoom(cells: number): void {
    if (this.named.length >= cells) return;
    this.named = new Uint32Array(2 ** Math.ceil(Math.log2(cells)));
    this.identity = Uint32Array.from(this.named, (_, cell) => cell);
  }

  private isWanted(c: number): boolean {
    return this.wanted === undefined || this.wanted[c] === true;
  }

  private column(source: ByteCursor, c: number, count: number): boolean {
    if (!this.isWanted(c)) return this.passOver(source, count);
    const held = this.state.columns[c];
    const { quantum } = this.spec.columns[c];
    const { moved } = this;
    switch (source.byte()) {
      case CELLS_ALL:
        this.told += count;
        readTokens(source, held, moved, count, quantum);
        return !source.failed;
      case CELLS_BITS: {
        const bits = source.skip((count + 7) >>> 3);
        for (let i = 0; i < count && !source.failed; i++) {
          if ((source.byteAt(bits + (i >>> 3)) & (1 << (i & 7))) === 0) continue;
          this.told++;
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
          this.told++;
          held[moved[i]] = readToken(source, held[moved[i]], quantum);
        }
      case CELLS_HALVES: {
        const bytes = source.varint();
        const at = source.skip(bytes);
        let place = -1;
        for (let i = 0; i < bytes * 2 && !source.failed; i++) {
          const half = (source.byteAt(at + (i >>> 1)) >>> ((i & 1) << 2)) & 15;
          place += half === 0 ? HALF_MAX : half;
          if (half === 0) continue;
          if (place >= count) return false;
          this.told++;
          held[moved[place]] = readToken(source, held[moved[place]], quantum);
        }
        return !source.failed;
      }
      default:
        return false;
    }
  }

  private passOver(source: ByteCursor, count: number): boolean {
    if (this.passed.length < count) this.passed = new Uint32Array(this.named.length);
    const told = skipColumn(source, count, this.passed);
    if (told !== -1) this.told += told;
    return told !== -1;
  }

  private statusChanges(source: ByteCursor, slots: number): boolean {
    for (let slot = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      slot += gap;
      if (slot >= slots) return false;
      this.state.status[slot] = source.byte();
    }
  }

  private rows(source: ByteCursor, slots: number): boolean {
    this.updated.count = 0;
    for (let slot = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return !source.failed;
      slot += gap;
      if (slot >= slots) return false;
      this.state.reserve(slot + 1);
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
    if (this.isPartial) this.know(slot);
    if (slot >= this.highWater) return;
    this.labels[slot] = undefined;
    this.state.clearSlot(slot);
    while (this.highWater > 0 && this.labels[this.highWater - 1] === undefined) this.highWater--;
    this.labels.length = this.highWater;
  }

  private know(slot: number): void {
    if (slot >= this.known.length) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(slot + 64)));
      grown.set(this.known);
      this.known = grown;
    }
    this.known[slot] = 1;
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
