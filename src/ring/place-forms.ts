/**
 * How it is told, and read, which of `count` things are meant: all of them, by a bit each, or by the gaps between them, in bytes or in
 * half-bytes.
 *
 * The trap: which is shortest depends on how many are meant, and is asked for each column of each frame; so it is estimated
 * and not tried. A gap that needs two bytes is rare where gaps in bytes are chosen at all.
 */
import { CELLS_ALL, CELLS_BITS, CELLS_GAPS, CELLS_HALVES, HALF_MAX } from './layout.js';
import { type ByteCursor, VARINT_BYTES_MAX, varintLength, writeVarint } from './varint.js';

/** The shortest way to tell which of `count` places the `changes` of a column are, of those that version 2 knows. */
export function howToTell(changes: number, count: number): number {
  if (changes === count) return CELLS_ALL;
  return changes < bitsBytes(count) ? CELLS_GAPS : CELLS_BITS;
}

/** The same of all. */
export function formOfPlaces(changes: number, count: number): number {
  if (changes === count) return CELLS_ALL;
  const bits = bitsBytes(count);
  const halves = halvesBytes(changes, count);
  if (changes < halves && changes < bits) return CELLS_GAPS;
  return halves < bits ? CELLS_HALVES : CELLS_BITS;
}

/** About how many bytes a form takes without its u8; for half-bytes, at most. */
export function bytesOfForm(form: number, changes: number, count: number): number {
  switch (form) {
    case CELLS_ALL:
      return 0;
    case CELLS_BITS:
      return bitsBytes(count);
    case CELLS_GAPS:
      return changes + 1;
    default:
      return halvesBytes(changes, count);
  }
}

/** Room that writing a form without tokens needs at most. */
export function roomForForm(form: number, changes: number, count: number): number {
  const bytes = form === CELLS_GAPS ? (changes + 1) * VARINT_BYTES_MAX : bytesOfForm(form, changes, count);
  return bytes + VARINT_BYTES_MAX;
}

/** Writes the bits of the places `place[list[start..end)]`; `bytes` is how many bytes they take. */
function writeBits(
  out: Uint8Array,
  at: number,
  bytes: number,
  list: Uint32Array,
  start: number,
  end: number,
  place: Uint32Array,
): number {
  out.fill(0, at, at + bytes);
  for (let i = start; i < end; i++) {
    const bit = place[list[i]];
    out[at + (bit >>> 3)] |= 1 << (bit & 7);
  }
  return at + bytes;
}

/** Writes the length and the half-bytes of the places `place[list[start..end)]`. */
function writeHalves(
  out: Uint8Array,
  at: number,
  list: Uint32Array,
  start: number,
  end: number,
  place: Uint32Array,
): number {
  // Behind a length of one byte; what is longer moves once it is known how long.
  const from = at + 1;
  let next = from;
  let low = 0;
  let isLow = true;
  let previous = -1;
  for (let i = start; i < end; i++) {
    const now = place[list[i]];
    let gap = now - previous;
    previous = now;
    for (; gap > HALF_MAX; gap -= HALF_MAX) {
      if (isLow) low = 0;
      else out[next++] = low;
      isLow = !isLow;
    }
    if (isLow) low = gap;
    else out[next++] = low | (gap << 4);
    isLow = !isLow;
  }
  if (!isLow) out[next++] = low;
  const bytes = next - from;
  const shift = varintLength(bytes) - 1;
  if (shift > 0) out.copyWithin(from + shift, from, next);
  writeVarint(out, at, bytes);
  return next + shift;
}

/** Writes, behind the u8 of a form other than gaps, which of `count` places `place[list[start..end)]` are. */
export function writePlaces(
  out: Uint8Array,
  at: number,
  form: number,
  count: number,
  list: Uint32Array,
  start: number,
  end: number,
  place: Uint32Array,
): number {
  if (form === CELLS_BITS) return writeBits(out, at, bitsBytes(count), list, start, end, place);
  return form === CELLS_HALVES ? writeHalves(out, at, list, start, end, place) : at;
}

/** Instead of a number of places: all of them. */
export const ALL_PLACES = -2;

/** Reads places that have no tokens to `into`. Returns how many, `ALL_PLACES`, or -1 when they break the format. */
export function readPlaces(source: ByteCursor, form: number, count: number, into: Uint32Array): number {
  let found = 0;
  if (form === CELLS_ALL) return ALL_PLACES;
  if (form === CELLS_GAPS) {
    for (let place = -1; ; ) {
      const gap = source.varint();
      if (gap === 0) return found;
      place += gap;
      if (place >= count) return -1;
      into[found++] = place;
    }
  }
  if (form === CELLS_BITS) {
    const bits = source.skip(bitsBytes(count));
    if (source.failed) return -1;
    for (let place = 0; place < count; place++) {
      if ((source.byteAt(bits + (place >>> 3)) & (1 << (place & 7))) !== 0) into[found++] = place;
    }
    return found;
  }
  if (form !== CELLS_HALVES) return -1;
  const bytes = source.varint();
  const at = source.skip(bytes);
  if (source.failed) return -1;
  let place = -1;
  for (let i = 0; i < bytes * 2; i++) {
    const half = (source.byteAt(at + (i >>> 1)) >>> ((i & 1) << 2)) & HALF_MAX;
    place += half === 0 ? HALF_MAX : half;
    if (half === 0) continue;
    if (place >= count) return -1;
    into[found++] = place;
  }
  return found;
}

function bitsBytes(count: number): number {
  return (count + 7) >>> 3;
}

/** Each gap is one half-byte, and one more for each 15 that it goes on. */
function halvesBytes(changes: number, count: number): number {
  return ((changes + Math.ceil((count - changes) / HALF_MAX)) >>> 1) + 2;
}
