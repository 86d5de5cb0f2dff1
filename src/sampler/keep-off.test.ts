import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { KeepOff, processorOfMainThread } from './keep-off.js';

const SECOND = 1_000_000_000n;

/** Where the main thread is seen at each second; returns where the sampler's thread was moved away from. */
function movesFor(seen: readonly (number | undefined)[], canMove = true): number[] {
  const moves: number[] = [];
  let second = 0;
  const move = (processor: number) => {
    moves.push(processor);
    return canMove;
  };
  const keepOff = new KeepOff(7, move, () => seen[second]);
  for (; second < seen.length; second++) {
    keepOff.check(BigInt(second) * SECOND);
    // Ticks between are not looked at.
    keepOff.check(BigInt(second) * SECOND + SECOND / 2n);
  }
  return moves;
}

it('leaves the processor of the main thread at once, and does not follow it about', () => {
  expect(movesFor([1, 1, 0, 1, 0, 0, 1, 0, 1])).toEqual([1]);
});

it('moves again when the main thread has been elsewhere for some seconds', () => {
  expect(movesFor([1, 0, 0, 0, 0])).toEqual([1]);
  expect(movesFor([1, 0, 0, 0, 0, 0, 0])).toEqual([1, 0]);
  expect(movesFor([1, 0, 2, 0, 2, 0, 2, 2, 2, 2, 2])).toEqual([1, 2]);
});

it('tries again where there was no other processor, and waits for a thread that cannot be seen', () => {
  expect(movesFor([0, 0, 1], false)).toEqual([0, 0, 1]);
  expect(movesFor([undefined, undefined, 3])).toEqual([3]);
});

it('sees where the main thread of a process runs, and nothing of one that is not there', () => {
  expect(processorOfMainThread(process.pid)).toBeGreaterThanOrEqual(0);
  expect(processorOfMainThread(process.pid)).toBeLessThan(Math.max(availableParallelism(), 4096));
  expect(processorOfMainThread(2 ** 30)).toBeUndefined();
});
