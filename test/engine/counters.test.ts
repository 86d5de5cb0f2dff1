import { statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/engine/engine.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { COUNTER_COLUMNS, METRICS, Status } from '../../src/schema.js';
import { endChildren, procText, startChild, startStopped, startZombie, statWords, stopChild } from './commands.js';
import {
  attachAll,
  closeEngines,
  counterColumns,
  ENGINES,
  emptyRow,
  engineOn,
  type Row,
  sweep,
  TREE_ENGINES,
} from './engines.js';
import { FakeProcfs, PF_KTHREAD, statText } from './fake-procfs.js';

const host = readHostUnits();

/** The row that the texts of a stopped process make, worked out here from proc(5) alone. */
function expectedRow(pid: number, name: EngineName): Row {
  const [size, resident, shared, , , data] = procText(pid, 'statm').trim().split(' ').map(Number);
  const field = (number: number) => Number(statWords(pid)[number - 3]);
  const tickNs = 1e9 / host.clockTicksPerSecond;
  return {
    rss: resident! * host.pageSize,
    rssAnon: (resident! - shared!) * host.pageSize,
    vsize: size! * host.pageSize,
    dataSize: data! * host.pageSize,
    minorFaults: field(10),
    majorFaults: field(12),
    userTime: field(14) * tickNs,
    systemTime: field(15) * tickNs,
    threads: field(20),
    parentPid: field(4),
    ...kernelColumns(pid, name),
    status: 'ok',
  };
}

/** The columns that only the engine in the kernel fills, from `status`, from the folder of a cgroup and of a namespace. */
function kernelColumns(pid: number, name: EngineName): Row {
  const names = METRICS.filter(({ engines }) => engines === 'bpf').map((metric) => metric.name);
  const absent = Object.fromEntries(names.map((column) => [column, Number.NaN]));
  if (name !== 'bpf') return absent as unknown as Row;
  const status = procText(pid, 'status');
  const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  return {
    ...absent,
    rssFile: kilobytes('RssFile'),
    rssShmem: kilobytes('RssShmem'),
    swapAnon: kilobytes('VmSwap'),
    pageTables: kilobytes('VmPTE'),
    stackSize: kilobytes('VmStk'),
    lockedSize: kilobytes('VmLck'),
    hwm: kilobytes('VmHWM'),
    vsizePeak: kilobytes('VmPeak'),
    uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)![1]),
    cgroupId: cgroupIdOf(pid),
    pidNamespace: statSync(`/proc/${pid}/ns/pid`).ino,
  } as unknown as Row;
}

/** The inode of the folder of its cgroup, where that is mounted; 1 is the root of all. */
function cgroupIdOf(pid: number): number {
  const folder = /^0::(.*)$/m.exec(procText(pid, 'cgroup'))?.[1] ?? '/';
  try {
    const mount = /^\S+ (\S+) cgroup2 /m.exec(procText(process.pid, 'mounts'))![1]!;
    return statSync(`${mount}${folder}`).ino;
  } catch {
    return expect.any(Number) as unknown as number;
  }
}

describe('the counters of live processes', () => {
  const pids: number[] = [];
  let zombie: number;
  beforeAll(async () => {
    for (let count = 0; count < 3; count++) pids.push((await startStopped()).pid);
    const script =
      'import sys, threading\nb = bytearray(32 << 20)\nsum(range(2000000))\nthreading.Thread(target=sys.stdin.read).start()\nprint(flush=True)';
    const busy = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => busy.stdout!.once('data', resolve));
    await stopChild(busy);
    pids.push(busy.pid);
    zombie = await startZombie();
  });
  afterEach(closeEngines);
  afterAll(endChildren);

  it.each(ENGINES)('are what statm and stat say, with the %s engine', (name) => {
    for (const maxKept of [0, 1, 3, 1000]) {
      const engine = engineOn(name, { maxKept });
      const slots = attachAll(engine, pids);
      for (let round = 0; round < 3; round++)
        expect(sweep(engine, slots)).toEqual(pids.map((pid) => expectedRow(pid, name)));
      // The one in the kernel keeps nothing open.
      expect(engine.kept()).toBe(name === 'bpf' ? 0 : Math.min(maxKept, pids.length * 2));
    }
  });

  it('tell a process with threads and much memory from a sleeper', () => {
    const engine = engineOn('ts');
    const rows = sweep(engine, attachAll(engine, pids));
    expect(rows[3]!.threads).toBe(2);
    expect(rows[3]!.rss).toBeGreaterThan(32 << 20);
    expect(rows[3]!.userTime).toBeGreaterThan(0);
    expect(rows[0]!.rss).toBeLessThan(16 << 20);
  });

  it('are the same bits in both engines, rows of other slots untouched', () => {
    const [native, ts] = TREE_ENGINES.map((name) => {
      const engine = engineOn(name);
      attachAll(engine, [...pids, zombie]);
      const columns = counterColumns();
      columns.values.fill(-1);
      columns.status.fill(77);
      // Not all slots, and not in order.
      expect(engine.sweepCounters(Uint32Array.of(4, 2, 0, 3), 4, columns)).toBe(0);
      return columns;
    });
    expect(new BigUint64Array(native!.values.buffer)).toEqual(new BigUint64Array(ts!.values.buffer));
    expect(native!.status).toEqual(ts!.status);
    expect(native!.status.slice(0, 6)).toEqual(Uint8Array.of(Status.ok, 77, Status.ok, Status.ok, Status.noMm, 77));
    for (const column of native!.columns) expect([column[1], column[5]]).toEqual([-1, -1]);
  });

  it.each(ENGINES)('of a zombie are its times and faults, without memory, with the %s engine', (name) => {
    const engine = engineOn(name);
    const [row] = sweep(engine, attachAll(engine, [zombie]));
    expect(row).toMatchObject({ status: 'no-mm', rss: Number.NaN, rssAnon: Number.NaN, vsize: Number.NaN });
    expect(row).toMatchObject({ dataSize: Number.NaN, threads: 1, parentPid: Number(statWords(zombie)[1]) });
  });

  it.each(ENGINES)('carry the start and the end of their sweep, with the %s engine', (name) => {
    const engine = engineOn(name);
    const slots = attachAll(engine, pids);
    const before = process.hrtime.bigint();
    sweep(engine, slots);
    const after = process.hrtime.bigint();
    const [from, to] = engine.times;
    expect(from).toBeGreaterThanOrEqual(before);
    expect(to).toBeGreaterThan(from!);
    expect(to).toBeLessThanOrEqual(after);
  });
});

describe.each(TREE_ENGINES)('the counters of a tree with the %s engine', (name) => {
  let tree: FakeProcfs;
  beforeEach(() => {
    tree = new FakeProcfs();
  });
  afterEach(() => {
    closeEngines();
    tree.destroy();
  });
  const rowOfTree = (options = {}) => {
    const engine = engineOn(name, { root: tree.root, ...options });
    return sweep(engine, attachAll(engine, [7]))[0]!;
  };
  const memory = { rss: Number.NaN, rssAnon: Number.NaN, vsize: Number.NaN, dataSize: Number.NaN };

  it('come in the units of its host', () => {
    tree.add(7, { userTicks: 7, systemTicks: 1 }, '100 50 20 10 0 30 0\n');
    const page = 65_536;
    expect(rowOfTree({ host: { pageSize: page, clockTicksPerSecond: 250 } })).toMatchObject({
      rss: 50 * page,
      rssAnon: 30 * page,
      vsize: 100 * page,
      dataSize: 30 * page,
      minorFaults: 11,
      majorFaults: 3,
      userTime: 28e6,
      systemTime: 4e6,
      threads: 2,
      parentPid: 1,
      status: 'ok',
    });
  });

  it('keep numbers of 64 bits, rounded once', () => {
    tree.add(7, { minorFaults: 1 }, '18446744073709551615 50 20 10 0 9007199254740993 0\n');
    expect(rowOfTree({ host: { pageSize: 4096, clockTicksPerSecond: 100 } })).toMatchObject({
      vsize: 2 ** 64 * 4096,
      dataSize: 9007199254740992 * 4096,
    });
  });

  it.each([
    ['no statm', undefined],
    ['an empty statm', ''],
    ['garbage in statm', 'what is this\n'],
    ['a statm of six numbers', '1 2 3 4 5 6\n'],
  ])('are unsupported and without memory given %s', (_what, text) => {
    tree.add(7);
    if (text === undefined) tree.remove(7, 'statm');
    else tree.write(7, 'statm', text);
    expect(rowOfTree()).toMatchObject({ status: 'unsupported', ...memory, minorFaults: 11, threads: 2 });
  });

  it('have no memory for zeros in statm or a kernel thread, whatever its statm says', () => {
    tree.add(7, {}, '0 0 0 0 0 0 0\n');
    expect(rowOfTree()).toMatchObject({ status: 'no-mm', ...memory, minorFaults: 11 });
    tree.add(7, { flags: PF_KTHREAD });
    expect(rowOfTree()).toMatchObject({ status: 'no-mm', ...memory, minorFaults: 11 });
  });

  it('find the memory of a helper that was a kernel thread before its exec', () => {
    tree.add(7, { flags: PF_KTHREAD, comm: 'kworker/u8:2' });
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [7]);
    expect(sweep(engine, slots)[0]!.status).toBe('no-mm');
    tree.write(7, 'stat', statText(7, { comm: 'modprobe' }));
    sweep(engine, slots);
    expect(sweep(engine, slots)[0]).toMatchObject({ status: 'ok', rss: 50 * host.pageSize });
  });

  it.each([
    ['is not there', undefined, 'gone'],
    ['is empty', '', 'unsupported'],
    ['is garbage', 'what is this\n', 'unsupported'],
    ['is cut before the start time', '7 (fake) S 1 7 7 0 -1 0 1 0 0 0 1 1 0 0 20 0 1 0', 'unsupported'],
  ])('are wholly absent when stat %s, though statm is fine', (_what, text, status) => {
    tree.add(7);
    const engine = engineOn(name, { root: tree.root, maxKept: 0 });
    const slots = attachAll(engine, [7]);
    const columns = counterColumns();
    expect(sweep(engine, slots, columns)[0]!.status).toBe('ok');
    if (text === undefined) tree.remove(7, 'stat');
    else tree.write(7, 'stat', text);
    expect(sweep(engine, slots, columns)[0]).toEqual(emptyRow(COUNTER_COLUMNS, status));
  });

  it('never show the last process of a slot', () => {
    tree.add(7);
    tree.add(8, { flags: PF_KTHREAD });
    const engine = engineOn(name, { root: tree.root });
    const columns = counterColumns();
    const slots = attachAll(engine, [7]);
    expect(sweep(engine, slots, columns)[0]!.status).toBe('ok');
    engine.attach(0, 8);
    expect(sweep(engine, slots, columns)[0]).toMatchObject({ status: 'no-mm', ...memory });
    engine.attach(0, 7);
    sweep(engine, slots, columns);
    engine.attach(0, 9);
    expect(sweep(engine, slots, columns)[0]).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
    engine.attach(0, 7);
    sweep(engine, slots, columns);
    engine.detach(0);
    expect(sweep(engine, slots, columns)[0]).toEqual(emptyRow(COUNTER_COLUMNS, 'gone'));
  });
});
