/**
 * The course of one metric in bounded room, whatever the length of the recording: an entry where a value changed, which
 * holds until the next one. When there are too many, neighbours are joined and keep their last, least and most value, so
 * that no peak and no dip is lost.
 *
 * The trap: `absent` is an entry too, with NaN: what was not measured must not look as if it went on.
 */
import type { NumberWriter } from './number-columns.js';

const FIRST_ROOM = 4;
/** Numbers of an entry: its bucket and its last value, and where it may stand for several values the least and the most. */
const PLAIN = 2;
const RANGED = 4;

export class Course {
  /** A bucket of this course is 2^level of the finest ones. */
  level = 0;
  count = 0;
  /** 2^level: a power for each value would take longer than all the rest. */
  #scale = 1;
  #stride: typeof PLAIN | typeof RANGED = PLAIN;
  /**
   * Entry by entry: thousands of courses are added to in turn, so each addition comes to memory that is in no cache, and an
   * array for each number would mean to wait for it four times.
   */
  #entries = new Float64Array(FIRST_ROOM * PLAIN);

  /** Adds a value that was measured in a bucket of the finest level, not earlier than the one before; NaN: absent. */
  push(bucket: number, last: number, least = last, most = last): void {
    let own = this.#scale === 1 ? bucket : Math.floor(bucket / this.#scale);
    const at = (this.count - 1) * this.#stride;
    if (at >= 0 && this.#entries[at]! >= own) {
      const before = this.#entries[at + 1]!;
      if (!Number.isNaN(last)) {
        if (Number.isNaN(before)) this.#set(this.count - 1, last, least, most);
        else this.#join(at, before, last, least, most);
        return;
      }
      if (Number.isNaN(before)) return;
      own = this.#entries[at]! + 1;
    }
    if ((this.count + 1) * this.#stride > this.#entries.length) this.#grow();
    this.#entries[this.count * this.#stride] = own;
    this.count++;
    this.#set(this.count - 1, last, least, most);
  }

  #join(at: number, before: number, last: number, least: number, most: number): void {
    const isRanged = this.#stride === RANGED;
    const low = isRanged ? this.#entries[at + 2]! : before;
    const high = isRanged ? this.#entries[at + 3]! : before;
    this.#set(this.count - 1, last, Math.min(low, least), Math.max(high, most));
  }

  #set(index: number, last: number, least: number, most: number): void {
    if (this.#stride === PLAIN) {
      this.#entries[index * PLAIN + 1] = last;
      if (!(least < last || most > last)) return;
      this.#widen();
    }
    const at = index * RANGED;
    this.#entries[at + 1] = last;
    this.#entries[at + 2] = least;
    this.#entries[at + 3] = most;
  }

  #grow(): void {
    const entries = new Float64Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
  }

  /** An entry stands for several values for the first time. */
  #widen(): void {
    const plain = this.#entries;
    const entries = new Float64Array((plain.length / PLAIN) * RANGED);
    for (let index = 0; index < this.count; index++) {
      const [at, last] = [index * RANGED, plain[index * PLAIN + 1]!];
      entries[at] = plain[index * PLAIN]!;
      entries[at + 1] = last;
      entries[at + 2] = last;
      entries[at + 3] = last;
    }
    this.#entries = entries;
    this.#stride = RANGED;
  }

  bucketAt(index: number): number {
    return this.#entries[index * this.#stride]!;
  }

  lastAt(index: number): number {
    return this.#entries[index * this.#stride + 1]!;
  }

  leastAt(index: number): number {
    return this.#entries[index * this.#stride + (this.#stride === RANGED ? 2 : 1)]!;
  }

  mostAt(index: number): number {
    return this.#entries[index * this.#stride + (this.#stride === RANGED ? 3 : 1)]!;
  }

  /**
   * The same with at most so many entries, 2 or more, since a value and its end cannot be one; itself when it has no more.
   */
  within(most: number): Course {
    if (most < 2) throw new RangeError(`Expected room for 2 entries or more, got ${most}`);
    if (this.count <= most) return this;
    let course: Course = this;
    while (course.count > most) course = course.#halved();
    return course;
  }

  /** Each two buckets become one. */
  #halved(): Course {
    const coarse = new Course();
    for (let index = 0; index < this.count; index++) {
      const bucket = Math.floor(this.bucketAt(index) / 2);
      coarse.push(bucket, this.lastAt(index), this.leastAt(index), this.mostAt(index));
    }
    coarse.level = this.level + 1;
    coarse.#scale = this.#scale * 2;
    return coarse;
  }

  /**
   * Writes level, number of entries and whether least and most follow; then, column by column, the buckets as steps
   * doubled, plus 1 for absent; the last values as steps; how far the least lies below the last one, and the most above it.
   * All in steps of the quantum, absent ones left out.
   */
  write(to: NumberWriter, quantum: number): void {
    const hasRange = this.#stride === RANGED;
    to.unsigned(this.level);
    to.unsigned(this.count);
    to.unsigned(hasRange ? 1 : 0);
    let before = 0;
    for (let index = 0; index < this.count; index++) {
      const bucket = this.bucketAt(index);
      to.unsigned((bucket - before) * 2 + (Number.isNaN(this.lastAt(index)) ? 1 : 0));
      before = bucket;
    }
    let value = 0;
    this.#each((index) => {
      const next = Math.round(this.lastAt(index) / quantum);
      to.signed(next - value);
      value = next;
    });
    if (!hasRange) return;
    const steps = (index: number, bound: number) =>
      Math.abs(Math.round(this.lastAt(index) / quantum) - Math.round(bound / quantum));
    this.#each((index) => to.unsigned(steps(index, this.leastAt(index))));
    this.#each((index) => to.unsigned(steps(index, this.mostAt(index))));
  }

  #each(take: (index: number) => void): void {
    for (let index = 0; index < this.count; index++) if (!Number.isNaN(this.lastAt(index))) take(index);
  }
}
