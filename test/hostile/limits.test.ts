/**
 * A recorder that may have little itself: 64 descriptors, or less memory than it takes. What it cannot have is told, and what it
 * stored stands.
 *
 * It found: Node opens all the modules of a worker at once, so with 64 descriptors none could start; a worker is one file now. With 40
 * the engine in the kernel told deep reads of living processes as `gone`; with 26 nobody was found, and that was no failure.
 */
import { existsSync } from 'node:fs';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCommand } from '../recorder/command.js';
import { makeCgroup } from '../recorder/memory-cgroup.js';
import { endChild, scratch, startSleep } from '../recorder/workload.js';
import { MAIN, runTidemark } from '../tidemark-process.js';

let folder: ReturnType<typeof scratch>;
beforeAll(() => {
  folder = scratch();
});
afterAll(() => folder[Symbol.dispose]());

const MIB = 2 ** 20;
/** One line that names the limit and the way out. */
const TOO_FEW = /^tidemark record: [^\n]*may have only \d+ files open[^\n]*raise the limit[^\n]*\n$/;
const RECORD = ['record', '--hz', '20', '--for', '1s', '--size', '16M', '--rollup', '5'];

describe.each(['auto', 'native', 'ts'])('with 64 descriptors, the engine %s', (engine) => {
  it('records every process at every tick', async () => {
    const file = folder.file(`few-${engine}.tide`);
    const words = ['--nofile=64', process.execPath, MAIN, ...RECORD, '--engine', engine, '-o', file];
    const { code, stderr } = await startCommand('prlimit', words, folder.path).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('recorded') });
    using recording = openRecording(file);
    const { ticks, coverage, damage, processes } = recording.summary();
    expect(damage).toEqual([]);
    expect(ticks.recorded + ticks.missed).toBe(ticks.expected);
    expect(ticks.recorded).toBeGreaterThanOrEqual(10);
    expect(processes.max).toBeGreaterThan(5);
    expect(coverage.attempted).toBe(coverage.stored + Object.values(coverage.dropped).reduce((a, b) => a + b, 0));
    // Of what is left over for it, some may come too late for a descriptor, at the start.
    expect(coverage.stored).toBeGreaterThan(coverage.attempted / 2);
    const { processes: last } = recording.at(recording.endNs)!;
    const read = last.filter(({ countersStatus }) => countersStatus === 'ok' || countersStatus === 'no-mm');
    expect(read.length).toBeGreaterThan(last.length * 0.9);
  });
});

describe.each(['auto', 'native', 'ts'])('with fewer, the engine %s', (engine) => {
  it.each([26, 44])('of %i, records every process or says how many there are to be', async (limit) => {
    const child = startSleep(60);
    try {
      const file = folder.file(`fewer-${engine}-${limit}.tide`);
      const words = [`--nofile=${limit}`, process.execPath, MAIN, ...RECORD, '--engine', engine, '-o', file];
      const { code, stderr } = await startCommand('prlimit', words, folder.path).ended;
      if (code !== 0) {
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(TOO_FEW) });
        expect(stderr).toContain(String(limit));
        expect(existsSync(file)).toBe(false);
        return;
      }
      using recording = openRecording(file);
      const { processes } = recording.at(recording.endNs)!;
      const one = processes.find(({ pid }) => pid === child.pid);
      expect(one).toMatchObject({ countersStatus: 'ok', values: { rss: expect.any(Number) } });
      expect(one!.rollupStatus).not.toBe('gone');
      const read = processes.filter(({ countersStatus }) => countersStatus === 'ok' || countersStatus === 'no-mm');
      expect(read.length).toBeGreaterThan(processes.length * 0.9);
    } finally {
      await endChild(child);
    }
  });
});

it.each([['ps', '-e'], ['top', '-b', '-n', '1'], ['maps', 'self'], ['doctor']])(
  'with hardly any, %s answers, or says how many there are to be',
  async (...given) => {
    const words = given.map((word) => (word === 'self' ? String(process.pid) : word));
    for (const limit of [22, 32]) {
      const command = [`--nofile=${limit}`, process.execPath, MAIN, ...words];
      const { code, stdout, stderr } = await startCommand('prlimit', command, folder.path).ended;
      if (code === 0)
        expect({ limit, stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/./), stderr: '' });
      else expect({ limit, code, stderr }).toEqual({ limit, code: 1, stderr: expect.stringMatching(/ulimit -n/) });
      if (code === 0 && words[0] === 'ps') expect(stdout).toMatch(new RegExp(`^ *${process.pid} `, 'm'));
    }
  },
);

describe.runIf(process.getuid?.() === 0)('in a control group of its own', () => {
  const recordIn = async (maxBytes: number, words: readonly string[]) => {
    const group = makeCgroup(`tidemark-test-hostile-${process.pid}-${maxBytes}`, maxBytes);
    if (typeof group === 'string') throw new Error(group);
    await using _ = group;
    const file = folder.file(`small-${maxBytes}.tide`);
    // Stopped until it is in the group, so that all of it is charged there.
    const line = ['-c', 'kill -STOP $$; exec "$@"', 'sh', process.execPath, MAIN, ...RECORD, ...words, '-o', file];
    const command = startCommand('sh', line, folder.path);
    group.add(command.child.pid!);
    await new Promise((resolve) => setTimeout(resolve, 100));
    command.child.kill('SIGCONT');
    return { file, outcome: await command.ended };
  };

  it('that has room for little more than Node, a recording is made all the same', async () => {
    const { file, outcome } = await recordIn(110 * MIB, []);
    expect(outcome).toMatchObject({ code: 0, signal: null });
    using recording = openRecording(file);
    const { ticks, damage } = recording.summary();
    expect(damage).toEqual([]);
    expect(ticks.recorded).toBeGreaterThanOrEqual(10);
  });

  it.each([30, 45, 58])('of %i MiB, it is killed, and what it stored is whole', async (mib) => {
    const { file, outcome } = await recordIn(mib * MIB, ['--for', '4s', '--mappings', '5']);
    const isKilled = outcome.signal === 'SIGKILL';
    // Node itself ends by an abort where V8 is refused memory.
    expect(isKilled || outcome.signal === 'SIGABRT' || outcome.code === 0 || /memory/i.test(outcome.stderr)).toBe(true);
    const { code, stdout, stderr } = await runTidemark(['info', '--json', file]);
    if (code !== 0) {
      // Killed before its first frame.
      expect(stderr).toMatch(/no such file|no frame|not a (?:tidemark )?recording/i);
      return;
    }
    // With 30 MiB it may have come as far as to its header.
    const { damage, ticks } = JSON.parse(stdout);
    expect(damage).toEqual([]);
    if (mib > 30) expect(ticks.recorded).toBeGreaterThan(0);
  });
});
