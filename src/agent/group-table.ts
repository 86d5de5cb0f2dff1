/**
 * The groups, and how much each came to lately: one row of numbers a group, in columns that are made larger when there are
 * more groups and never per process or tick.
 *
 * The traps: any number of scrapers ask, at times of their own, and none may take a maximum away from another; so what is kept
 * is not "since the last question" but how high and low each group stood in every few seconds of the last minutes, and each
 * asks for as far back as it likes. And whoever can start processes can invent groups: beyond a number they are one.
 */
import { escapeLabel } from '../text/escape.js';

const BUCKET_NS = 5_000_000_000n;
/** How far back can be asked. */
export const LONGEST_WINDOW_NS = 120_000_000_000n;
const BUCKETS = Number(LONGEST_WINDOW_NS / BUCKET_NS) + 1;
/** Those above are one with all that are folded. */
export const MOST_GROUPS = 10_000;
const FIRST_GROUPS = 64;
/** The place of what is not shown by name. */
export const OTHER = 0;

export class GroupTable {
  /** By place: the name as it stands between the quotes of a label; '' where a place is free. */
  readonly labels: string[] = ['other'];
  /** By place: processes now. */
  members = new Int32Array(FIRST_GROUPS);
  /** By place: resident bytes in the frame that is being added up, and how much more was reached since the one before. */
  rss = new Float64Array(FIRST_GROUPS);
  risen = new Float64Array(FIRST_GROUPS);
  /** By place: whether it has series of its own. */
  shown = new Uint8Array(FIRST_GROUPS);
  readonly #keys: string[] = [''];
  readonly #places = new Map<string, number>();
  readonly #free: number[] = [];
  /** By bucket of the window and place. */
  #highs = windowOf(FIRST_GROUPS);
  #lows = windowOf(FIRST_GROUPS);
  #firsts = windowOf(FIRST_GROUPS);
  /** By place: when it was last seen with a member, monotonic nanoseconds. */
  #seenNs = new Float64Array(FIRST_GROUPS);
  #bucket = -1;
  /** By bucket: when its first frame was. */
  readonly #firstNs = new Float64Array(BUCKETS);
  #nowNs = 0;
  /** Resident bytes of the frame that no group could be made for. */
  #ungrouped = 0;
  /** Called with a place that is given to a new group. */
  onNew: (place: number) => void = () => {};

  /** Places up to here have been given out; the first is `OTHER`. */
  get size(): number {
    return this.labels.length;
  }

  /** Groups that there are, those without a member lately included. */
  get count(): number {
    return this.#places.size;
  }

  /** The place of a group, which is `OTHER` when there are too many. */
  placeOf(key: string): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    if (this.#places.size >= MOST_GROUPS) return OTHER;
    const place = this.#free.pop() ?? this.labels.length;
    if (place >= this.members.length) this.#grow();
    this.#places.set(key, place);
    this.#keys[place] = key;
    this.labels[place] = escapeLabel(Buffer.from(key, 'latin1'));
    this.members[place] = this.shown[place] = 0;
    this.#seenNs[place] = this.#nowNs;
    for (const values of [...this.#highs, ...this.#lows, ...this.#firsts]) values[place] = Number.NaN;
    this.onNew(place);
    return place;
  }

  /** Begins to add up a frame. */
  begin(nowNs: bigint): void {
    this.#nowNs = Number(nowNs);
    this.#turnTo(Number(nowNs / BUCKET_NS));
    this.rss.fill(0, 0, this.size);
    this.risen.fill(0, 0, this.size);
  }

  /** The frame is added up. */
  end(): void {
    const { rss, risen, size, members } = this;
    for (let place = 1; place < size; place++) if (members[place]! > 0) this.#seenNs[place] = this.#nowNs;
    this.#ungrouped = rss[OTHER]!;
    this.#fold();
    const at = this.#bucket % BUCKETS;
    const [highs, lows, firsts] = [this.#highs[at]!, this.#lows[at]!, this.#firsts[at]!];
    for (let place = 0; place < size; place++) {
      const high = rss[place]! + risen[place]!;
      // Written so that a bucket without a value yet takes it.
      if (!(highs[place]! >= high)) highs[place] = high;
      if (!(lows[place]! <= rss[place]!)) lows[place] = rss[place]!;
      if (Number.isNaN(firsts[place]!)) firsts[place] = rss[place]!;
    }
  }

  /** Other groups have names from now on: what the frame has of the rest is added up again. */
  choose(places: readonly number[]): void {
    const isFirst = !this.shown.includes(1);
    this.shown.fill(0);
    for (const place of places) this.shown[place] = 1;
    this.rss[OTHER] = this.#ungrouped;
    this.risen[OTHER] = 0;
    this.#fold();
    // Until there were names all was the rest, which is not what anybody wants to know of it.
    const at = this.#bucket % BUCKETS;
    if (isFirst) for (const window of [this.#highs, this.#lows, this.#firsts]) window[at]![OTHER] = this.rss[OTHER]!;
  }

  #fold(): void {
    const { rss, risen, shown, size } = this;
    for (let place = 1; place < size; place++) {
      if (shown[place] === 1) continue;
      rss[OTHER]! += rss[place]!;
      risen[OTHER]! += risen[place]!;
    }
  }

  /** A group came to `more` bytes above the frame that was added up last. */
  reached(place: number, more: number): void {
    if (this.#bucket < 0) return;
    const highs = this.#highs[this.#bucket % BUCKETS]!;
    for (const one of this.shown[place] === 1 || place === OTHER ? [place] : [place, OTHER]) {
      if (!(highs[one]! >= this.rss[one]! + more)) highs[one] = this.rss[one]! + more;
    }
  }

  /** Most resident bytes of a group in the last so many nanoseconds, rounded up to whole buckets; NaN when there was none. */
  high(place: number, windowNs: bigint): number {
    return this.#over(this.#highs, place, windowNs, Math.max);
  }

  /** The least. */
  low(place: number, windowNs: bigint): number {
    return this.#over(this.#lows, place, windowNs, Math.min);
  }

  /** The bytes at the begin of the window, or where a group is new then, and how many seconds before the newest frame that was. */
  firstIn(place: number, windowNs: bigint): { readonly bytes: number; readonly seconds: number } {
    for (let back = Math.min(bucketsIn(windowNs), this.#bucket); back >= 0; back--) {
      const at = (this.#bucket - back) % BUCKETS;
      const bytes = this.#firsts[at]![place]!;
      if (!Number.isNaN(bytes)) return { bytes, seconds: (this.#nowNs - this.#firstNs[at]!) / 1e9 };
    }
    return { bytes: Number.NaN, seconds: 0 };
  }

  /** Forgets the groups that nobody has been in for the longest window. */
  expire(): void {
    const least = this.#nowNs - Number(LONGEST_WINDOW_NS);
    for (let place = 1; place < this.size; place++) {
      if (this.#keys[place] === '' || this.members[place]! > 0 || !(this.#seenNs[place]! < least)) continue;
      this.#places.delete(this.#keys[place]!);
      this.#keys[place] = this.labels[place] = '';
      this.shown[place] = 0;
      this.#free.push(place);
    }
  }

  #over(window: Float64Array[], place: number, windowNs: bigint, choose: (a: number, b: number) => number): number {
    let found = Number.NaN;
    for (let back = 0; back <= bucketsIn(windowNs) && back <= this.#bucket; back++) {
      const value = window[(this.#bucket - back) % BUCKETS]![place]!;
      if (!Number.isNaN(value)) found = Number.isNaN(found) ? value : choose(found, value);
    }
    return found;
  }

  /** Empties the buckets that time has passed by. */
  #turnTo(bucket: number): void {
    if (bucket <= this.#bucket) return;
    const passed = this.#bucket < 0 ? BUCKETS : Math.min(BUCKETS, bucket - this.#bucket);
    for (let step = 0; step < passed; step++) {
      const at = (bucket - step) % BUCKETS;
      for (const window of [this.#highs, this.#lows, this.#firsts]) window[at]!.fill(Number.NaN);
    }
    this.#bucket = bucket;
    this.#firstNs[bucket % BUCKETS] = this.#nowNs;
  }

  #grow(): void {
    const size = this.members.length * 2;
    this.members = grown(this.members, size);
    this.rss = grown(this.rss, size);
    this.risen = grown(this.risen, size);
    this.shown = grown(this.shown, size);
    this.#seenNs = grown(this.#seenNs, size);
    for (const window of [this.#highs, this.#lows, this.#firsts]) {
      window.forEach((values, at) => {
        window[at] = grown(values, size);
      });
    }
  }
}

function windowOf(groups: number): Float64Array[] {
  return Array.from({ length: BUCKETS }, () => new Float64Array(groups).fill(Number.NaN));
}

function bucketsIn(windowNs: bigint): number {
  return Math.min(BUCKETS - 1, Number((windowNs + BUCKET_NS - 1n) / BUCKET_NS));
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(values: T, size: number): T {
  const larger = new (values.constructor as new (length: number) => T)(size);
  larger.set(values);
  return larger;
}
