/**
 * host-tiers: what reading the host and 500 control groups ten times a second costs, beside recording one process.
 *
 * The traps: a recorder costs most in its first seconds, when its code is compiled and every group is read whole, so these are left
 * out; the difference of two recordings is small beside what other work on the machine does to either, so they take turns; and
 * groups that all lie still would be no load, so a child goes round some of them and takes and gives back memory in each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findGroupHierarchy } from '../src/engine/group-hierarchy.js';
import { startRecording } from '../src/sampler/recorder.js';
import type { Bench } from './bench-context.js';

const GROUPS = 500;
const MOVING = 25;
const HZ = 10;
const MOST_PERCENT = 0.3;

/** Goes from group to group; what it touches there is charged there, and stays until it comes again. */
const MOVER = `
const { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } = require('node:fs');
const [pid, ...groups] = [process.pid, ...process.argv.slice(1)];
const files = groups.map((group, index) => openSync('/dev/shm/tidemark-bench-' + pid + '-' + index, 'w+'));
for (let index = 0; index < files.length; index++) require('node:fs').unlinkSync('/dev/shm/tidemark-bench-' + pid + '-' + index);
const bytes = Buffer.alloc(1 << 20, 1);
let turn = 0;
setInterval(() => {
  const index = turn++ % groups.length;
  writeFileSync(groups[index] + '/cgroup.procs', String(pid));
  if (Math.floor(turn / groups.length) % 8 === 7) ftruncateSync(files[index], 0);
  else writeSync(files[index], bytes, 0, bytes.length, (Math.floor(turn / groups.length) % 8) * bytes.length);
}, 8);
`;

export const hostTiers: Bench = {
  name: 'host-tiers',
  summary: `CPU time of reading the host and ${GROUPS} control groups at ${HZ} Hz`,
  needsZoo: false,
  async run({ quick, report, note }) {
    const hierarchy = findGroupHierarchy('/proc');
    if (!hierarchy) return note('No control groups that account memory can be read here: nothing to measure');
    const top = path.join(hierarchy.folder, `tidemark-bench-${process.pid}`);
    const groups = Array.from({ length: GROUPS }, (_, index) => path.join(top, `g${index}`));
    try {
      mkdirSync(top);
      if (hierarchy.version === 2) writeFileSync(path.join(top, 'cgroup.subtree_control'), '+memory');
      for (const group of groups) mkdirSync(group);
    } catch (error) {
      return note(`No control groups may be made here: ${(error as Error).message}`);
    }
    const every = GROUPS / MOVING;
    const moving = groups.filter((_, index) => index % every === 0);
    const mover = spawn(process.execPath, ['-e', MOVER, ...moving], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      const [warmSeconds, seconds, rounds] = quick ? [2, 3, 1] : [10, 20, 3];
      const samples: Record<'off' | 'host' | 'cgroups' | 'both', number[]> = {
        off: [],
        host: [],
        cgroups: [],
        both: [],
      };
      for (let round = 0; round < rounds; round++) {
        for (const kind of Object.keys(samples) as (keyof typeof samples)[]) {
          samples[kind].push(await percentOf(mover, kind, warmSeconds, seconds));
        }
      }
      const beside = (kind: keyof typeof samples) =>
        samples[kind].map((percent, round) => percent - samples.off[round]!);
      report({
        what: `reading the host and ${GROUPS} control groups, ${MOVING} of which move, at ${HZ} Hz`,
        on: `version ${hierarchy.version}, in a helper process`,
        times: `${rounds} rounds of ${seconds} s`,
        unit: '% of a core',
        ours: { name: 'both tiers', samples: beside('both') },
        target: { relation: '<=', value: MOST_PERCENT, of: 'ours' },
        also: `the host alone ${mean(beside('host'))}, groups alone ${mean(beside('cgroups'))}, neither ${mean(samples.off)} in all`,
      });
    } finally {
      mover.kill('SIGKILL');
      await once(mover, 'exit');
      await removeAll([...groups, top]);
    }
  },
};

/** CPU time of a recorder of one process, in percent of a core. */
async function percentOf(
  target: ChildProcess,
  kind: 'off' | 'host' | 'cgroups' | 'both',
  warmSeconds: number,
  seconds: number,
): Promise<number> {
  await using recorder = await startRecording({
    ...{ target: { pids: [target.pid!] }, hz: HZ, rollup: 'off', sampler: 'process' },
    hostTier: kind === 'host' || kind === 'both' ? 'auto' : 'off',
    cgroupTier: kind === 'cgroups' || kind === 'both' ? 'auto' : 'off',
  });
  await pause(warmSeconds * 1000);
  const from = recorder.progress!;
  await pause(seconds * 1000);
  const to = recorder.progress!;
  return ((to.ownCpuNs - from.ownCpuNs) / (((to.ticks - from.ticks) / HZ) * 1e9)) * 100;
}

function mean(values: readonly number[]): string {
  return `${(values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3)} %`;
}

/** The kernel lets go of a group a moment after its last process has ended. */
async function removeAll(groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        rmdirSync(group);
        break;
      } catch {
        await pause(20);
      }
    }
  }
}
