/**
 * The result of a mappings sweep: the rows of many processes one after the other, and the text of their names and flags.
 *
 * The trap: how much room a process needs is known only when it has been read. So a sweep stops before a process that
 * does not fit, the caller takes what there is and goes on; when not even the first fits, `grow` makes room for it.
 */
import { MappingTable } from '../procfs/mapping-table.js';

const NAME_BYTES_PER_ROW = 64;

/** Rows of mappings and the text that their spans lie in. */
export type MappingRows = Pick<MappingSweep, 'table' | 'text'>;

export class MappingSweep {
  table: MappingTable;
  /** Names and VmFlags; the spans of the table point here. */
  text: Uint8Array;
  /** First row of the i-th slot asked for, then from `count` on the number of its rows. */
  spans: Uint32Array;
  /** Nanoseconds that the read of the i-th slot took: an upper bound of how long it held the target. */
  holds: BigUint64Array;
  /** `Status` of each slot, by slot. */
  status: Uint8Array;
  /** [rows, bytes] that the first process needs when nothing was read for want of room. */
  readonly needed = new Float64Array(2);

  constructor(rows: number, slots: number) {
    this.table = new MappingTable(rows);
    this.text = new Uint8Array(rows * NAME_BYTES_PER_ROW);
    this.spans = new Uint32Array(slots * 2);
    this.holds = new BigUint64Array(slots);
    this.status = new Uint8Array(slots);
  }

  /** Makes room for statuses of `slots` slots and as many per sweep. */
  growSlots(slots: number): void {
    if (slots <= this.status.length) return;
    this.spans = new Uint32Array(slots * 2);
    this.holds = new BigUint64Array(slots);
    const status = new Uint8Array(slots);
    status.set(this.status);
    this.status = status;
  }

  /** Makes room for the process that did not fit; false when room was not what was missing. */
  grow(): boolean {
    const [rows, bytes] = this.needed;
    let grown = false;
    if (rows! > this.table.capacity) {
      this.table = new MappingTable(rows! * 1.25);
      grown = true;
    }
    if (bytes! > this.text.length) {
      this.text = new Uint8Array(bytes! * 1.25);
      grown = true;
    }
    return grown;
  }
}
