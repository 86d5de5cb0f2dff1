import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../engine/identity.js';
import { ProcessTable } from './process-table.js';

const process = (pid: number, startTicks = 1): ProcessIdentity => ({
  pid,
  startTicks,
  parentPid: 1,
  kernelThread: false,
  comm: new Uint8Array(0),
});
const liveOf = (table: ProcessTable) => {
  table.refresh();
  return [...table.live.subarray(0, table.count)];
};

describe('ProcessTable', () => {
  it('gives the smallest free slot, so that rows stay dense', () => {
    const table = new ProcessTable(10);
    for (const pid of [10, 11, 12, 13]) table.bind(table.nextSlot(), process(pid));
    expect(liveOf(table)).toEqual([0, 1, 2, 3]);
    for (const slot of [2, 0, 3]) table.release(slot);
    expect(liveOf(table)).toEqual([1]);
    for (const expected of [0, 2, 3, 4]) {
      expect(table.nextSlot()).toBe(expected);
      expect(table.nextSlot()).toBe(expected);
      table.bind(expected, process(20 + expected));
    }
    expect(liveOf(table)).toEqual([0, 1, 2, 3, 4]);
    expect(table.highWater).toBe(5);
  });

  it('has no slot beyond its limit, until one is released', () => {
    const table = new ProcessTable(2);
    for (const pid of [10, 11]) table.bind(table.nextSlot(), process(pid));
    expect(table.nextSlot()).toBe(-1);
    table.release(0);
    expect(table.nextSlot()).toBe(0);
  });

  it('knows a pid while its process has a slot, and whose it is', () => {
    const table = new ProcessTable(10);
    table.bind(0, process(10));
    expect([table.has(10), table.has(11), table.identity(0)?.pid, table.identity(1)]).toEqual([
      true,
      false,
      10,
      undefined,
    ]);
    expect(table.release(0).pid).toBe(10);
    expect([table.has(10), table.identity(0)]).toEqual([false, undefined]);
  });

  it('keeps a reused pid when the process that had it before is released', () => {
    const table = new ProcessTable(10);
    table.bind(0, process(10, 1));
    table.bind(1, process(10, 2));
    table.release(0);
    expect(table.has(10)).toBe(true);
    table.release(1);
    expect(table.has(10)).toBe(false);
  });

  it('renames a process and nothing else of it', () => {
    const table = new ProcessTable(10);
    table.bind(0, process(10, 5));
    const renamed = table.rename(0, Buffer.from('new'));
    expect(renamed).toEqual({ ...process(10, 5), comm: Buffer.from('new') });
    expect(table.identity(0)).toBe(renamed);
  });

  it('survives a storm of departures', () => {
    const table = new ProcessTable(50_000);
    for (let pid = 1; pid <= 50_000; pid++) table.bind(table.nextSlot(), process(pid));
    for (let slot = 0; slot < 50_000; slot++) table.release(slot);
    expect(liveOf(table)).toEqual([]);
    expect(table.nextSlot()).toBe(0);
  });

  it('is a set of slots whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 200 }), (choices) => {
        const table = new ProcessTable(16);
        const model = new Map<number, number>();
        let pid = 1;
        for (const choice of choices) {
          if (choice < 20 && model.has(choice)) {
            expect(table.release(choice).pid).toBe(model.get(choice));
            model.delete(choice);
          } else {
            const slot = table.nextSlot();
            expect(slot).toBe(model.size === 16 ? -1 : [...Array(16).keys()].find((free) => !model.has(free)));
            if (slot < 0) continue;
            table.bind(slot, process(pid));
            model.set(slot, pid++);
          }
          expect(liveOf(table)).toEqual([...model.keys()].sort((a, b) => a - b));
          expect(table.highWater).toBeGreaterThan(Math.max(-1, ...model.keys()));
        }
        for (const [slot, owner] of model) expect([table.has(owner), table.identity(slot)?.pid]).toEqual([true, owner]);
      }),
    );
  });
});
