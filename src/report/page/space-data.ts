/** The mappings of one process as `Space.write` wrote them, and what became of them between two instants. */
import type { NumberReader } from '../number-columns.js';
import { readTrack, type Track } from './track.js';

const KIBIBYTE = 1024;
export const SUMS = ['rss', 'pss', 'swap'] as const;

export interface Instant {
  readonly ms: number;
  readonly rows: number;
  /** First page and number of pages. */
  readonly start: Float64Array;
  readonly pages: Float64Array;
  readonly perms: Uint8Array;
  readonly classes: Uint8Array;
  readonly names: Uint32Array;
  /** Bytes. */
  readonly rss: Float64Array;
  readonly pss: Float64Array;
  readonly swap: Float64Array;
  readonly dirty: Float64Array;
}

export interface Space {
  readonly names: readonly string[];
  /** By class and sum. */
  readonly sums: readonly { readonly mappingClass: number; readonly sum: number; readonly track: Track }[];
  readonly instants: readonly Instant[];
}

export function readSpace(from: NumberReader, unitMs: number): Space {
  const names = JSON.parse(from.text()) as string[];
  const sums = Array.from({ length: from.unsigned() }, () => {
    const mappingClass = from.unsigned();
    const sum = from.unsigned();
    return { mappingClass, sum, track: readTrack(from, unitMs, KIBIBYTE) };
  });
  let ms = 0;
  const instants = Array.from({ length: from.unsigned() }, () => {
    ms += from.unsigned();
    return readInstant(from, ms);
  });
  return { names, sums, instants };
}

function readInstant(from: NumberReader, ms: number): Instant {
  const rows = from.unsigned();
  const numbers = <T extends Float64Array | Uint32Array | Uint8Array>(values: T, scale = 1): T => {
    for (let row = 0; row < rows; row++) values[row] = from.unsigned() * scale;
    return values;
  };
  const start = new Float64Array(rows);
  for (let row = 0; row < rows; row++) start[row] = from.signed();
  const pages = numbers(new Float64Array(rows));
  let end = 0;
  for (let row = 0; row < rows; row++) {
    start[row]! += end;
    end = start[row]! + pages[row]!;
  }
  return {
    ms,
    rows,
    start,
    pages,
    perms: numbers(new Uint8Array(rows)),
    classes: numbers(new Uint8Array(rows)),
    names: numbers(new Uint32Array(rows)),
    rss: numbers(new Float64Array(rows), KIBIBYTE),
    pss: numbers(new Float64Array(rows), KIBIBYTE),
    swap: numbers(new Float64Array(rows), KIBIBYTE),
    dirty: numbers(new Float64Array(rows), KIBIBYTE),
  };
}

export interface Difference {
  /** By row of the later instant: change of its resident bytes. */
  readonly change: Float64Array;
  /** Rows of the earlier instant of which nothing is left. */
  readonly gone: readonly number[];
}

/**
 * A mapping has no identity: it grows, splits and merges. So what a row had before is taken from all earlier rows at its
 * addresses that have its name, by the share of their range that lies in it.
 */
export function differenceOf(before: Instant, now: Instant): Difference {
  const change = new Float64Array(now.rows);
  const isLeft = new Uint8Array(before.rows);
  let first = 0;
  for (let row = 0; row < now.rows; row++) {
    const start = now.start[row]!;
    const end = start + now.pages[row]!;
    while (first < before.rows && before.start[first]! + before.pages[first]! <= start) first++;
    let had = 0;
    for (let earlier = first; earlier < before.rows && before.start[earlier]! < end; earlier++) {
      if (before.names[earlier] !== now.names[row]) continue;
      const from = before.start[earlier]!;
      const pages = before.pages[earlier]!;
      const overlap = Math.min(end, from + pages) - Math.max(start, from);
      if (overlap <= 0) continue;
      isLeft[earlier] = 1;
      had += before.rss[earlier]! * (overlap / pages);
    }
    change[row] = now.rss[row]! - had;
  }
  const gone = Array.from(isLeft.keys()).filter((row) => isLeft[row] === 0);
  return { change, gone };
}
