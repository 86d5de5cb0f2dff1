/** Control groups of this kernel, as a recording has them: what its files say, and what happened in them. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, type Recording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { memoryHierarchyOf } from '../../src/procfs/memory-group.js';
import type { CgroupMetricName } from '../../src/schema.js';
import { runTidemark } from '../tidemark-process.js';
import { makeCgroup } from './memory-cgroup.js';
import { MIB, scratch, until, Workload } from './workload.js';

const hierarchy = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'));
if (!hierarchy) throw new Error('no control groups are mounted here');
const { version } = hierarchy;

const FILES: Partial<Record<CgroupMetricName, [first: string, second: string]>> = {
  cgroupCurrent: ['memory.usage_in_bytes', 'memory.current'],
  cgroupPeak: ['memory.max_usage_in_bytes', 'memory.peak'],
  cgroupMax: ['memory.limit_in_bytes', 'memory.max'],
  cgroupMaxEvents: ['memory.failcnt', 'memory.events max'],
  cgroupOomKills: ['memory.oom_control oom_kill', 'memory.events oom_kill'],
  cgroupAnon: ['memory.stat total_rss', 'memory.stat anon'],
  cgroupInactiveFile: ['memory.stat total_inactive_file', 'memory.stat inactive_file'],
};
const METRICS = Object.keys(FILES) as CgroupMetricName[];

/** What the kernel's own files say of a group now. */
function told(group: string): Record<string, number> {
  return Object.fromEntries(
    METRICS.map((metric) => {
      const [file, key] = FILES[metric]![version - 1]!.split(' ');
      const text = readFileSync(path.join(hierarchy!.folder, group, file!), 'latin1');
      return [metric, Number(key === undefined ? text : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)![1])];
    }),
  );
}

function recorded(recording: Recording, group: string): Record<string, number> {
  const found = recording.groupsAt()!.groups.find((each) => each.path === group)!;
  return Object.fromEntries(METRICS.map((metric) => [metric, found.value(metric)]));
}

function refOf(recording: Recording, group: string) {
  return recording.groups().findLast((each) => each.path === group)!;
}

/** Groups that nobody uses are looked at seldom. */
const PATIENCE_MS = 60_000;

describe('control groups in a recording', () => {
  it('hold what the files of the kernel say, limits and peak and counts included', async (context) => {
    const made = makeCgroup(`tidemark-tier-${process.pid}`, 96 * MIB);
    if (typeof made === 'string') return context.skip(made);
    await using group = made;
    using folder = scratch();
    const file = folder.file('group.tide');
    await using workload = await Workload.start();
    await using victim = await Workload.start();
    for (const { pid } of [workload, victim]) group.add(pid);
    await using recorder = await startRecording({ target: { pids: [workload.pid] }, file, hz: 10, sizeBytes: 8 * MIB });
    await workload.tell(`map ${40 * MIB}`);
    await pause(1500);
    const over = once(victim.child, 'exit');
    victim.send(`map ${80 * MIB}`);
    await over;
    // The kernel takes what the dead left off the group a moment later.
    await pause(500);
    await recorder.stop();
    const kernel = told(group.path);
    using recording = openRecording(file);
    const held = recorded(recording, group.path);
    for (const metric of METRICS) {
      const off = Math.abs(held[metric]! - kernel[metric]!);
      // The kernel charges ahead for each processor and gives that back when it likes; the others are exact.
      const mayMove = metric === 'cgroupCurrent' || metric === 'cgroupAnon' || metric === 'cgroupInactiveFile';
      expect(off, metric).toBeLessThanOrEqual(mayMove ? 2 * MIB : 0);
    }
    expect(kernel.cgroupMax).toBe(96 * MIB);
    expect(kernel.cgroupOomKills).toBeGreaterThanOrEqual(1);
    const charge = recording.groupSeries(refOf(recording, group.path), 'cgroupCurrent');
    // It moved all the time: read at most ticks, and seen on its way up.
    expect(charge.value.length).toBeGreaterThan(4);
    expect(Math.max(...charge.value)).toBeGreaterThan(35 * MIB);
    const { code, stdout } = await runTidemark(['info', file, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cgroupTier: { asked: 'auto' }, fullestGroup: { limitKind: 'max' } });
    expect(JSON.parse(stdout).cgroupTier.groups).toBeGreaterThanOrEqual(1);
  });

  it('come, go and get another name', async () => {
    const name = `tidemark-lives-${process.pid}`;
    const at = (group: string) => path.join(hierarchy.folder, group);
    const remove = (group: string) => existsSync(at(group)) && rmdirSync(at(group));
    using folder = scratch();
    const file = folder.file('lives.tide');
    mkdirSync(at(`${name}-a`));
    try {
      await using workload = await Workload.start();
      await using recorder = await startRecording({
        target: { pids: [workload.pid] },
        file,
        hz: 10,
        sizeBytes: 8 * MIB,
      });
      mkdirSync(at(`${name}-b`));
      const seen = (group: string) => () => {
        using recording = openRecording(file);
        return recording.groups().some((each) => each.path === `/${group}`);
      };
      await until(seen(`${name}-b`), 'the new group', PATIENCE_MS);
      rmdirSync(at(`${name}-a`));
      await until(
        () => {
          using recording = openRecording(file);
          return recording.groups().find((each) => each.path === `/${name}-a`)?.departed;
        },
        'the end of the group',
        PATIENCE_MS,
      );
      if (version === 1) {
        renameSync(at(`${name}-b`), at(`${name}-c`));
        mkdirSync(at(`${name}-a`));
        await until(seen(`${name}-c`), 'the new name', PATIENCE_MS);
        using recording = openRecording(file);
        expect(refOf(recording, `/${name}-c`).inode).toBe(refOf(recording, `/${name}-b`).inode);
        await until(
          () => {
            using later = openRecording(file);
            return later.groups().filter((each) => each.path === `/${name}-a`).length === 2;
          },
          'the group that was made anew',
          PATIENCE_MS,
        );
      }
      await recorder.stop();
    } finally {
      for (const each of ['a', 'b', 'c']) remove(`${name}-${each}`);
    }
  }, 150_000);

  it('are left out where nobody wants them, and their rate is one', async () => {
    using folder = scratch();
    await using workload = await Workload.start();
    const record = async (name: string, ...words: string[]) => {
      const file = folder.file(name);
      const common = ['record', '-o', file, '--for', '600ms', '--hz', '20', '--pid', `${workload.pid}`, '--size', '8M'];
      return { file, ...(await runTidemark([...common, ...words])) };
    };
    const off = await record('off.tide', '--cgroups', 'off');
    expect(off.code).toBe(0);
    using without = openRecording(off.file);
    expect([without.groups(), without.groupsAt(), without.metadata.cgroupTier]).toEqual([[], undefined, undefined]);
    const often = await record('often.tide', '--cgroups', '20');
    expect(often.code).toBe(0);
    using recording = openRecording(often.file);
    expect(recording.metadata.cgroupTier).toBe('20');
    const sweeps = Math.max(...recording.groups().map((each) => each.sweeps));
    expect(sweeps).toBeGreaterThanOrEqual(10);
    const wrong = await record('wrong.tide', '--cgroups', 'sometimes');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/--cgroups.*sometimes/s);
    await expect(startRecording({ target: { pids: [workload.pid] }, cgroupTier: 0 })).rejects.toThrow(
      'Expected the "cgroupTier" option to be "auto", "off" or a number above 0 up to 1000, got 0',
    );
  });

  it('cannot be asked for where none can be read', async () => {
    using folder = scratch();
    const file = folder.file('none.tide');
    const tree = folder.file('proc');
    mkdirSync(tree);
    const { code, stderr } = await runTidemark([
      ...['record', '-o', file, '--procfs', tree, '--cgroups', '5', '--for', '100ms', '--page-size', '4096'],
      ...['--clock-ticks', '100'],
    ]);
    expect(stderr).toContain('--cgroups 5: no control groups that account memory can be read');
    expect(code).toBe(1);
    expect(existsSync(file)).toBe(false);
  });
});
