/**
 * The troughs of a series that rises and falls: what is left after each collection of a heap that nobody else can collect.
 *
 * The trap: small falls lie on every long rise, and their troughs would rise with it. So only falls count that are a third of the
 * largest one or more.
 */
export interface Troughs {
  /** Places of the least values, each before a rise and behind a fall that count. */
  readonly places: readonly number[];
  /** From a highest value so far to the lowest one behind it. */
  readonly largestFall: number;
}

const SHARE_THAT_COUNTS = 1 / 3;

export function troughsOf(values: ArrayLike<number>): Troughs {
  const largestFall = fallOf(values);
  const least = largestFall * SHARE_THAT_COUNTS;
  const places: number[] = [];
  if (largestFall === 0) return { places, largestFall };
  let isFalling = false;
  let [high, low] = [0, 0];
  for (let place = 0; place < values.length; place++) {
    const value = values[place]!;
    if (isFalling) {
      if (value < values[low]!) low = place;
      else if (value - values[low]! >= least) {
        places.push(low);
        isFalling = false;
        high = place;
      }
    } else if (value > values[high]!) high = place;
    else if (values[high]! - value >= least) {
      isFalling = true;
      low = place;
    }
  }
  return { places, largestFall };
}

function fallOf(values: ArrayLike<number>): number {
  let [high, fall] = [Number.NEGATIVE_INFINITY, 0];
  for (let place = 0; place < values.length; place++) {
    high = Math.max(high, values[place]!);
    fall = Math.max(fall, high - values[place]!);
  }
  return fall;
}
