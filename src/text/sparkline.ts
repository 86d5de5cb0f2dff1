/**
 * A series as one line of characters. In a memory series the peak is what matters, so shrinking keeps the largest value
 * of each stretch; a mean would hide the spike. NaN is a value that was not measured: it is a gap, never the lowest bar.
 */

const BARS = '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';
const ASCII_BARS = '.:-=+*#@';

export interface SparklineOptions {
  /** Value of the lowest bar; the smallest value if not given. */
  min?: number;
  /** Value of the highest bar; the largest value if not given. */
  max?: number;
  /** Uses `.:-=+*#@`, lowest first. */
  ascii?: boolean;
}

/**
 * Exactly `width` characters over `values` in order. Each stands for the maximum of its stretch, or is a space if nothing
 * in it was measured (NaN or infinite); with fewer values than characters a value is repeated. Values beyond `min` and
 * `max` take the lowest and highest bar; a flat series is all lowest bars.
 * @throws TypeError when width is no positive whole number
 */
export function sparkline(values: ArrayLike<number>, width: number, options: SparklineOptions = {}): string {
  if (!Number.isInteger(width) || width < 1) {
    throw new TypeError(`Expected the "width" argument to be a positive whole number, got ${width}`);
  }
  const bars = options.ascii ? ASCII_BARS : BARS;
  const [smallest, largest] = range(values);
  const min = options.min ?? smallest;
  const max = options.max ?? largest;

  let out = '';
  for (let column = 0; column < width; column++) {
    const peak = peakOf(values, column, width);
    out += Number.isNaN(peak) ? ' ' : bars[level(peak, min, max, bars.length)];
  }
  return out;
}

function range(values: ArrayLike<number>): [smallest: number, largest: number] {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!Number.isFinite(value)) continue;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  return [smallest, largest];
}

/** The largest finite value of a column's stretch, NaN if it has none. */
function peakOf(values: ArrayLike<number>, column: number, width: number): number {
  const from = Math.floor((column * values.length) / width);
  const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / width));
  let peak = Number.NaN;
  for (let index = from; index < to && index < values.length; index++) {
    const value = values[index];
    if (Number.isFinite(value) && !(value <= peak)) peak = value;
  }
  return peak;
}

function level(value: number, min: number, max: number, levels: number): number {
  if (!(value > min)) return 0;
  if (value >= max) return levels - 1;
  // Halved first: the difference of two doubles can overflow.
  const share = (value / 2 - min / 2) / (max / 2 - min / 2);
  return Math.min(levels - 1, Math.floor(share * levels));
}
