/**
 * One process of very many mappings: 200,000, and two million in the long form. Every command that shows them answers, within the memory
 * that so many rows take, and a recorder beside it keeps its ticks.
 *
 * It found: what reads a text of one piece gave up after a second, and took a process that answered all the time for one that is locked.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endChild, scratch } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';
import { compile, IS_LONG, startReady } from './programs.js';

const MOST_OF_PROCESS = '/proc/sys/vm/max_map_count';
const WANTED = IS_LONG ? 2_000_000 : 200_000;

let folder: ReturnType<typeof scratch>;
let child: ChildProcess;
let mappings: number;
const allowedBefore = readFileSync(MOST_OF_PROCESS, 'latin1');
beforeAll(async () => {
  folder = scratch();
  try {
    writeFileSync(MOST_OF_PROCESS, String(WANTED + 1000));
  } catch {
    // In a container that may not: as many as a process may have here.
  }
  const most = Math.min(WANTED, Number(readFileSync(MOST_OF_PROCESS, 'latin1')) - 1000);
  child = await startReady(compile('many-mappings', folder.path, ['-static']), [String(most)]);
  mappings = readFileSync(`/proc/${child.pid}/maps`, 'latin1').split('\n').length - 1;
  expect(mappings).toBeGreaterThanOrEqual(most);
}, 120_000);
afterAll(async () => {
  await endChild(child);
  try {
    writeFileSync(MOST_OF_PROCESS, allowedBefore);
  } catch {}
  folder[Symbol.dispose]();
});

/** Runs `tidemark` on the process; the lines that it prints, its most resident bytes for each mapping, and what it says. */
function ask(words: readonly string[]) {
  const script = `
import resource, subprocess, sys
ended = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], 'wb'))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(ended.returncode)`;
  const out = folder.file('out');
  const command = [process.execPath, MAIN, ...words, String(child.pid)];
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, out, ...command], { encoding: 'utf8' });
  const lines = Number(spawnSync('wc', ['-l', out], { encoding: 'utf8' }).stdout.split(' ')[0]);
  return { status, stderr, lines, bytesPerMapping: (Number(stdout) - 60 * 2 ** 20) / mappings };
}

const MORE_TIME = IS_LONG ? 300_000 : 30_000;

describe('of one process of very many mappings', () => {
  it.each([
    [['maps'], (rows: number) => rows, 300],
    [['pmap'], (rows: number) => rows + 2, 300],
    [['segments'], () => 20, 4000],
  ])(
    '%j answers',
    (words, linesOf, most) => {
      const { status, stderr, lines, bytesPerMapping } = ask(words);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const expected = linesOf(mappings);
      expect(Math.abs(lines - expected)).toBeLessThan(20);
      expect(bytesPerMapping).toBeLessThan(most);
    },
    MORE_TIME,
  );

  it('a recorder keeps most of its ticks and tells of the reads that it gave up', () => {
    const file = folder.file('a.tide');
    const words = ['--hz', '10', '--for', '3s', '--rollup', '2', '--mappings', '1', '--size', '16M'];
    const args = [MAIN, 'record', '--pid', String(child.pid), ...words, '-o', file];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('recorded') });
    using recording = openRecording(file);
    const { ticks, coverage, damage } = recording.summary();
    expect(damage).toEqual([]);
    expect(ticks.recorded + ticks.missed).toBe(ticks.expected);
    expect(ticks.recorded).toBeGreaterThanOrEqual(15);
    expect(coverage.attempted).toBe(coverage.stored + Object.values(coverage.dropped).reduce((a, b) => a + b, 0));
    const [one] = recording.at(recording.endNs)!.processes;
    expect(one).toMatchObject({ pid: child.pid, countersStatus: 'ok', values: { vsize: expect.any(Number) } });
    expect(one!.values.vsize).toBeGreaterThan(mappings * 4096 * 0.9);
  }, 60_000);
});
