import { describe, expect, it } from 'vitest';
import { BlockPool } from './block-pool.js';

/** Takes so many blocks for these rings: which they were, and which of them had been used before. */
function taken(pool: BlockPool, rings: number[]): string[] {
  return rings.map((ring) => {
    const block = pool.next(ring);
    // Asking is not taking.
    expect(pool.next(ring)).toBe(block);
    return `${block}${pool.take(ring) ? ' again' : ''}`;
  });
}

describe('a pool of blocks', () => {
  it('hands them out in order, and each ring its own oldest again', () => {
    const pool = new BlockPool([2, 3]);
    expect([pool.total, pool.used, pool.hasUnused, pool.countOf(0)]).toEqual([5, 0, true, 0]);
    expect(taken(pool, [0, 1, 0, 0, 1, 0, 1])).toEqual(['0', '1', '2', '0 again', '3', '2 again', '4']);
    expect([pool.used, pool.hasUnused, pool.countOf(0), pool.countOf(1)]).toEqual([5, false, 2, 3]);
    expect(taken(pool, [1, 1, 1, 1])).toEqual(['1 again', '3 again', '4 again', '1 again']);
  });

  it('that goes on hands out first what nobody owns, the lowest first', () => {
    const pool = BlockPool.resume([2, 3, 2], [[5], [0, 3], []]);
    expect([pool.used, pool.total, pool.hasUnused]).toEqual([6, 7, true]);
    expect(taken(pool, [2, 1, 0, 2])).toEqual(['1', '2', '4', '6']);
    expect([pool.used, pool.hasUnused]).toEqual([7, false]);
    expect(taken(pool, [1, 0])).toEqual(['0 again', '5 again']);
    expect(BlockPool.resume([1, 1], [[], []]).used).toBe(0);
  });

  it('gives a ring without a block one of the ring that has most above its part', () => {
    const pool = BlockPool.resume([2, 2, 2, 2], [[0, 1], [2, 3, 4], [5, 6, 7], []]);
    // As many above: of the first.
    expect(taken(pool, [3])).toEqual(['2 again']);
    expect([1, 3].map((ring) => pool.countOf(ring))).toEqual([2, 1]);
    // It has one of its own now, and nothing is unused.
    expect(taken(pool, [3, 2])).toEqual(['2 again', '5 again']);
  });

  it('deals other parts from what is unused, and takes nothing away', () => {
    const pool = new BlockPool([1, 4]);
    expect(taken(pool, [0, 0])).toEqual(['0', '0 again']);
    pool.deal([3, 2]);
    expect(taken(pool, [0, 0, 0])).toEqual(['1', '2', '0 again']);
    pool.deal([1, 4]);
    expect(taken(pool, [0, 1, 1, 1])).toEqual(['1 again', '3', '4', '3 again']);
    expect([pool.countOf(0), pool.countOf(1)]).toEqual([3, 2]);
  });
});
