/**
 * Which stretches of the columns are the same as before, found by comparing memory: ten times as fast as looking at each
 * value, and nearly all of them did not change.
 *
 * The trap: a call costs as much as looking at some fifty values. So a column is compared as a whole, then by stretches
 * only while few of them differ.
 */

/** Slots that are compared in one call. */
export const STRETCH = 256;
/** So few values are sooner looked at one by one. */
const FEW_SLOTS = 48;
/** A column that had more changes than this in the frame before is looked at value by value. */
const FEW_CHANGES = 4;

const BYTES = Float64Array.BYTES_PER_ELEMENT;
const NONE = new Float64Array(0);

export class SameColumns {
  /** The arrays last seen, and their bytes: making these anew for each frame would leave garbage. */
  private readonly arrays: Float64Array[] = [];
  private readonly bytes: Buffer[] = [];
  private readonly changes: Uint32Array;

  /** For `columns` columns, each compared with another. */
  constructor(columns: number) {
    this.changes = new Uint32Array(columns);
  }

  /** How many slots from `slot` on need not be looked at, up to `count`; a multiple of `STRETCH`, all that are left, or none. */
  same(c: number, now: Float64Array, before: Float64Array, slot: number, count: number): number {
    const left = count - slot;
    if (left <= FEW_SLOTS) return 0;
    if (slot === 0 && this.isSame(c, now, before, 0, left)) return left;
    if (this.changes[c] > FEW_CHANGES) return 0;
    const length = Math.min(STRETCH, left);
    return this.isSame(c, now, before, slot, length) ? length : 0;
  }

  /** How many values of a column had changed after all. */
  found(c: number, changes: number): void {
    this.changes[c] = changes;
  }

  private isSame(c: number, now: Float64Array, before: Float64Array, slot: number, length: number): boolean {
    const from = slot * BYTES;
    const to = from + length * BYTES;
    return this.bytesOf(2 * c, now).compare(this.bytesOf(2 * c + 1, before), from, to, from, to) === 0;
  }

  private bytesOf(place: number, array: Float64Array): Buffer {
    if (this.arrays[place] === array) return this.bytes[place];
    while (this.arrays.length <= place) {
      this.arrays.push(NONE);
      this.bytes.push(Buffer.alloc(0));
    }
    this.arrays[place] = array;
    this.bytes[place] = Buffer.from(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
    return this.bytes[place];
  }
}
