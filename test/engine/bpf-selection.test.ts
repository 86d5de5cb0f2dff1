/** Whom the engine in the kernel lists when it is asked for some only: as many as procfs says, by both methods. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BpfEngine } from '../../src/engine/bpf-engine.js';
import { cgroupIdOf } from '../../src/engine/cgroup-id.js';
import type { KernelSelection } from '../../src/engine/lives.js';
import { endChild, endChildren, procText, startChild, until } from './commands.js';
import { closeEngines, ENGINES, engineOn } from './engines.js';

const UID = 65_431;
const isRoot = process.geteuid?.() === 0;
const version2 = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .map((line) => line.split(' - '))
  .find(([, right]) => right?.startsWith('cgroup2 '))?.[0]
  ?.split(' ')[4];
const group = version2 === undefined ? '' : path.join(version2, `tidemark-select-${process.pid}`);

afterEach(async () => {
  closeEngines();
  await endChildren();
  if (group !== '' && existsSync(group)) for (const folder of [path.join(group, 'below'), group]) rmdirSync(folder);
});

const started = async (command: string, words: readonly string[]) => {
  const child = await startChild(command, words);
  await until(() => procText(child.pid, 'comm') === 'sleep\n', 'sleep runs');
  return child;
};
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);

describe.runIf(ENGINES.includes('bpf') && isRoot).each(['walk', 'iterate'] as const)('by %s', (method) => {
  // Some kernels hide processes from programs; they are always listed.
  const hidden = new Set(hiddenFrom(method));
  const listed = (selection: KernelSelection) => {
    const engine = engineOn('bpf', { method }) as BpfEngine;
    engine.narrow(selection);
    return { engine, pids: () => [...engine.listPids()].filter((pid) => !hidden.has(pid)) };
  };

  it('a user has those whose effective user it is', async () => {
    const one = await started('setpriv', [`--reuid=${UID}`, 'sleep', '1000']);
    const real = await started('setpriv', [`--ruid=${UID}`, 'sleep', '1000']);
    const { pids } = listed({ kind: 'uid', uid: UID });
    expect(pids()).toEqual([one.pid]);
    expect(listed({ kind: 'uid', uid: 0 }).pids()).toContain(real.pid);
  });

  it('a pid namespace has those who live in it, and not those below', async () => {
    const keeper = await startChild('unshare', [
      '--pid',
      '--fork',
      '--kill-child',
      'unshare',
      '--pid',
      '--fork',
      'sleep',
      '1000',
    ]);
    await until(() => childrenOf(keeper.pid).flatMap(childrenOf).length === 1, 'both namespaces are there');
    const [inner] = childrenOf(keeper.pid);
    const [below] = childrenOf(inner!);
    const numberOf = (pid: number) => Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/pid`))![0]);
    expect(listed({ kind: 'namespace', pidNamespace: numberOf(inner!) }).pids()).toEqual([inner]);
    expect(listed({ kind: 'namespace', pidNamespace: numberOf(below!) }).pids()).toEqual([below]);
    const here = listed({ kind: 'namespace', pidNamespace: numberOf(process.pid) }).pids();
    expect(here).toEqual(expect.arrayContaining([process.pid, keeper.pid]));
    expect(here).not.toContain(inner);
    expect(listed({ kind: 'namespace', pidNamespace: 0xeffffff1 }).pids()).toEqual([]);
  });

  it('a tree has its root, who descends from it, and who descends from one that is kept', async () => {
    const shell = await startChild('sh', ['-c', 'sleep 1000 & (sleep 1000 & exec sleep 1000) & wait']);
    await until(() => childrenOf(shell.pid).flatMap(childrenOf).length === 1, 'the grandchild is there');
    const [first, second] = childrenOf(shell.pid);
    const [grandchild] = childrenOf(second!);
    const stranger = await started('sleep', ['1000']);
    const sorted = (pids: readonly number[]) => [...pids].sort((a, b) => a - b);
    const { engine, pids } = listed({ kind: 'tree', pids: [shell.pid] });
    expect(sorted(pids())).toEqual(sorted([shell.pid, first!, second!, grandchild!]));
    expect(engine.attach(0, second!).status).toBe('ok');
    await endChild(shell);
    expect(sorted(pids())).toEqual(sorted([second!, grandchild!]));
    engine.detach(0);
    expect(pids()).toEqual([]);
    for (const pid of [first!, second!, grandchild!]) process.kill(pid);
    expect(pids()).not.toContain(stranger.pid);
  });

  it.runIf(version2 !== undefined)('a cgroup has those below it', async () => {
    mkdirSync(path.join(group, 'below'), { recursive: true });
    const [inside, deeper, outside] = [
      await started('sleep', ['1000']),
      await started('sleep', ['1000']),
      await started('sleep', ['1000']),
    ];
    writeFileSync(path.join(group, 'cgroup.procs'), String(inside.pid));
    writeFileSync(path.join(group, 'below', 'cgroup.procs'), String(deeper.pid));
    const { pids } = listed({ kind: 'cgroup', cgroupId: cgroupIdOf(`/${path.basename(group)}`)! });
    expect(pids().sort()).toEqual([inside.pid, deeper.pid].sort());
    const root = listed({ kind: 'cgroup', cgroupId: cgroupIdOf('/')! }).pids();
    expect(root).toEqual(expect.arrayContaining([inside.pid, outside.pid]));
    await endChildren();
  });

  it('still knows everybody by pid, and counts on everybody for the choice between a pick and a walk', async () => {
    const child = await started('sleep', ['1000']);
    const { engine, pids } = listed({ kind: 'uid', uid: UID });
    expect(pids()).toEqual([]);
    expect(engine.attach(0, child.pid).status).toBe('ok');
    engine.narrow({ kind: 'all' });
    const all = new Set(pids());
    const shown = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    expect(shown.filter((pid) => !all.has(pid)).length).toBeLessThan(5);
  });
});

describe.runIf(ENGINES.includes('bpf') && isRoot)('the kernel tells', () => {
  it('only of those who live in a pid namespace', () => {
    const engine = engineOn('bpf') as BpfEngine;
    const here = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]);
    expect(engine.lives.open({ kind: 'namespace', pidNamespace: here })).toBeUndefined();
    const outside = spawnSync('sh', ['-c', 'exit 5']);
    const inside = spawnSync('unshare', ['--pid', '--fork', 'sh', '-c', 'exit 6']);
    expect(inside.status).toBe(6);
    const exits: [number, number][] = [];
    engine.lives.drain((life) => {
      if (life.type === 'exit') exits.push([life.pid, life.exitStatus]);
    });
    expect(exits).toContainEqual([outside.pid, 5 << 8]);
    expect(exits).toContainEqual([inside.pid, 6 << 8]);
    // The shell in the namespace below ended with 6 as well, and is not told of.
    expect(exits.filter(([, status]) => status === 6 << 8)).toHaveLength(1);
  });
});

/** Whom a program of that method does not see: they are listed for a namespace in which nobody is. */
function hiddenFrom(method: 'walk' | 'iterate'): number[] {
  const engine = engineOn('bpf', { method }) as BpfEngine;
  engine.narrow({ kind: 'namespace', pidNamespace: 0xeffffff1 });
  const pids = [...engine.listPids()];
  engine.close();
  return pids;
}
