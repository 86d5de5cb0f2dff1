/**
 * The writer's labels: which slots live, under which opaque bytes, and what changed since the last frame.
 *
 * The trap: a slot that is freed and taken again between two frames must be written as two changes, or the reader would
 * credit the newcomer with the values of the departed. And an array of bytes takes some two hundred bytes of memory
 * beside its own, so labels are kept as texts of a character for each byte.
 */
import { varintLength, writeVarint } from './varint.js';

/** A ring that is not swept for long keeps no more changes than this; its next sweep begins a block instead. */
const CHANGES_MAX = 65536;

/** Two rings of a file have the same labels, told one after the other: a text that is equal to the last one is that one. */
let lastText = '';

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (text !== lastText) lastText = text;
  return lastText;
}

export class SlotLabels {
  private readonly labels: (string | undefined)[] = [];
  private readonly changedSlots: number[] = [];
  private readonly changedLabels: (string | undefined)[] = [];
  /** 1 for each labelled slot; at least `highWater` long. */
  live: Uint8Array = new Uint8Array(64);
  liveCount = 0;
  /** One more than the largest labelled slot. */
  highWater = 0;
  /** Bytes that `encodeAll` would write. */
  allBytes = 0;
  /** Bytes that `encodeChanges` would write; 0 if nothing changed. */
  changesBytes = 0;
  /** True if there were too many changes to keep: only `encodeAll` tells the truth. */
  overflowed = false;

  /** Labels a slot, or renames it; a renamed slot keeps its values. The bytes are copied. */
  set(slot: number, bytes: Uint8Array): void {
    const label = textOf(bytes);
    const old = this.labels[slot];
    if (old === label) return;
    if (old === undefined) {
      // Freed first, though it is free: a reader that lost what was before knows then that nothing is kept.
      this.noteChange(slot, undefined);
      this.liveCount++;
      this.growTo(slot + 1);
      this.live[slot] = 1;
      if (slot >= this.highWater) this.highWater = slot + 1;
    } else {
      this.allBytes -= entryLength(slot, old);
    }
    this.labels[slot] = label;
    this.allBytes += entryLength(slot, label);
    this.noteChange(slot, label);
  }

  /** Frees a slot; one that is not labelled stays as it is. */
  clear(slot: number): void {
    const old = this.labels[slot];
    if (old === undefined) return;
    this.labels[slot] = undefined;
    this.live[slot] = 0;
    this.liveCount--;
    this.allBytes -= entryLength(slot, old);
    while (this.highWater > 0 && this.live[this.highWater - 1] === 0) this.highWater--;
    this.noteChange(slot, undefined);
  }

  /** Calls `freed` for each slot freed since the changes were last forgotten. */
  forEachFreed(freed: (slot: number) => void): void {
    for (let i = 0; i < this.changedSlots.length; i++) {
      if (this.changedLabels[i] === undefined) freed(this.changedSlots[i]);
    }
  }

  encodeChanges(out: Uint8Array, at: number): number {
    let next = at;
    for (let i = 0; i < this.changedSlots.length; i++) {
      next = writeEntry(out, next, this.changedSlots[i], this.changedLabels[i]);
    }
    return next;
  }

  encodeAll(out: Uint8Array, at: number): number {
    let next = at;
    for (let slot = 0; slot < this.highWater; slot++) {
      const label = this.labels[slot];
      if (label !== undefined) next = writeEntry(out, next, slot, label);
    }
    return next;
  }

  /** The changes are stored, or a key with all labels made them void. */
  forgetChanges(): void {
    this.changedSlots.length = 0;
    this.changedLabels.length = 0;
    this.changesBytes = 0;
    this.overflowed = false;
  }

  private noteChange(slot: number, label: string | undefined): void {
    if (this.overflowed) return;
    if (this.changedSlots.length >= CHANGES_MAX) {
      this.forgetChanges();
      this.overflowed = true;
      return;
    }
    this.changedSlots.push(slot);
    this.changedLabels.push(label);
    this.changesBytes += entryLength(slot, label);
  }

  private growTo(slots: number): void {
    if (slots <= this.live.length) return;
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(slots)));
    grown.set(this.live);
    this.live = grown;
  }
}

/** A change of one slot: varint slot, varint length, then the bytes; length 0 frees the slot. */
function writeEntry(out: Uint8Array, at: number, slot: number, label: string | undefined): number {
  let next = writeVarint(out, at, slot);
  next = writeVarint(out, next, label?.length ?? 0);
  if (label === undefined) return next;
  for (let byte = 0; byte < label.length; byte++) out[next + byte] = label.charCodeAt(byte);
  return next + label.length;
}

function entryLength(slot: number, label: string | undefined): number {
  const length = label?.length ?? 0;
  return varintLength(slot) + varintLength(length) + length;
}
