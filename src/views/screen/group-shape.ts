/** The shape of a group: those of its members added up, as far as they are known at each point. */
import type { LiveProcess } from '../../analyze/live-processes.js';

export function shapeOfGroup(
  members: readonly LiveProcess[],
  shapeOf: (slot: number, points: number) => readonly number[],
  points: number,
): number[] {
  const sums = new Array<number>(points).fill(Number.NaN);
  for (const { slot, shares } of members) {
    if (shares) continue;
    const shape = shapeOf(slot, points);
    for (let index = 0; index < points; index++) {
      const value = shape[index]!;
      if (!Number.isNaN(value)) sums[index] = (sums[index]! || 0) + value;
    }
  }
  return sums;
}
