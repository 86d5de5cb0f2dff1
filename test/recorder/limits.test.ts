/** Limits of real processes, in a recording and in the words of its report. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { openRecording, type Recording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { collectLimits } from '../../src/recording/limits.js';
import { runTidemark } from '../tidemark-process.js';
import { makeCgroup } from './memory-cgroup.js';
import { MIB, scratch, until, Workload } from './workload.js';

const GIB = 1024 * MIB;

const limitsOf = (recording: Recording) => collectLimits(recording.events(), 0n);

/** The findings of the page, from its data. */
async function findingsOf(file: string): Promise<string[]> {
  const { stdout, code } = await runTidemark(['report', file]);
  expect(code).toBe(0);
  const { inflateRawSync } = await import('node:zlib');
  const head = /id="block-head">([^<]*)</.exec(stdout)![1]!;
  const { findings } = JSON.parse(inflateRawSync(Buffer.from(head, 'base64')).toString()) as {
    findings: { text: string }[];
  };
  return findings.map(({ text }) => text);
}

describe('limits', () => {
  it('of a process itself are recorded, and the report tells how near it came', async () => {
    using folder = scratch();
    const file = folder.file('own.tide');
    await using workload = await Workload.start();
    execFileSync('prlimit', ['--pid', `${workload.pid}`, `--as=${GIB}`]);
    await using recorder = await startRecording({ target: { pids: [workload.pid] }, file, hz: 50, sizeBytes: 4 * MIB });
    await workload.tell(`map ${768 * MIB}`);
    await until(() => (recorder.now()?.processes[0]?.values.rss ?? 0) > 700 * MIB);
    await recorder.stop();
    using recording = openRecording(file);
    const [limit] = [...limitsOf(recording).processes.values()];
    expect(limit).toMatchObject({ addressSpace: GIB });
    expect(await findingsOf(file)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^python3 \\(${workload.pid}\\) peaked at \\d+\\.\\d MiB of address space: [789]\\d % of its limit of 1\\.0 GiB \\(RLIMIT_AS\\)\\.$`,
        ),
      ),
    );
  });

  it('of control groups are recorded, with what was charged, who is in them and who was killed', async (context) => {
    const made = makeCgroup(`tidemark-limits-${process.pid}`, 96 * MIB);
    if (typeof made === 'string') return context.skip(made);
    await using group = made;
    using folder = scratch();
    const file = folder.file('group.tide');
    await using workload = await Workload.start();
    await using victim = await Workload.start();
    for (const { pid } of [workload, victim]) group.add(pid);
    const pids = [workload.pid, victim.pid];
    await using recorder = await startRecording({
      target: { pids },
      file,
      hz: 50,
      engine: 'native',
      sizeBytes: 4 * MIB,
    });
    await workload.tell(`map ${40 * MIB}`);
    await until(() => recorder.now()?.processes.some(({ values }) => (values.rss ?? 0) > 40 * MIB));
    const over = once(victim.child, 'exit');
    victim.send(`map ${80 * MIB}`);
    const [, signal] = await over;
    expect(signal).toBe('SIGKILL');
    await recorder.stop();
    using recording = openRecording(file);
    const { groups, processes } = limitsOf(recording);
    expect(groups).toMatchObject([{ path: group.path, max: 96 * MIB, isExact: true, oomKills: 1 }]);
    expect(groups[0]!.used).toBeGreaterThan(90 * MIB);
    expect(groups[0]!.used).toBeLessThanOrEqual(96 * MIB);
    expect([...processes.values()].map((limits) => limits.group)).toEqual([group.path, group.path]);
    const findings = await findingsOf(file);
    expect(findings[0]).toBe(
      `Out of memory: the kernel killed a process of control group ${group.path}, which may have 96.0 MiB.`,
    );
    expect(findings).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^Control group ${group.path} peaked at 9\\d\\.\\d MiB, page cache included: (9\\d|100) % of its limit of 96\\.0 MiB\\.$`,
        ),
      ),
    );
  });
});
