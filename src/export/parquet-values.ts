/**
 * Values for the Parquet library that it takes without copying them or going through them.
 *
 * The trap: before it encodes a column, the library copies what it is given twice over and goes through it once more, to see
 * that each value fits into 64 bits. That takes longer than all the rest of its work. What stands here is given up to it and
 * cannot but fit, so a copy of all of it is it itself, and gone through, it is the extremes only. All of that holds while
 * the library encodes one column; `parquet.test.ts` reads what became of it with another library.
 */

class SmallNumbers extends Int32Array {
  override slice(start = 0, end = this.length): Int32Array<ArrayBuffer> {
    const isWhole = start === 0 && end >= this.length;
    return isWhole ? (this as unknown as Int32Array<ArrayBuffer>) : Int32Array.prototype.slice.call(this, start, end);
  }

  override *[Symbol.iterator](): ArrayIterator<number> {
    if (this.length === 0) return;
    let [least, most] = [this[0]!, this[0]!];
    for (let at = 1; at < this.length; at++) {
      const value = this[at]!;
      if (value < least) least = value;
      else if (value > most) most = value;
    }
    yield least;
    yield most;
  }
}

let room = new SmallNumbers();

/** Room for so many numbers of 32 bits, for a column of 64. It is the same for all: the next call takes it over. */
export function smallNumbers(count: number): SmallNumbers {
  if (room.buffer.byteLength < count * 4) room = new SmallNumbers(count);
  return new SmallNumbers(room.buffer as ArrayBuffer, 0, count);
}

/** Null, so many times: most of the columns of deep reads, at most ticks. */
class NoValues extends Array<null> {
  override slice(): null[] {
    return this;
  }

  override filter(): null[] {
    return [];
  }

  override *[Symbol.iterator](): ArrayIterator<null> {}
}

let last = new NoValues();

export function noValues(count: number): readonly null[] {
  if (last.length !== count) {
    last = new NoValues();
    for (let at = 0; at < count; at++) last.push(null);
  }
  return last;
}
