/**
 * Who gets which physical block. Blocks are handed out in order from one pool; once a ring has its quota, it recycles
 * its own oldest block. So a storm in one ring never evicts another, and a file that never filled ends in unused blocks.
 */
export class BlockPool {
  private readonly owned: number[][];
  private readonly oldest: number[];
  /** Physical blocks in use: 0 .. used - 1. */
  used = 0;

  /** `quotas[ring]` blocks for each ring; their sum is the number of physical blocks. */
  constructor(private readonly quotas: readonly number[]) {
    this.owned = quotas.map(() => []);
    this.oldest = quotas.map(() => 0);
  }

  /** The physical block that `take` would give to `ring`. */
  next(ring: number): number {
    return this.owned[ring].length < this.quotas[ring] ? this.used : this.owned[ring][this.oldest[ring]];
  }

  /** Hands the block named by `next` over; true if it was recycled. Called once its new header is written. */
  take(ring: number): boolean {
    const owned = this.owned[ring];
    if (owned.length < this.quotas[ring]) {
      owned.push(this.used++);
      return false;
    }
    this.oldest[ring] = (this.oldest[ring] + 1) % owned.length;
    return true;
  }
}
