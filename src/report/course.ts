/**
 * The course of one metric in bounded room, whatever the length of the recording: an entry where a value changed, which
 * holds until the next one. When there are too many, neighbours are joined and keep their last, least and most value, so
 * that no peak and no dip is lost.
 *
 * The trap: `absent` is an entry too, with NaN: what was not measured must not look as if it went on.
 */
import type { NumberWriter } from './number-columns.js';

const FIRST_ROOM = 4;

export class Course {
  /** A bucket of this course is 2^level of the finest ones. */
  level = 0;
  count = 0;
  /** 2^level: a power for each value would take longer than all the rest. */
  #scale = 1;
  #buckets = new Uint32Array(FIRST_ROOM);
  #last = new Float64Array(FIRST_ROOM);
  /** Made when an entry first stands for several values. */
  #least: Float64Array | undefined;
  #most: Float64Array | undefined;

  /** Adds a value that was measured in a bucket of the finest level, not earlier than the one before; NaN: absent. */
  push(bucket: number, last: number, least = last, most = last): void {
    let own = this.#scale === 1 ? bucket : Math.floor(bucket / this.#scale);
    const end = this.count - 1;
    if (end >= 0 && this.#buckets[end]! >= own) {
      if (!Number.isNaN(last)) {
        this.#join(end, last, least, most);
        return;
      }
      if (Number.isNaN(this.#last[end]!)) return;
      own = this.#buckets[end]! + 1;
    }
    this.#append(own, last, least, most);
  }

  #join(end: number, last: number, least: number, most: number): void {
    if (Number.isNaN(this.#last[end]!)) {
      this.#set(end, last, least, most);
      return;
    }
    const low = this.leastAt(end);
    const high = this.mostAt(end);
    this.#set(end, last, Math.min(low, least), Math.max(high, most));
  }

  #append(bucket: number, last: number, least: number, most: number): void {
    if (this.count === this.#buckets.length) this.#grow();
    this.#buckets[this.count] = bucket;
    this.count++;
    this.#set(this.count - 1, last, least, most);
  }

  #set(index: number, last: number, least: number, most: number): void {
    this.#last[index] = last;
    if (this.#least === undefined) {
      if (!(least < last || most > last)) return;
      this.#least = this.#last.slice();
      this.#most = this.#last.slice();
    }
    this.#least[index] = least;
    this.#most![index] = most;
  }

  #grow(): void {
    const room = this.#buckets.length * 2;
    const buckets = new Uint32Array(room);
    buckets.set(this.#buckets);
    this.#buckets = buckets;
    const larger = (values: Float64Array) => {
      const copy = new Float64Array(room);
      copy.set(values);
      return copy;
    };
    this.#last = larger(this.#last);
    if (this.#least) {
      this.#least = larger(this.#least);
      this.#most = larger(this.#most!);
    }
  }

  bucketAt(index: number): number {
    return this.#buckets[index]!;
  }

  lastAt(index: number): number {
    return this.#last[index]!;
  }

  leastAt(index: number): number {
    return this.#least ? this.#least[index]! : this.#last[index]!;
  }

  mostAt(index: number): number {
    return this.#most ? this.#most[index]! : this.#last[index]!;
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
      const bucket = Math.floor(this.#buckets[index]! / 2);
      coarse.push(bucket, this.#last[index]!, this.leastAt(index), this.mostAt(index));
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
    const hasRange = this.#least !== undefined;
    to.unsigned(this.level);
    to.unsigned(this.count);
    to.unsigned(hasRange ? 1 : 0);
    let before = 0;
    for (let index = 0; index < this.count; index++) {
      const bucket = this.#buckets[index]!;
      to.unsigned((bucket - before) * 2 + (Number.isNaN(this.#last[index]!) ? 1 : 0));
      before = bucket;
    }
    let value = 0;
    this.#each((index) => {
      const next = Math.round(this.#last[index]! / quantum);
      to.signed(next - value);
      value = next;
    });
    if (!hasRange) return;
    const steps = (index: number, bound: number) =>
      Math.abs(Math.round(this.#last[index]! / quantum) - Math.round(bound / quantum));
    this.#each((index) => to.unsigned(steps(index, this.#least![index]!)));
    this.#each((index) => to.unsigned(steps(index, this.#most![index]!)));
  }

  #each(take: (index: number) => void): void {
    for (let index = 0; index < this.count; index++) if (!Number.isNaN(this.#last[index]!)) take(index);
  }
}
