/**
 * Which ring to read for which stretch of time, in a recording that keeps its older past in steps.
 *
 * The trap: the rings overlap, since a step is stored beside the ticks that it is made of; each time is read from one ring.
 */
import type { RingReader } from '../ring/ring-reader.js';
import { FrameWalk, type WalkRange } from './frame-walk.js';
import { ringNameOf, stepOfRing } from './ladder-format.js';

/** The steps of the ladder in nanoseconds, from fine to coarse; none where only ticks are kept. */
export function stepsOf(reader: RingReader): bigint[] {
  return reader.rings.flatMap(({ name }) => stepOfRing(name) ?? []).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Walks over the frames of a range by the finest ring that has them, from the coarsest (the oldest times) to the ticks.
 * A step that began before the finer ring does is part of the coarser one.
 */
export function walksOver(reader: RingReader, range: WalkRange): FrameWalk[] {
  const walks: FrameWalk[] = [];
  let { toNs } = range;
  for (const stepNs of [0n, ...stepsOf(reader)]) {
    const ring = reader.ringId(stepNs === 0n ? 'counters' : ringNameOf('counters', stepNs));
    const first = ring < 0 ? undefined : reader.blocks(ring)[0]?.baseTimeNs;
    if (first === undefined || (toNs !== undefined && first > toNs)) continue;
    walks.push(new FrameWalk(reader, { ...range, ...(toNs === undefined ? {} : { toNs }) }, stepNs));
    if (range.fromNs !== undefined && first <= range.fromNs) break;
    toNs = first - 1n;
  }
  return walks.reverse();
}
