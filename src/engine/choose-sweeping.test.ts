/** The kernel's refusals in words; how they come about is in test/engine/bpf-refused.test.ts. */
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { ENGINES } from '../../test/engine/engines.js';
import { readHostUnits } from '../procfs/host-units.js';
import { COUNTER_COLUMNS, STATUSES } from '../schema.js';
import { bpfAvailability, chooseSweepingEngine, explainRefusal } from './choose-sweeping.js';
import { TierColumns } from './tier-columns.js';

const refusal = (errno: number) => explainRefusal(Object.assign(new Error('as the kernel says'), { errno }));

it.each([
  [-38, 'this kernel has no bpf (as the kernel says); it takes Linux 5.17'],
  [-7, 'this kernel is older than what it is asked for (as the kernel says); it takes Linux 5.17'],
  [-22, 'the kernel does not take the program (as the kernel says)'],
])('errno %i is told as what it means', (errno, reason) => {
  expect(refusal(errno)).toEqual({ works: false, reason: expect.stringContaining(reason) });
});

it.each([-1, -13])('errno %i of one who may do everything comes from somebody else', (errno) => {
  // Tests run as root, who has the capabilities, or as somebody who has none of them.
  const reason = process.geteuid?.() === 0 ? /a seccomp filter, a security module or a container$/ : /lacks CAP_/;
  expect(refusal(errno)).toEqual({
    works: false,
    reason: expect.stringMatching(reason),
    grant: expect.any(String),
  });
});

it('another tree is not what programs see', () => {
  const options = { root: tmpdir(), host: readHostUnits() };
  expect(bpfAvailability(options)).toMatchObject({ works: false, reason: expect.stringMatching(/is no procfs/) });
  expect(() => chooseSweepingEngine('bpf', options)).toThrow(/^The bpf engine cannot be used: .*this kernel only$/);
  expect(chooseSweepingEngine('native', options)).toEqual({ name: 'native', reason: 'asked for' });
});

describe.runIf(ENGINES.includes('bpf'))('the engine that was tried', () => {
  const options = { root: '/proc', host: readHostUnits() };
  /** It is tried once for each copy of the module, and those before have. */
  async function tryNow() {
    vi.resetModules();
    const { chooseSweepingEngine, dropParked, TriedEngine } = await import('./choose-sweeping.js');
    const { openEngine } = await import('./open-engine.js');
    const tried = new TriedEngine();
    expect(chooseSweepingEngine('auto', options, tried).name).toBe('bpf');
    return { tried, dropParked, again: () => chooseSweepingEngine('auto', options, tried), openEngine };
  }
  /** Programs of the kernel that this process has open. */
  const programs = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:bpf-prog';
      } catch {
        return false;
      }
    }).length;

  it('is kept for whoever needs one, and closed with what keeps it', async () => {
    const before = programs();
    const { tried, again } = await tryNow();
    expect(tried.engine?.name).toBe('bpf');
    expect([...tried.engine!.listPids()]).toContain(process.pid);
    expect(programs()).toBeGreaterThan(before);
    tried[Symbol.dispose]();
    expect([programs(), tried.engine]).toEqual([before, undefined]);
    // Whether it works is known now, so none is opened.
    expect([again().name, tried.engine, tried.park()]).toEqual(['bpf', undefined, undefined]);
  });

  it('leaves what it has loaded to another, who gets it as new', async () => {
    const before = programs();
    const { tried, openEngine } = await tryNow();
    tried.engine!.attach(0, process.pid);
    tried.engine!.narrow!({ kind: 'tree', pids: [process.pid] });
    const loaded = programs();
    const parked = tried.park();
    expect([programs(), tried.engine]).toEqual([loaded, undefined]);
    const engine = openEngine('bpf', { ...options, maxKept: 0, parked });
    expect(programs()).toBe(loaded);
    expect([...engine.listPids()]).toContain(1);
    const columns = new TierColumns(COUNTER_COLUMNS, 1);
    engine.sweepCounters(Uint32Array.of(0), 1, columns);
    expect(STATUSES[columns.status[0]!]).toBe('gone');
    expect(engine.attach(0, process.ppid).status).toBe('ok');
    engine.sweepCounters(Uint32Array.of(0), 1, columns);
    expect(STATUSES[columns.status[0]!]).toBe('ok');
    engine.close();
    expect(programs()).toBe(before);
  });

  it('is let go of where nobody takes it, and a key that was used opens a new one', async () => {
    const before = programs();
    const { tried, dropParked, openEngine } = await tryNow();
    const parked = tried.park();
    dropParked(parked);
    dropParked(parked);
    dropParked(undefined);
    expect(programs()).toBe(before);
    using engine = Object.assign(openEngine('bpf', { ...options, maxKept: 0, parked }), {
      [Symbol.dispose]() {
        engine.close();
      },
    });
    expect([...engine.listPids()]).toContain(process.pid);
  });
});
