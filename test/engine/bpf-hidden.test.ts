/**
 * What some kernels do to the engine in the kernel: processes that programs are not shown, lists that fail, counters that are
 * approximate. Here it is the engine of this kernel, with a few answers changed on their way.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BpfBinding, bpfBinding, type KernelCounters } from '../../src/engine/bpf-binding.js';
import { BpfEngine, type BpfEngineOptions } from '../../src/engine/bpf-engine.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../../src/schema.js';
import { endChild, endChildren, startStopped } from './commands.js';
import { counterColumns, ENGINES, emptyRow, rollupColumns, rowOf, sweep, sweepRollup } from './engines.js';

const options = { root: '/proc', host: readHostUnits(), maxKept: 10 };
const engines: BpfEngine[] = [];
let child: Awaited<ReturnType<typeof startStopped>>;
beforeEach(async () => {
  child = await startStopped();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.close();
  await endChildren();
});

/** The engine over counters some of whose answers are others. */
function engineWith(
  changed: (real: KernelCounters) => Partial<KernelCounters>,
  more: Partial<BpfEngineOptions> = {},
): BpfEngine {
  const binding = bpfBinding();
  if (binding.state !== 'loaded') throw new Error(binding.reason);
  const { KernelCounters, ...others } = binding.addon;
  const Changed = function Changed(...words: ConstructorParameters<typeof KernelCounters>) {
    const real = new KernelCounters(...words);
    const answers = changed(real) as Record<string | symbol, unknown>;
    return new Proxy(real, {
      get: (_, name) => answers[name] ?? (real[name as keyof KernelCounters] as () => unknown).bind(real),
    });
  } as unknown as typeof KernelCounters;
  const addon = { ...others, KernelCounters: Changed, LifeRing: binding.addon.LifeRing };
  const changedBinding = { ...binding, addon } as BpfBinding & { state: 'loaded' };
  const engine = new BpfEngine(changedBinding, { ...options, ...more }, openEngine('native', options));
  engines.push(engine);
  return engine;
}

/** Programs are not shown this pid. */
const hiding = (pid: number) => (real: KernelCounters) => ({
  listPids: (out: Int32Array) => {
    const all = new Int32Array(1 << 16);
    const shown = all.subarray(0, real.listPids(all)).filter((one) => one !== pid);
    out.set(shown.subarray(0, out.length));
    return shown.length;
  },
  attach: (slot: number, wanted: number, numbers: Float64Array, comm: Uint8Array) =>
    wanted === pid ? Status.gone : real.attach(slot, wanted, numbers, comm),
});

describe.runIf(ENGINES.includes('bpf'))('a process that programs are not shown', () => {
  it('is listed, whatever is asked for, and read by the other engine', () => {
    const engine = engineWith(hiding(child.pid));
    const isOf = engine.narrow({ kind: 'uid', uid: 65_431 });
    expect([...engine.listPids()]).toContain(child.pid);
    expect([isOf(child.pid), isOf(1_000_000)]).toEqual([false, true]);
    const attached = engine.attach(3, child.pid);
    expect(attached).toMatchObject({ status: 'ok', identity: { pid: child.pid, parentPid: process.pid } });
    expect(engine.attach(5, process.pid).status).toBe('ok');
    expect(Buffer.from(engine.comm(3)).toString()).toBe('sleep');
    const columns = counterColumns();
    sweep(engine, Uint32Array.of(5, 3), columns);
    expect(rowOf(columns, 3)).toMatchObject({ status: 'ok', threads: 1, uid: Number.NaN });
    expect(rowOf(columns, 3).rss).toBeGreaterThan(100_000);
    expect(rowOf(columns, 5)).toMatchObject({ status: 'ok', uid: process.getuid!() });
    // In a sweep that is not over it nothing is read of it.
    columns.clear(3);
    sweep(engine, Uint32Array.of(5), columns);
    expect(rowOf(columns, 3).rss).toBeNaN();
    expect(engine.isThere(3)).toBe(true);
    engine.detach(3);
    expect(engine.isThere(3)).toBe(false);
  });

  it('is gone when it has ended, and hidden no longer', async () => {
    const engine = engineWith(hiding(child.pid));
    engine.attach(3, child.pid);
    await endChild(child);
    expect(sweep(engine, Uint32Array.of(3))[0]).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
    expect([...engine.listPids()]).toContain(child.pid);
    expect(engine.attach(3, child.pid)).toEqual({ status: 'gone' });
    expect([...engine.listPids()]).not.toContain(child.pid);
  });
});

describe.runIf(ENGINES.includes('bpf'))('the engine over the answers of another kernel', () => {
  it('lists more processes than it had room for', () => {
    const many = Int32Array.from({ length: 9000 }, (_, index) => index + 1);
    const engine = engineWith(() => ({
      listPids: (out: Int32Array) => {
        out.set(many.subarray(0, out.length));
        return many.length;
      },
    }));
    expect(engine.listPids().subarray(0, 9000)).toEqual(many);
    let fewer = 0;
    const growing = engineWith(() => ({
      // As many as there is room for while the engine is opened.
      listPids: (out: Int32Array) => {
        const count = fewer++ === 0 ? 4 : many.length;
        out.set(many.subarray(0, Math.min(count, out.length)));
        return count;
      },
    }));
    expect(growing.listPids().subarray(0, 9000)).toEqual(many);
  });

  it('says that they could not be listed', () => {
    const engine = engineWith(() => ({ listPids: () => -9 }));
    expect(() => engine.listPids()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('says that its counters are approximate, and cannot watch what it cannot', () => {
    const engine = engineWith(() => ({ facts: () => ({ method: 'walk', isExact: false }), watchPeaks: () => -1 }));
    expect(engine.note).toBe('counters approximate: too many processors to add up their parts');
    expect([engine.peaks!.turn(true), engine.peaks!.isOn, engine.peaks!.events()]).toEqual(['EPERM', false, 0]);
    expect(engineWith(() => ({ facts: () => ({ method: 'iterate', isExact: true }) })).peaks).toBeUndefined();
  });

  it('has no slot of a process whose start the kernel has otherwise', () => {
    const engine = engineWith(() => ({ bind: () => Status.gone }), { method: 'iterate' });
    expect(engine.attach(3, child.pid)).toEqual({ status: 'gone' });
    expect(engine.isThere(3)).toBe(false);
    expect(engineWith(() => ({}), { method: 'iterate' }).attach(3, 2 ** 22 + 1)).toEqual({ status: 'gone' });
  });

  it('keeps the short name of a kernel thread that procfs does not tell', () => {
    const engine = engineWith(
      (real) => ({
        attach: (slot: number, pid: number, numbers: Float64Array, comm: Uint8Array) => {
          const status = real.attach(slot, pid, numbers, comm);
          numbers[2] = 0x00200000;
          return status;
        },
      }),
      { root: '/no/such/tree' },
    );
    expect(engine.attach(3, child.pid)).toMatchObject({
      status: 'ok',
      identity: { kernelThread: true, comm: new Uint8Array(Buffer.from('sleep')) },
    });
  });
});

describe.runIf(ENGINES.includes('bpf'))('deep reads of the engine in the kernel', () => {
  it('are of nobody who has the pid of another, nor of a slot that is free', () => {
    const engine = engineWith((real) => ({
      attach: (slot: number, pid: number, numbers: Float64Array, comm: Uint8Array) => {
        const status = real.attach(slot, pid, numbers, comm);
        // The process before, which started earlier.
        numbers[0] = numbers[0]! - 1;
        return status;
      },
    }));
    expect(engine.attach(3, child.pid).status).toBe('ok');
    expect([engine.isThere(3), engine.isThere(4)]).toEqual([false, false]);
    const columns = rollupColumns();
    expect(engine.sweepPaced(Uint32Array.of(3, 4), 2, columns, 0n, 1e6)).toBe(2);
    expect([columns.status[3], columns.status[4]]).toEqual([Status.gone, Status.gone]);
  });

  it('are not made of one that has ended meanwhile', async () => {
    const engine = engineWith(() => ({}));
    expect(engine.attach(3, child.pid).status).toBe('ok');
    await endChild(child);
    expect(sweepRollup(engine, Uint32Array.of(3))[0]).toEqual(emptyRow(ROLLUP_COLUMNS, 'gone'));
  });

  it('find that their process has ended, and tell of the readers', async () => {
    const engine = engineWith(() => ({}));
    engine.attach(3, child.pid);
    await endChild(child);
    expect(engine.isThere(3)).toBe(false);
    expect([engine.stuckReaders(), engine.readerCpuNs() >= 0]).toEqual([0, true]);
    expect(engine.lastPid()).toBeGreaterThan(0);
  });
});
