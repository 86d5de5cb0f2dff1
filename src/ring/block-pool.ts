/**
 * Who gets which physical block. Blocks are handed out in order from one pool; once a ring has its quota, it recycles
 * its own oldest block. So a storm in one ring never evicts another, and a file that never filled ends in unused blocks.
 *
 * The trap: a pool that goes on with an older file may find blocks that nobody owns (their headers are damaged) and rings
 * with more than their quota (an older version dealt otherwise); neither may leave a ring without a block.
 */
export class BlockPool {
  /** By ring, oldest first. */
  private readonly owned: number[][];
  readonly total: number;
  /** Physical blocks below this were handed out, or are among `free`. */
  used = 0;

  /** `quotas[ring]` blocks for each ring; their sum is the number of physical blocks. */
  constructor(
    private quotas: readonly number[],
    private readonly free: number[] = [],
  ) {
    this.owned = quotas.map(() => []);
    this.total = quotas.reduce((sum, quota) => sum + quota, 0);
  }

  /** A pool that goes on: `owned[ring]` lists the blocks of each ring, oldest first. */
  static resume(quotas: readonly number[], owned: readonly (readonly number[])[]): BlockPool {
    const taken = new Set(owned.flat());
    const used = Math.max(-1, ...taken) + 1;
    const free = Array.from({ length: used }, (_, physical) => physical).filter((physical) => !taken.has(physical));
    const pool = new BlockPool(quotas, free);
    pool.used = used;
    for (let ring = 0; ring < owned.length; ring++) pool.owned[ring].push(...owned[ring]);
    return pool;
  }

  /** Whether a ring below its quota need not overwrite anything. */
  get hasUnused(): boolean {
    return this.free.length > 0 || this.used < this.total;
  }

  /** Other quotas with the same sum; a ring that has more than its own keeps what it has. */
  deal(quotas: readonly number[]): void {
    this.quotas = quotas;
  }

  /** How many blocks a ring has now. */
  countOf(ring: number): number {
    return this.owned[ring].length;
  }

  /** The physical block that `take` would give to `ring`. */
  next(ring: number): number {
    return this.hasFresh(ring) ? (this.free[0] ?? this.used) : this.owned[this.giverFor(ring)][0];
  }

  /** Hands the block named by `next` over; true if it was recycled. Called once its new header is written. */
  take(ring: number): boolean {
    const isFresh = this.hasFresh(ring);
    const block = isFresh ? (this.free.shift() ?? this.used++) : this.owned[this.giverFor(ring)].shift()!;
    this.owned[ring].push(block);
    return !isFresh;
  }

  private hasFresh(ring: number): boolean {
    return this.owned[ring].length < this.quotas[ring] && this.hasUnused;
  }

  /** The ring itself, or when it has nothing of its own the one with most above its quota. */
  private giverFor(ring: number): number {
    if (this.owned[ring].length > 0) return ring;
    const surplus = (at: number) => this.owned[at].length - this.quotas[at];
    return this.owned.reduce((best, _, other) => (surplus(other) > surplus(best) ? other : best), 0);
  }
}
