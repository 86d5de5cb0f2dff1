/**
 * bpf-selection: what watching ten processes costs beside five thousand others, against the same ten with nobody beside them.
 *
 * The traps: a sweep of ten is only half of it, since a recorder also looks for who is new; so whole recordings are compared,
 * by the CPU time that they say they took after their first second, in which everybody is looked at. And the others must be
 * there for one side and not for the other, so the crowd is started and ended between the rounds.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Recording } from '../src/recording/recording.js';
import type { Target } from '../src/sampler/target.js';
import { packageRoot } from '../src/text/package.js';
import type { Bench } from './bench-context.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';
import { withScratchRecording } from './scratch-recording.js';
import { ZooSweeps } from './zoo-sweeps.js';

const WATCHED = 10;
const OTHERS = 5000;
const UID = 65_432;
const HZ = 100;
const SECOND_NS = 1_000_000_000n;

interface Watched {
  readonly name: string;
  readonly target: Target;
}

export const bpfSelection: Bench = {
  name: 'bpf-selection',
  summary: `watching ${WATCHED} of ${OTHERS} processes, against watching ${WATCHED} alone`,
  needsZoo: false,
  async run({ quick, report, note }) {
    const others = quick ? 200 : OTHERS;
    const rounds = quick ? 1 : 3;
    const group = makeGroup();
    if (group === undefined) note('no cgroup of version 2 can be made here, so that selection is left out');
    const keeper = startWatched(group);
    try {
      const pids = await watchedBy(keeper.pid!);
      const watched = watchedAs(pids, group);
      const alone = watched.map((): number[] => []);
      const beside = watched.map((): number[] => []);
      const idle: number[] = [];
      const [sweepAlone, sweepBeside]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const [at, { target }] of watched.entries()) alone[at]!.push(await usPerTick(target, quick));
        sweepAlone.push(...sweepsOf(pids, quick));
        await using _crowd = await startCrowd(others);
        sweepBeside.push(...sweepsOf(pids, quick));
        for (const [at, { target }] of watched.entries()) beside[at]!.push(await usPerTick(target, quick));
        idle.push(await usPerTick('host', quick));
      }
      report({
        what: `one sweep of ${WATCHED} of ${others + WATCHED} processes, every column`,
        on: `beside ${others} sleeping processes and without them`,
        unit: 'us',
        ours: { name: 'beside others', samples: sweepBeside },
        theirs: { name: 'alone', samples: sweepAlone },
        target: { relation: '<=', value: 1.2, of: 'ratio' },
      });
      for (const [at, { name }] of watched.entries()) {
        report({
          what: `recording ${WATCHED} of ${others + WATCHED} processes, chosen by ${name}`,
          on: `${HZ} Hz, beside ${others} sleeping processes and without them`,
          unit: 'us/tick',
          ours: { name: 'beside others', samples: beside[at]! },
          theirs: { name: 'alone', samples: alone[at]! },
          target: { relation: '<=', value: 1.2, of: 'ratio' },
          also: `the whole host takes ${idle.map((us) => us.toFixed(0)).join(', ')} us a tick`,
        });
      }
    } finally {
      keeper.kill('SIGTERM');
      await new Promise((resolve) => keeper.once('exit', resolve));
      if (group !== undefined) rmdirSync(group);
    }
  },
};

/** A tree of ten sleeping processes, its root among them, that is a cgroup, a user and a pid namespace as well. */
function startWatched(group: string | undefined) {
  const enter = group === undefined ? '' : `echo $$ > ${path.join(group, 'cgroup.procs')} && `;
  const sleepers = Array.from({ length: WATCHED - 1 }, () => 'sleep 1000000 &').join(' ');
  const inside = `trap 'kill $(jobs -p); exit' TERM; ${sleepers} wait`;
  const launch = `${enter}exec unshare --pid --fork --kill-child setpriv --reuid=${UID} sh -c "$0"`;
  return spawn('sh', ['-c', launch, inside], { stdio: 'ignore' });
}

async function watchedBy(keeper: number): Promise<number[]> {
  const childrenOf = (pid: number) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);
  for (let attempt = 0; attempt < 100; attempt++) {
    await pause(50);
    const [root] = childrenOf(keeper);
    if (root === undefined) continue;
    const pids = [root, ...childrenOf(root)];
    if (pids.length === WATCHED) return pids;
  }
  throw new Error('The processes to watch did not come up');
}

function watchedAs(pids: number[], group: string | undefined): Watched[] {
  const [root] = pids;
  const pidNamespace = Number(/\d+/.exec(readlinkSync(`/proc/${root}/ns/pid`))![0]);
  return [
    { name: 'pid', target: { pids } },
    { name: 'descent', target: { tree: root! } },
    ...(group === undefined ? [] : [{ name: 'cgroup', target: { cgroup: `/${path.basename(group)}` } }]),
    { name: 'user', target: { uid: UID } },
    { name: 'pid namespace', target: { pidNamespace } },
  ];
}

/** A cgroup of its own where that is permitted. */
function makeGroup(): string | undefined {
  const { stdout } = spawnSync('findmnt', ['-n', '-o', 'TARGET', '-t', 'cgroup2'], { encoding: 'utf8' });
  const folder = path.join((stdout ?? '').split('\n')[0]!.trim() || '/nowhere', `tidemark-bench-${process.pid}`);
  try {
    mkdirSync(folder);
    return existsSync(path.join(folder, 'cgroup.procs')) ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function startCrowd(processes: number): Promise<RoundChild> {
  const python = findPython();
  if (python === undefined) throw new Error('This needs python3, and none is on the PATH');
  const crowd = new RoundChild('The crowd', python, [path.join(packageRoot(), 'bench', 'zoo.py')]);
  await crowd.ask(`start ${processes} 0`);
  return crowd;
}

/** CPU time of sweeps of nobody else; the first ones find cold caches. */
function sweepsOf(pids: readonly number[], quick: boolean): number[] {
  using sweeps = new ZooSweeps('bpf', pids);
  const rounds = quick ? 20 : 300;
  const us = Array.from({ length: rounds + 20 }, () => sweeps.round('counters').cpuNs / 1000);
  return us.slice(20);
}

/** CPU time of the recorder per tick, of those after the first second. */
function usPerTick(target: Target, quick: boolean): Promise<number> {
  const options = {
    engine: 'bpf',
    hz: HZ,
    rollup: 'off',
    sampler: 'process',
    durationMs: quick ? 2000 : 6000,
  } as const;
  return withScratchRecording({ ...options, target }, steadyCost);
}

function steadyCost(recording: Recording): number {
  const walk = recording.walk();
  let first: { readonly ns: bigint } | undefined;
  let from: { readonly cpu: number; readonly tick: number } | undefined;
  let to = { cpu: 0, tick: 0 };
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    first ??= { ns: walk.startNs };
    to = { cpu: walk.scalar('ownCpu'), tick: walk.scalar('tick') };
    if (!from && walk.startNs - first.ns >= SECOND_NS) from = to;
  }
  if (!from || to.tick <= from.tick) throw new Error('The recording is too short to tell what a tick costs');
  return (to.cpu - from.cpu) / 1000 / (to.tick - from.tick);
}
