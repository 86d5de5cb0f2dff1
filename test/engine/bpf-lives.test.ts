/** Of whom the kernel's programs tell: of a cgroup, of those in a pid namespace, of whom the kernel killed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BpfEngine } from '../../src/engine/bpf-engine.js';
import { cgroupIdOf } from '../../src/engine/cgroup-id.js';
import type { KernelSelection, Life } from '../../src/engine/lives.js';
import { endChildren, runScript, startChild, until } from './commands.js';
import { closeEngines, ENGINES, engineOn, sweep } from './engines.js';

const groups: string[] = [];
afterEach(async () => {
  closeEngines();
  await endChildren();
  for (const group of groups.splice(0).reverse()) rmdirSync(group);
});

/** A group of its own below a tree of cgroups, where that is permitted. */
function makeGroup(tree: string, name: string): string | undefined {
  const folder = path.join(tree, name);
  if (!existsSync(path.join(tree, 'cgroup.procs'))) return undefined;
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  groups.push(folder);
  return folder;
}

const trees = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [left, right] = line.split(' - ');
    return right?.startsWith('cgroup') ? [{ place: left!.split(' ')[4]!, kind: right }] : [];
  });
const version2 = trees.find(({ kind }) => kind.startsWith('cgroup2 '))?.place;
const name = `tidemark-test-${process.pid}`;
const isRoot = process.geteuid?.() === 0;

/** Runs a shell that moves into a group before it does anything else. */
function inGroup(folder: string, script: string) {
  return spawnSync('sh', ['-c', `echo $$ > ${folder}/cgroup.procs && ${script}`], { encoding: 'utf8' });
}

function listen(selection: KernelSelection): { engine: BpfEngine; lives: () => Life[] } {
  const engine = engineOn('bpf') as BpfEngine;
  expect(engine.lives.open(selection)).toBeUndefined();
  return {
    engine,
    lives: () => {
      const lives: Life[] = [];
      engine.lives.drain((life) => lives.push(life));
      return lives;
    },
  };
}

describe.runIf(ENGINES.includes('bpf'))('the kernel tells', () => {
  it.runIf(isRoot && version2 !== undefined)('only of a cgroup and those below it', () => {
    const group = makeGroup(version2!, name)!;
    const below = makeGroup(group, 'below')!;
    const cgroupId = cgroupIdOf(`/${name}`)!;
    const { lives } = listen({ kind: 'cgroup', cgroupId });
    spawnSync('/bin/true');
    const inside = inGroup(group, '/bin/true; /bin/false; exit 3');
    const deeper = inGroup(below, 'exit 4');
    const told = lives();
    const exits = told.filter(({ type }) => type === 'exit');
    const codeOf = (pid: number) => exits.find((life) => life.pid === pid)?.exitStatus;
    expect([codeOf(inside.pid), codeOf(deeper.pid)]).toEqual([3 << 8, 4 << 8]);
    expect(exits.filter(({ parentPid }) => parentPid === inside.pid).map(({ exitStatus }) => exitStatus)).toEqual([
      0, 256,
    ]);
    const ours = new Set([inside.pid, deeper.pid]);
    expect(told.filter(({ pid, parentPid }) => !ours.has(pid) && !ours.has(parentPid))).toEqual([]);
  });

  it('the number of no cgroup that is not there', () => {
    expect(cgroupIdOf(`/${name}-nobody`)).toBeUndefined();
  });

  const memory = trees.find(({ kind }) => /^cgroup .*\bmemory\b/.test(kind))?.place;
  it.runIf(isRoot && memory !== undefined)('of a process that was killed for want of memory, if it is of those', () => {
    const group = makeGroup(memory!, name)!;
    writeFileSync(path.join(group, 'memory.limit_in_bytes'), String(24 << 20));
    const all = listen({ kind: 'all' });
    const others = listen({ kind: 'uid', uid: 65_432 });
    const script = `exec python3 -c 'import os; print(os.getpid(), flush=True); b = b"x" * (512 << 20)'`;
    const { stdout, signal } = inGroup(group, script);
    const pid = Number(stdout);
    expect(signal).toBe('SIGKILL');
    const told = all.lives().filter((life) => life.pid === pid);
    const killed = told.find(({ type }) => type === 'oom')!;
    const exit = told.find(({ type }) => type === 'exit')!;
    expect(Buffer.from(killed.comm).toString()).toBe('python3');
    expect(killed.startTicks).toBe(exit.startTicks);
    expect(exit).toMatchObject({ exitStatus: 9 });
    expect(exit.peakBytes).toBeGreaterThan(12 << 20);
    expect(others.lives().filter(({ type }) => type === 'oom')).toEqual([]);
  });

  it.runIf(isRoot)('in a pid namespace of its own numbers: of a tree, and of one pid', () => {
    const script = `
      const { spawn, spawnSync } = await import('node:child_process');
      const listen = (selection) => {
        const engine = openEngine('bpf', { root: '/proc', host, maxKept: 0 });
        const refusal = engine.lives.open(selection);
        return { engine, refusal };
      };
      const tree = listen({ kind: 'tree', pids: [process.pid] });
      const none = listen({ kind: 'pids', pids: [99999] });
      const child = spawn('sleep', ['1000']);
      const one = listen({ kind: 'pids', pids: [child.pid] });
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const shell = spawnSync('sh', ['-c', '/bin/true; exit 7']);
      const told = ({ engine, refusal }) => {
        const lives = [];
        engine.lives.drain(({ type, pid, parentPid, exitStatus }) => lives.push([type, pid, parentPid, exitStatus]));
        engine.close();
        return { refusal, lives };
      };
      tell({ own: process.pid, child: child.pid, shell: shell.pid, tree: told(tree), none: told(none), one: told(one) });`;
    const prefix = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const { own, child, shell, tree, none, one } = runScript(script, {}, prefix) as {
      [name: string]: { refusal?: string; lives: [string, number, number, number][] };
    } & { own: number; child: number; shell: number };
    expect(own).toBe(1);
    expect(one).toEqual({ lives: [['exit', child, own, 9]] });
    expect(none).toEqual({ lives: [] });
    const exits = tree!.lives.filter(([type]) => type === 'exit');
    expect(exits).toContainEqual(['exit', child, own, 9]);
    expect(exits).toContainEqual(['exit', shell, own, 7 << 8]);
    expect(exits.filter(([, , parent]) => parent === shell)).toHaveLength(1);
    expect(Math.max(...tree!.lives.map(([, pid]) => pid))).toBeLessThan(1000);
  });
});

describe.runIf(ENGINES.includes('bpf') && isRoot)('a pid that is given away between two sweeps', () => {
  it('is of another process, within the same tick of the clock as well', () => {
    const script = `
      const { spawn, spawnSync } = await import('node:child_process');
      const engine = openEngine('bpf', { root: '/proc', host, maxKept: 0 });
      const columns = new TierColumns(COUNTER_COLUMNS, 8);
      const sweep = () => {
        engine.sweepCounters(Uint32Array.of(0), 1, columns);
        return STATUSES[columns.status[0]];
      };
      const rounds = [];
      for (let round = 0; round < 10; round++) {
        const first = spawn('sleep', ['1000']);
        const attached = engine.attach(0, first.pid).status;
        const before = sweep();
        first.kill('SIGKILL');
        await new Promise((resolve) => first.once('exit', resolve));
        let second;
        for (let attempt = 0; attempt < 50 && second?.pid !== first.pid; attempt++) {
          second?.kill('SIGKILL');
          fs.writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1));
          second = spawn('sleep', ['1000']);
        }
        rounds.push([attached, before, second.pid === first.pid, sweep()]);
        second.kill('SIGKILL');
        engine.detach(0);
      }
      engine.close();
      tell(rounds);`;
    const rounds = runScript(script, {}, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
    expect(rounds).toEqual(Array(10).fill(['ok', 'ok', true, 'gone']));
  });
});

describe.runIf(ENGINES.includes('bpf'))('what others do to our programs', () => {
  it('takes no link away from us', async () => {
    const ids = () => {
      const { stdout } = spawnSync('bpftool', ['link', 'show', '-j'], { encoding: 'utf8', env: PATH });
      return new Set((JSON.parse(stdout || '[]') as { id: number }[]).map(({ id }) => id));
    };
    const before = ids();
    const { engine, lives } = listen({ kind: 'all' });
    expect(engine.peaks!.turn(true)).toBeUndefined();
    const own = [...ids()].filter((id) => !before.has(id));
    expect(own.length).toBeGreaterThan(3);
    for (const id of own) spawnSync('bpftool', ['link', 'detach', 'id', String(id)], { env: PATH });
    const { pid } = spawnSync('/bin/true');
    expect(lives().filter((life) => life.pid === pid && life.type === 'exit')).toHaveLength(1);
    const child = await startChild('sleep', ['1000']);
    await until(() => readFileSync(`/proc/${child.pid}/comm`, 'latin1') === 'sleep\n', 'sleep runs');
    engine.attach(0, child.pid);
    expect(sweep(engine, Uint32Array.of(0))[0]!.status).toBe('ok');
  });

  it('makes rows lost, and crashes nothing, when their descriptors are closed', () => {
    const script = `
      const engine = openEngine('bpf', { root: '/proc', host, maxKept: 0 });
      const columns = new TierColumns(COUNTER_COLUMNS, 8);
      engine.attach(0, process.pid);
      engine.lives.open({ kind: 'all' });
      for (const fd of fs.readdirSync('/proc/self/fd')) {
        let target = '';
        try { target = fs.readlinkSync('/proc/self/fd/' + fd); } catch {}
        if (/bpf/.test(target)) fs.closeSync(Number(fd));
      }
      engine.sweepCounters(Uint32Array.of(0), 1, columns);
      const status = STATUSES[columns.status[0]];
      const rss = String(columns.columns[0][0]);
      let listed = 'listed';
      try { engine.listPids(); } catch (error) { listed = error.message; }
      engine.lives.drain(() => {});
      const attached = engine.attach(1, process.pid).status;
      engine.close();
      tell({ status, rss, listed, attached });`;
    expect(runScript(script, {})).toEqual({
      status: 'lost',
      rss: 'NaN',
      listed: expect.stringMatching(/^Cannot list the processes: EBADF/),
      attached: 'lost',
    });
  });
});

const PATH = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
