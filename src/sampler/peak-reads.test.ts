import { describe, expect, it } from 'vitest';
import { PeakReads } from './peak-reads.js';
import { ProcessTable } from './process-table.js';

const MIB = 2 ** 20;
const PAGE = 4096;

/** A table of processes, and a rule that is asked about them tick by tick, 10 ms apart. */
function watch(processes: number, heldNs = 0) {
  const table = new ProcessTable(4096);
  for (let pid = 1; pid <= processes; pid++) {
    const slot = table.nextSlot();
    table.bind(slot, { pid, startTicks: 1, parentPid: 0, kernelThread: false, comm: Buffer.from('x') });
  }
  table.refresh();
  const reads = new PeakReads(PAGE);
  const out = new Uint32Array(4096);
  let nowNs = 0;
  const state = { isReading: false };
  const tick = (...rss: number[]): number[] => {
    const column = Float64Array.from({ length: Math.max(64, processes) }, (_, slot) => rss[slot] ?? rss.at(-1)!);
    nowNs += 10e6;
    const count = reads.due(table, column, nowNs, out, state.isReading);
    if (count > 0) reads.held(heldNs);
    return [...out.subarray(0, count)];
  };
  return Object.assign(tick, { state });
}

describe('a read near the peak', () => {
  it('is made when the memory has grown and grows no further', () => {
    const tick = watch(1);
    expect(tick(10 * MIB)).toEqual([0]);
    expect(tick(10 * MIB)).toEqual([]);
    expect(tick(11 * MIB)).toEqual([]);
    expect(tick(11.05 * MIB)).toEqual([0]);
    expect(tick(11.06 * MIB)).toEqual([]);
  });

  it('is made while it grows once it has grown by a quarter', () => {
    const tick = watch(1);
    tick(10 * MIB);
    expect(tick(11 * MIB)).toEqual([]);
    expect(tick(12 * MIB)).toEqual([]);
    expect(tick(13 * MIB)).toEqual([0]);
  });

  it('waits for one that is under way, which tells of what was there when it was begun', () => {
    const tick = watch(1);
    expect(tick(10 * MIB)).toEqual([0]);
    tick.state.isReading = true;
    expect(tick(20 * MIB)).toEqual([]);
    expect(tick(20 * MIB)).toEqual([]);
    tick.state.isReading = false;
    expect(tick(20 * MIB)).toEqual([0]);
  });

  it('is of no process that has less than a hundredth', () => {
    expect(watch(3)(100 * MIB, 0.5 * MIB, 50 * MIB)).toEqual([0, 2]);
  });

  it('is of the 32 largest at most', () => {
    expect(watch(40)(MIB)).toHaveLength(32);
  });

  it('is not made of what it would hold too long', () => {
    expect(watch(2)(9000 * MIB, 1000 * MIB)).toEqual([1]);
  });

  it('is made of a maximum that stands, however long the others took', () => {
    const tick = watch(1, 200e6);
    expect(tick(10 * MIB)).toEqual([0]);
    expect(tick(12 * MIB)).toEqual([]);
    for (let index = 0; index < 4; index++) expect(tick(12 * MIB + (index % 2) * PAGE)).toEqual([]);
    expect(tick(12 * MIB)).toEqual([0]);
    for (let index = 0; index < 50; index++) expect(tick(12 * MIB)).toEqual([]);
  });

  it('is bounded in all by the time that it holds its targets', () => {
    const tick = watch(1, 10e6);
    let made = 0;
    let bytes = MIB;
    for (let index = 0; index < 100; index++) {
      bytes *= 1.3;
      made += tick(Math.min(bytes, 500 * MIB * (1 + index))).length;
    }
    // 50 ms and 2 % of a second, 10 ms each.
    expect(made).toBeLessThanOrEqual(7);
    expect(made).toBeGreaterThan(2);
  });
});
