/** What only the engine in the kernel does: lives, peaks, two methods, least privilege, and refusals with a reason. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { BpfEngine } from '../../src/engine/bpf-engine.js';
import { chooseSweepingEngine, explainRefusal } from '../../src/engine/choose-sweeping.js';
import type { Life } from '../../src/engine/lives.js';
import { findAddon } from '../../src/engine/native-binding.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { COUNTER_COLUMNS } from '../../src/schema.js';
import { endChildren, procText, runScript, startChild, startStopped, statWords, until } from './commands.js';
import { attachAll, closeEngines, counterColumns, ENGINES, engineOn, rowOf, sweep, sweepRollup } from './engines.js';

const host = readHostUnits();
const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-test-bpf-'));
afterEach(async () => {
  closeEngines();
  await endChildren();
});
afterAll(() => rmSync(scratch, { recursive: true }));

const bpf = (options = {}) => engineOn('bpf', options) as BpfEngine;

describe.runIf(ENGINES.includes('bpf'))('the engine in the kernel', () => {
  it('is used where the host allows it, and not for another tree', () => {
    expect(chooseSweepingEngine('bpf', { root: '/proc', host })).toMatchObject({ name: 'bpf' });
    const { name, reason } = chooseSweepingEngine('auto', { root: '/proc', host });
    expect({ name, reason }).toEqual({ name: 'bpf', reason: expect.stringMatching(/^the kernel takes it; counters /) });
    expect(chooseSweepingEngine('auto', { root: scratch, host })).toEqual({
      name: 'native',
      reason: expect.stringMatching(/^the addon loads .*; bpf cannot be used: .* is no procfs/),
    });
    expect(() => chooseSweepingEngine('bpf', { root: scratch, host })).toThrow(
      /The bpf engine cannot be used: .*is no procfs/,
    );
  });

  it.each(['walk', 'iterate'] as const)('gives the same rows by %s, threads included', async (method) => {
    const script =
      'import sys, threading\nsum(range(3000000))\nthreading.Thread(target=lambda: (sum(range(3000000)), sys.stdin.read())).start()\nimport time; time.sleep(0.5)\nprint(flush=True)';
    const busy = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => busy.stdout!.once('data', resolve));
    busy.kill('SIGSTOP');
    await until(() => statWords(busy.pid)[0] === 'T', 'it is stopped');
    const pids = [busy.pid, (await startStopped()).pid];
    const engine = bpf({ method });
    expect(engine.method).toBe(method);
    const rows = sweep(engine, attachAll(engine, pids));
    pids.forEach((pid, index) => {
      const field = (number: number) => Number(statWords(pid)[number - 3]);
      const tickNs = 1e9 / host.clockTicksPerSecond;
      expect(rows[index]).toMatchObject({
        status: 'ok',
        rss: Number(procText(pid, 'statm').split(' ')[1]) * host.pageSize,
        minorFaults: field(10),
        userTime: field(14) * tickNs,
        systemTime: field(15) * tickNs,
        threads: field(20),
      });
    });
    expect(rows[0]!.threads).toBe(2);
  });

  it('reads running processes within what they can have changed meanwhile', async () => {
    const script = 'import time\nprint(flush=True)\nwhile True:\n  b = bytearray(8 << 20); del b';
    const moving = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => moving.stdout!.once('data', resolve));
    const engine = bpf();
    const slots = attachAll(engine, [moving.pid]);
    for (let round = 0; round < 50; round++) {
      const row = sweep(engine, slots)[0]!;
      expect(row.rss).toBe((row.rssAnon as number) + (row.rssFile as number) + (row.rssShmem as number));
      expect(row.hwm).toBeGreaterThanOrEqual(row.rss as number);
      expect(row.rss).toBeLessThan(64 << 20);
      expect(row.rss).toBeGreaterThan(4 << 20);
    }
  });

  it('makes room for slots far away, and keeps the others', async () => {
    const [near, far] = [await startStopped(), await startStopped()];
    const engine = bpf();
    engine.attach(1, near.pid);
    expect(engine.attach(20_000, far.pid).status).toBe('ok');
    const columns = counterColumns(20_001);
    // Times are due of neither slot: both have those of the look that attached them, which more room must not lose.
    engine.sweepCounters(Uint32Array.of(1, 20_000), 2, columns, 2 ** 30, 7);
    expect([rowOf(columns, 1).status, rowOf(columns, 20_000).status]).toEqual(['ok', 'ok']);
    for (const [slot, { pid }] of [
      [1, near],
      [20_000, far],
    ] as const) {
      expect(rowOf(columns, slot)).toMatchObject({ threads: 1, minorFaults: Number(statWords(pid)[7]) });
    }
  });

  it('gives a name of sixteen hostile bytes raw', async () => {
    const script =
      "import ctypes, time\nctypes.CDLL(None).prctl(15, b'\\x1b]0;)\\n(\\xff\\xfe abcde')\nprint(flush=True)\ntime.sleep(1000)";
    const hostile = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => hostile.stdout!.once('data', resolve));
    const engine = bpf();
    attachAll(engine, [hostile.pid]);
    expect(engine.comm(0)).toEqual(new Uint8Array(Buffer.from('\x1b]0;)\n(\xff\xfe abcde', 'latin1')));
  });

  it('hears of every process of a burst: fork, exec, exit with its code and its peak', () => {
    const engine = bpf();
    expect(engine.lives.open({ kind: 'all' })).toBeUndefined();
    const { pid } = spawnSync('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9; do /bin/true; /bin/false; done; exit 7']);
    const lives: Life[] = [];
    engine.lives.drain((life) => lives.push(life));
    const shell = lives.find((life) => life.type === 'exit' && life.pid === pid)!;
    expect(shell).toMatchObject({ exitStatus: 7 << 8, parentPid: process.pid });
    expect(shell.peakBytes).toBeGreaterThan(500_000);
    const children = lives.filter((life) => life.parentPid === pid);
    const named = (type: string, comm: string) =>
      children.filter((life) => life.type === type && Buffer.from(life.comm).toString() === comm);
    expect(children.filter(({ type }) => type === 'fork')).toHaveLength(18);
    expect(named('exec', 'true')).toHaveLength(9);
    expect(named('exit', 'true').map(({ exitStatus }) => exitStatus)).toEqual(Array(9).fill(0));
    expect(named('exit', 'false').map(({ exitStatus }) => exitStatus)).toEqual(Array(9).fill(256));
    for (const { peakBytes } of named('exit', 'true')) expect(peakBytes).toBeGreaterThan(500_000);
    expect(engine.lives.counts().lost).toBe(0);
  });

  it('counts the CPU time of an exit, and tells the signal', async () => {
    const engine = bpf();
    engine.lives.open({ kind: 'all' });
    const script =
      'import os, time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\nos.kill(os.getpid(), 9)';
    const { pid } = spawnSync('python3', ['-c', script]);
    let exit: Life | undefined;
    engine.lives.drain((life) => {
      if (life.pid === pid && life.type === 'exit') exit = life;
    });
    expect(exit).toMatchObject({ exitStatus: 9 });
    expect(exit!.cpuNs).toBeGreaterThan(190e6);
  });

  it('tells only of a tree, of some pids or of a user, when asked', async () => {
    const of = (selection: Parameters<BpfEngine['lives']['open']>[0], run: () => number | undefined) => {
      const engine = bpf();
      expect(engine.lives.open(selection)).toBeUndefined();
      const wanted = run();
      spawnSync('/bin/true');
      const pids = new Set<number>();
      engine.lives.drain((life) => pids.add(life.parentPid).add(life.pid));
      return { wanted, pids, told: engine.lives.counts().told };
    };
    const tree = of({ kind: 'tree', pids: [process.pid] }, () => spawnSync('sh', ['-c', '/bin/true; /bin/true']).pid);
    expect(tree.pids.has(tree.wanted!)).toBe(true);
    const none = of({ kind: 'pids', pids: [2] }, () => spawnSync('/bin/true').pid);
    expect([none.pids.has(none.wanted!), none.told]).toEqual([false, 0]);
    const user = of({ kind: 'uid', uid: 65_432 }, () => spawnSync('sh', ['-c', ':'], { uid: 65_432 }).pid);
    expect([...user.pids]).toContain(user.wanted);
  });

  it('counts what was lost when the ring is full', () => {
    const engine = bpf();
    engine.lives.open({ kind: 'all' }, 4096);
    spawnSync('sh', ['-c', 'for i in $(seq 100); do /bin/true; done']);
    const { told, lost } = engine.lives.counts();
    expect(told).toBeLessThan(60);
    expect(lost).toBeGreaterThan(200);
  });

  it('shows a spike that is over at the next sweep', async () => {
    const script =
      'import sys, mmap\nprint(flush=True)\nfor line in sys.stdin:\n  m = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.write(b"x" * (64 << 20)); m.close()\n  print(flush=True)';
    const spiky = await startChild('python3', ['-c', script]);
    // It sleeps also while it comes up, waiting for its files.
    await new Promise((resolve) => spiky.stdout!.once('data', resolve));
    await until(() => statWords(spiky.pid)[0] === 'S', 'it waits');
    const engine = bpf();
    expect(engine.peaks!.turn(true)).toBeUndefined();
    const slots = attachAll(engine, [spiky.pid]);
    sweep(engine, slots);
    const quiet = sweep(engine, slots)[0]!;
    expect([quiet.rssLow, quiet.rssHigh]).toEqual([quiet.rss, quiet.rss]);
    spiky.stdin!.write('go\n');
    await new Promise((resolve) => spiky.stdout!.once('data', resolve));
    const after = sweep(engine, slots)[0]!;
    expect(after.rssHigh).toBeGreaterThan((after.rss as number) + (60 << 20));
    expect(after.rssLow).toBeLessThanOrEqual(after.rss as number);
    expect(engine.peaks!.events()).toBeGreaterThan(1000);
  });

  it('works twice at once', async () => {
    const { pid } = await startStopped();
    const [one, two] = [bpf(), bpf()];
    for (const engine of [one, two]) engine.lives.open({ kind: 'all' });
    const rows = [one, two].map((engine) => sweep(engine, attachAll(engine, [pid]))[0]!);
    expect(rows[0]).toEqual(rows[1]);
    spawnSync('/bin/true');
    for (const engine of [one, two]) expect(engine.lives.counts().told).toBeGreaterThan(2);
  });

  it('makes the deep reads of the same process, and of nobody who has its pid now', async () => {
    const { pid } = await startStopped();
    const engine = bpf();
    const slots = attachAll(engine, [pid]);
    expect(sweepRollup(engine, slots)[0]!.status).toBe('ok');
    expect(engine.kept()).toBe(0);
  });

  it('needs CAP_BPF and CAP_PERFMON and no other capability', () => {
    const script = `
      const engine = openEngine('bpf', { root: '/proc', host, maxKept: 0 });
      const slots = Uint32Array.of(0);
      const columns = new TierColumns(COUNTER_COLUMNS, 8);
      const attached = engine.attach(0, process.pid).status;
      engine.sweepCounters(slots, 1, columns);
      const lives = engine.lives.open({ kind: 'all' }) ?? 'ok';
      const peaks = engine.peaks.turn(true) ?? 'ok';
      tell({ attached, status: STATUSES[columns.status[0]], lives, peaks, euid: process.geteuid(), held: /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1] });`;
    const only = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const caps = '--inh-caps=-all,+bpf,+perfmon';
    const prefix = [...only, caps, '--ambient-caps=-all,+bpf,+perfmon', '--bounding-set=-all,+bpf,+perfmon'];
    expect(runScript(script, {}, prefix)).toEqual({
      attached: 'ok',
      status: 'ok',
      lives: 'ok',
      peaks: 'ok',
      euid: 65_534,
      held: '000000c000000000',
    });
  });

  it('says what to grant without them, and is not chosen', () => {
    const script = `
      const { chooseSweepingEngine, bpfAvailability } = await import(values.url);
      const options = { root: '/proc', host };
      let refused;
      try { chooseSweepingEngine('bpf', options); } catch (error) { refused = error.message; }
      tell({ auto: chooseSweepingEngine('auto', options), refused });`;
    const url = new URL('../../dist/engine/choose-sweeping.js', import.meta.url).href;
    const result = runScript(script, { url }, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
    expect(result).toMatchObject({
      auto: {
        name: 'native',
        reason: expect.stringMatching(/the addon loads .*; bpf cannot be used: .*lacks CAP_PERFMON/),
      },
      refused: expect.stringMatching(
        /lacks CAP_PERFMON and CAP_BPF.*Grant: run as root or grant CAP_BPF and CAP_PERFMON/,
      ),
    });
  });
});

describe.runIf(ENGINES.includes('bpf'))('a program that the kernel does not take', () => {
  /** Opens a copy of the addon in which some bytes are others. */
  const open = (from: string, to: string, method: number): string => {
    const file = path.join(scratch, `${Math.random()}.node`);
    copyFileSync(findAddon('tidemark_bpf')!, file);
    const bytes = readFileSync(file);
    let found = 0;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1), found++)
      bytes.write(to, at, 'latin1');
    expect(found).toBeGreaterThan(0);
    writeFileSync(file, bytes);
    const script = `
      const module = { exports: {} };
      process.dlopen(module, values.file);
      try { new module.exports.KernelCounters(4096, 100, 32, values.method, true); tell('taken'); }
      catch (error) { tell(error.errno + ' ' + error.message); }`;
    return runScript(script, { file, method }) as string;
  };

  it.each([1, 2])('for its licence is refused with the reason of the verifier, by method %i', (method) => {
    expect(open('Dual MIT/GPL\0', 'All reserved\0', method)).toMatch(/^-22 .*GPL/);
  });

  it('for a type that has moved is refused, and nothing crashes', () => {
    expect(open('\0start_boottime\0', '\0started_before\0', 1)).toMatch(/^-\d+ ./);
  });
});

describe('a refusal', () => {
  it('names what a kernel lacks', () => {
    const error = (errno: number, message: string) => Object.assign(new Error(message), { errno });
    expect(explainRefusal(error(-38, 'Function not implemented'))).toMatchObject({ works: false });
    const unknown = explainRefusal(error(-22, 'Invalid argument: unknown func'));
    expect(unknown).toMatchObject({ works: false, reason: expect.stringContaining('unknown func') });
    expect(COUNTER_COLUMNS).toContain('rssHigh');
    expect(BpfEngine).toBeTypeOf('function');
  });
});
