/** What the second addon does at its edges: slots that nobody has, pids that there cannot be, rings without room. */
import { afterEach, describe, expect, it } from 'vitest';
import { bpfBinding, type KernelCounters } from '../../src/engine/bpf-binding.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { COUNTER_COLUMNS, STATUSES } from '../../src/schema.js';
import { endChildren, procText, startChild, statWords, until } from './commands.js';
import { ENGINES } from './engines.js';

const second = bpfBinding();
const { pageSize, clockTicksPerSecond } = readHostUnits();
const WALK = 1;
const ITERATE = 2;
const ROWS = 8;
const LAST_PID = 2 ** 31 - 1;
const EOPNOTSUPP = -95;

const open: { close(): void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await endChildren();
});

function countersBy(method: number, exactCpus = 64): KernelCounters {
  if (second.state !== 'loaded') throw new Error(second.reason);
  const counters = new second.addon.KernelCounters(pageSize, clockTicksPerSecond, exactCpus, method, true);
  open.push(counters);
  return counters;
}

const attach = (counters: KernelCounters, slot: number, pid: number) =>
  STATUSES[counters.attach(slot, pid, new Float64Array(4), new Uint8Array(64))];

/** Statuses and resident memory of slots, and who of them was renamed. */
function sweep(counters: KernelCounters, ...slots: number[]) {
  const values = new Float64Array(COUNTER_COLUMNS.length * ROWS).fill(-1);
  const status = new Uint8Array(ROWS);
  const renamed = new Uint32Array(slots.length);
  const times = new BigInt64Array(2);
  const renames = counters.sweepCounters(Uint32Array.from(slots), slots.length, values, status, renamed, times, 1, 0);
  return {
    statuses: slots.map((slot) => STATUSES[status[slot]!]),
    rss: slots.map((slot) => values[slot]!),
    renamed: [...renamed.subarray(0, renames)],
  };
}

function nameOf(counters: KernelCounters, slot: number): string {
  const name = new Uint8Array(64);
  return Buffer.from(name.subarray(0, counters.comm(slot, name))).toString();
}

const startTicks = (pid: number) => Number(statWords(pid)[19]);

describe.runIf(ENGINES.includes('bpf'))('counters of the kernel', () => {
  it.each([
    ['walk', WALK],
    ['iterate', ITERATE],
  ])('by %s know nothing of slots that nobody has, nor of pids that there cannot be', (_, method) => {
    const counters = countersBy(method);
    for (const slot of [0, 7, 2 ** 20 - 1]) {
      expect([nameOf(counters, slot), counters.detach(slot)]).toEqual(['', undefined]);
    }
    expect(STATUSES[counters.bind(0, LAST_PID, 1, new Uint8Array(4))]).toBe('gone');
    expect(attach(counters, 0, LAST_PID)).toBe('gone');
    expect(sweep(counters, 0, 7)).toEqual({ statuses: ['gone', 'gone'], rss: [Number.NaN, Number.NaN], renamed: [] });
  });

  it('are those of the process that was bound, and of no other with its pid', () => {
    const counters = countersBy(WALK);
    const { pid } = process;
    expect(STATUSES[counters.bind(0, pid, startTicks(pid) - 1, Buffer.from('older'))]).toBe('ok');
    expect(sweep(counters, 0).statuses).toEqual(['gone']);
    expect(STATUSES[counters.bind(0, pid, startTicks(pid), Buffer.from('x'.repeat(100)))]).toBe('ok');
    expect(nameOf(counters, 0)).toBe('x'.repeat(64));
    expect(sweep(counters, 0)).toMatchObject({ statuses: ['ok'], rss: [expect.any(Number)], renamed: [0] });
  });

  it('follow a process to its younger slot, whatever becomes of the older one', () => {
    const counters = countersBy(WALK);
    expect([attach(counters, 0, process.pid), attach(counters, 1, process.pid)]).toEqual(['ok', 'ok']);
    expect(sweep(counters, 0, 1).statuses).toEqual(['gone', 'ok']);
    counters.detach(0);
    expect(nameOf(counters, 0)).toBe('');
    const { statuses, rss } = sweep(counters, 0, 1);
    expect([statuses, rss[1]! > 1e6]).toEqual([['gone', 'ok'], true]);
  });

  it('tell a name that is another of the same length', async () => {
    const script = 'read x; printf other > /proc/$$/comm; read x';
    const child = await startChild('dash', ['-c', script]);
    const counters = countersBy(WALK);
    // The program's own name is there when it waits for a line.
    await until(() => statWords(child.pid)[0] === 'S', 'it waits');
    child.stdin!.write('\n');
    const isNamed = () => sweep(counters, 0).statuses[0] === 'ok' && nameOf(counters, 0) === 'other';
    expect(STATUSES[counters.bind(0, child.pid, startTicks(child.pid), Buffer.from('named'))]).toBe('ok');
    await until(isNamed, 'it has another name');
    expect(sweep(counters, 0).renamed).toEqual([]);
  });

  it('are added up over all processors only where that many were allowed', () => {
    for (const method of [WALK, ITERATE]) {
      const [exact, rough] = [countersBy(method), countersBy(method, 0)];
      expect([exact.facts().isExact, rough.facts().isExact]).toEqual([true, false]);
      const ticks = startTicks(process.pid);
      for (const one of [exact, rough]) expect(one.bind(0, process.pid, ticks, new Uint8Array(1))).toBe(0);
      expect(sweep(rough, 0).rss[0]! / sweep(exact, 0).rss[0]!).toBeCloseTo(1, 1);
    }
  });

  it('watch peaks when they are told to and can, once', () => {
    const counters = countersBy(WALK);
    expect([true, true, false, false, true].map((isOn) => counters.watchPeaks(isOn))).toEqual(Array(5).fill(0));
    expect(counters.peakEvents()).toBeGreaterThanOrEqual(0);
    const others = countersBy(ITERATE);
    expect([others.watchPeaks(true), others.watchPeaks(false), others.peakEvents()]).toEqual([EOPNOTSUPP, 0, 0]);
  });

  it('keep what they know, and the peaks, when there is a slot beyond the rows', () => {
    const counters = countersBy(WALK);
    expect([attach(counters, 0, process.pid), counters.watchPeaks(true)]).toEqual(['ok', 0]);
    expect(attach(counters, 40_000, process.ppid)).toBe('ok');
    const { statuses, rss } = sweep(counters, 0);
    expect([statuses, rss[0]! > 1e6]).toEqual([['ok'], true]);
    expect(`${nameOf(counters, 40_000)}\n`).toBe(procText(process.ppid, 'comm'));
    expect(counters.watchPeaks(false)).toBe(0);
  });

  it('list all of whom each is asked for by its pid, and nobody of a root that has gone', () => {
    const counters = countersBy(WALK);
    const all = counters.listPids(new Int32Array(0));
    counters.narrow(0, 0, 0n, 0, 0);
    expect(counters.listPids(new Int32Array(0))).toBeGreaterThan(all / 2);
    counters.narrow(1, 0, 0n, 0, process.pid);
    const pids = new Int32Array(8);
    expect(counters.listPids(pids)).toBeGreaterThan(0);
    expect(pids).toContain(process.pid);
    counters.narrow(1, 0, 0n, 0, LAST_PID);
    expect(counters.listPids(pids)).toBe(0);
  });
});

describe.runIf(ENGINES.includes('bpf'))('a ring of lives', () => {
  it('gives as many as there is room for, and the others the next time', async () => {
    if (second.state !== 'loaded') throw new Error(second.reason);
    const ring = new second.addon.LifeRing(65_536, 0, true, 4, 0, 0n, 0);
    open.push(ring);
    const counts = new Float64Array(3);
    for (let turn = 0; turn < 3; turn++) {
      const child = await startChild('true', []);
      await until(() => child.exitCode !== null, 'it has ended');
    }
    await until(() => {
      ring.counts(counts);
      return counts[0]! >= 3;
    }, 'their lives are told');
    expect(ring.drain(new Uint8Array(71))).toBe(0);
    expect(ring.drain(new Uint8Array(72))).toBe(1);
    expect(ring.drain(new Uint8Array(72 * 1000))).toBeGreaterThanOrEqual(2);
  });
});
