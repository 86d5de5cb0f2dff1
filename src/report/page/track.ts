/**
 * The course of a value as the page draws it: entries by time, each holding until the next one.
 *
 * The traps: NaN is "not measured" and ends a line; and a counter is told where it moved, so it moved in the tick before that
 * and stood still until then.
 */
import type { NumberReader } from '../number-columns.js';

export interface Track {
  /** Milliseconds since the recording began, ascending. */
  readonly times: Float64Array;
  readonly last: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** For how long an entry of this resolution lasts. */
  readonly stepMs: number;
}

/** Reads what `Course.write` wrote. */
export function readTrack(from: NumberReader, unitMs: number, quantum: number): Track {
  const stepMs = unitMs * 2 ** from.unsigned();
  const count = from.unsigned();
  const hasRange = from.unsigned() === 1;
  const times = new Float64Array(count);
  const last = new Float64Array(count);
  let bucket = 0;
  for (let index = 0; index < count; index++) {
    const step = from.unsigned();
    bucket += Math.floor(step / 2);
    times[index] = bucket * stepMs;
    last[index] = step % 2 === 1 ? Number.NaN : 0;
  }
  let value = 0;
  const each = (take: (index: number) => void) => {
    for (let index = 0; index < count; index++) if (!Number.isNaN(last[index]!)) take(index);
  };
  each((index) => {
    value += from.signed();
    last[index] = value * quantum;
  });
  if (!hasRange) return { times, last, least: last, most: last, stepMs };
  const least = last.slice();
  const most = last.slice();
  each((index) => {
    least[index]! -= from.unsigned() * quantum;
  });
  each((index) => {
    most[index]! += from.unsigned() * quantum;
  });
  return { times, last, least, most, stepMs };
}

/** The change per second of a counter. */
export function rateOf(counter: Track, periodMs: number): Track {
  const { times, last } = counter;
  const stepMs = Math.max(counter.stepMs, periodMs);
  const at: number[] = [];
  const rates: number[] = [];
  const add = (time: number, rate: number) => {
    at.push(time);
    rates.push(rate);
  };
  for (let index = 0; index < times.length; index++) {
    const [time, before] = [times[index]!, times[index - 1] ?? Number.NaN];
    if (Number.isNaN(before)) add(time, 0);
    else {
      const begin = Math.max(before, time - stepMs);
      if (begin > before) add(before, 0);
      add(begin, ((last[index]! - last[index - 1]!) / (time - begin)) * 1000);
    }
  }
  if (times.length > 0) add(times.at(-1)!, 0);
  const values = Float64Array.from(rates);
  return { times: Float64Array.from(at), last: values, least: values, most: values, stepMs };
}

/** Index of the last entry at or before a time, or -1. */
export function indexAt(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value that holds at a time; NaN when there is none. */
export function valueAt(track: Track | undefined, time: number): number {
  if (!track) return Number.NaN;
  const index = indexAt(track.times, time);
  return index < 0 ? Number.NaN : track.last[index]!;
}
