/**
 * `/proc/PID/statm`: seven numbers, in pages.
 *
 * The trap: field 3, "shared", is resident file plus shmem pages, not shared memory; fields 5 and 7 are always 0; a
 * process without memory (kernel thread, zombie) has all zeros, which means "no memory map", not "0 bytes".
 */
import { decimalHalves, scan } from './digits.js';

export const STATM_FIELDS = ['size', 'resident', 'shared', 'text', 'lib', 'data', 'dt'] as const;

/** The fields of one `statm`, unsigned 64-bit numbers of pages; reused from read to read. */
export class StatmValues {
  readonly fields = new BigUint64Array(STATM_FIELDS.length);
  readonly halves = new Uint32Array(this.fields.buffer);
}

/** Fills `out` from the text; false when it does not hold seven numbers. */
export function tokenizeStatm(bytes: Uint8Array, length: number, out: StatmValues): boolean {
  let at = 0;
  for (let field = 0; field < STATM_FIELDS.length; field++) {
    if (field > 0) {
      if (at >= length || bytes[at] !== 32) return false;
      at++;
    }
    if (!decimalHalves(bytes, at, length, out.halves, field * 2)) return false;
    at = scan.end;
  }
  return at === length || bytes[at] === 10;
}
