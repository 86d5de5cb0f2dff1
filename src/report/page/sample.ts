/**
 * A track as columns of pixels: last, least and most of each, so that a spike of one tick is seen in a picture of a day.
 *
 * The trap: a column without an entry shows what holds; in a gap nothing holds.
 */
import type { Stretch } from '../page-format.js';
import { indexAt, type Track } from './track.js';

export interface Columns {
  readonly last: (number | null)[];
  readonly least: (number | null)[];
  readonly most: (number | null)[];
}

/** The middles of so many columns of a stretch. */
export function columnTimes({ from, to }: Stretch, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + ((index + 0.5) * (to - from)) / count);
}

export function sampleTrack(
  track: Track,
  range: Stretch,
  count: number,
  gaps: readonly Stretch[],
  endMs: number,
): Columns {
  const { times, last, least, most } = track;
  const width = (range.to - range.from) / count;
  const out: Columns = { last: [], least: [], most: [] };
  let index = indexAt(times, range.from);
  let gap = 0;
  for (let column = 0; column < count; column++) {
    const begin = range.from + column * width;
    const end = begin + width;
    let value = index < 0 ? Number.NaN : last[index]!;
    let low = value;
    let high = value;
    let isMeasured = false;
    while (index + 1 < times.length && times[index + 1]! < end) {
      index++;
      const next = last[index]!;
      if (!Number.isNaN(next)) {
        low = Number.isNaN(low) ? least[index]! : Math.min(low, least[index]!);
        high = Number.isNaN(high) ? most[index]! : Math.max(high, most[index]!);
        value = next;
        isMeasured = true;
      } else if (!isMeasured && times[index]! <= begin) value = next;
    }
    if (index >= 0 && Number.isNaN(last[index]!) && !isMeasured) value = Number.NaN;
    while (gap < gaps.length && gaps[gap]!.to <= begin) gap++;
    const isInGap = gap < gaps.length && gaps[gap]!.from < begin && gaps[gap]!.to >= end;
    const isOut = begin > endMs || (isInGap && !isMeasured) || Number.isNaN(value);
    out.last.push(isOut ? null : value);
    out.least.push(isOut || Number.isNaN(low) ? null : low);
    out.most.push(isOut || Number.isNaN(high) ? null : high);
  }
  return out;
}
