/** `tidemark record --procfs`: trees that are empty, partial, of a foreign host, or closed to us. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording, type ProcessReading, readStatm } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCommand, startTidemark } from './recorder/command.js';
import { endChild, scratch, startSleep } from './recorder/workload.js';
import { MAIN } from './tidemark-process.js';

let folder: ReturnType<typeof scratch>;
beforeAll(() => {
  folder = scratch();
});
afterAll(() => folder[Symbol.dispose]());

const UNITS = ['--page-size', '4096', '--clock-ticks', '100'];

const stat = (pid: number, name: string, startTicks = 99) =>
  `${pid} (${name}) S 1 ${pid} ${pid} 0 -1 0 11 0 3 0 7 5 0 0 20 0 2 0 ${startTicks} 409600 5 18446744073709551615\n`;
const ROLLUP =
  '1000-2fff ---p 00000000 00:00 0 [rollup]\nRss: 320 kB\nPss: 100 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 64 kB\n';

/** A tree with these files below each pid. */
function treeWith(name: string, processes: Record<number, Record<string, string>>): string {
  const tree = folder.file(name);
  mkdirSync(tree);
  for (const [pid, files] of Object.entries(processes)) {
    mkdirSync(path.join(tree, pid));
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(tree, pid, file), text);
  }
  return tree;
}

const whole = (pid: number, name: string) => ({
  statm: '100 5 2 1 0 3 0\n',
  stat: stat(pid, name),
  status: `Name:\t${name}\nVmSize:\t6400 kB\nVmRSS:\t320 kB\n`,
  smaps_rollup: ROLLUP,
});

let count = 0;
/** What is recorded of a tree in a few ticks. */
async function recordTree(
  tree: string,
  ...words: string[]
): Promise<{ stderr: string; last: ProcessReading[]; file: string }> {
  const file = folder.file(`${++count}.tide`);
  const common = [
    'record',
    '-o',
    file,
    '--size',
    '4M',
    '--for',
    '200ms',
    '--hz',
    '20',
    '--rollup',
    '20',
    '--procfs',
    tree,
  ];
  const { code, stdout, stderr } = await startTidemark([...common, ...words], folder.path).ended;
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '' });
  using recording = openRecording(file);
  expect(recording.metadata.procfs).toBe(tree);
  expect(recording.summary()).toMatchObject({ damage: [] });
  const snapshot = recording.at(recording.endNs);
  return { stderr, last: [...(snapshot?.processes ?? [])], file };
}

describe.each(['native', 'ts'])('engine %s', (engine) => {
  const tree = (name: string, processes: Parameters<typeof treeWith>[1]) => treeWith(`${engine}-${name}`, processes);

  it('records a host with pages of 64 KiB in its own units', async () => {
    const { last, file } = await recordTree(tree('64k', { 42: whole(42, 'far away') }), '--engine', engine);
    expect(last).toMatchObject([
      {
        pid: 42,
        startTicks: 99,
        comm: 'far away',
        countersStatus: 'ok',
        values: {
          rss: 5 * 65_536,
          rssAnon: 3 * 65_536,
          vsize: 100 * 65_536,
          userTime: 7e7,
          threads: 2,
          pss: 102_400,
          uss: 65_536,
        },
      },
    ]);
    using recording = openRecording(file);
    expect(recording.metadata.host).toMatchObject({ pageSize: 65_536, clockTicksPerSecond: 100 });
  });

  it('records an empty tree as what it is', async () => {
    const { last, file } = await recordTree(tree('empty', {}), '--engine', engine, ...UNITS);
    expect(last).toEqual([]);
    using recording = openRecording(file);
    const { ticks, processes, points, coverage } = recording.summary();
    expect(ticks.recorded).toBeGreaterThan(0);
    expect({ processes, points, coverage }).toEqual({
      processes: { max: 0, seen: 0 },
      points: 0,
      coverage: { attempted: 0, stored: 0, dropped: {} },
    });
  });

  it('records of a partial tree what there is, and never a zero for what is not', async () => {
    const partial = tree('partial', {
      1: whole(1, 'whole'),
      2: { ...whole(2, 'no statm'), statm: 'gibberish\n' },
      3: { stat: stat(3, 'only stat') },
      4: {},
      5: { ...whole(5, 'odd'), smaps_rollup: 'gibberish\n' },
      6: { ...whole(6, 'cut'), stat: '6 (cu' },
    });
    rmSync(path.join(partial, '5/smaps_rollup'));
    const { last, file } = await recordTree(partial, '--engine', engine, ...UNITS);
    const of = (pid: number) => last.find((one) => one.pid === pid);
    expect(of(1)).toMatchObject({ countersStatus: 'ok', values: { rss: 5 * 4096, pss: 102_400 } });
    for (const pid of [2, 3]) {
      expect(of(pid)).toMatchObject({
        countersStatus: 'unsupported',
        values: { rss: null, vsize: null, minorFaults: 11 },
      });
    }
    expect(of(5)).toMatchObject({
      countersStatus: 'ok',
      values: { rss: 5 * 4096, pss: null, uss: null },
      rollupAgeNs: null,
    });
    expect(last.map(({ pid }) => pid).sort()).toEqual([1, 2, 3, 5]);
    using recording = openRecording(file);
    const { coverage } = recording.summary();
    expect(coverage.dropped.unsupported).toBeGreaterThan(0);
    expect(coverage.attempted).toBe(coverage.stored + Object.values(coverage.dropped).reduce((a, b) => a + b, 0));
  });
});

describe('without permission', () => {
  /** Runs the program without any capability, so that root is refused like everybody else. */
  const recordPowerless = async (tree: string, ...words: string[]) => {
    const file = folder.file(`powerless-${++count}.tide`);
    const program = [process.execPath, MAIN, 'record', '-o', file, '--size', '4M', '--for', '300ms', '--rollup', '20'];
    const drop = process.getuid?.() === 0 ? ['setpriv', '--inh-caps=-all', '--bounding-set=-all'] : ['env'];
    const [first, ...rest] = [...drop, ...program, '--hz', '20', '--procfs', tree, ...words];
    const { code, stderr } = await startCommand(first!, rest, folder.path).ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    using recording = openRecording(file);
    return { last: recording.at(recording.endNs)!.processes, summary: recording.summary() };
  };

  it.each(['native', 'ts'])('says so of files that are closed (%s)', async (engine) => {
    const tree = treeWith(`closed-${engine}`, {
      1: whole(1, 'open'),
      2: whole(2, 'closed'),
      3: whole(3, 'deep closed'),
    });
    chmodSync(path.join(tree, '2/statm'), 0);
    chmodSync(path.join(tree, '3/smaps_rollup'), 0);
    const { last, summary } = await recordPowerless(tree, '--engine', engine, ...UNITS);
    const of = (pid: number) => last.find((one) => one.pid === pid)!;
    expect(of(1)).toMatchObject({ countersStatus: 'ok', values: { rss: 5 * 4096, pss: 102_400 } });
    expect(of(2)).toMatchObject({ countersStatus: 'denied', values: { rss: null, vsize: null } });
    expect(of(3)).toMatchObject({ countersStatus: 'ok', values: { rss: 5 * 4096, pss: null }, rollupAgeNs: null });
    expect(summary.coverage.dropped.denied).toBeGreaterThan(2);
  });

  it('records of a stranger what everybody may see', async () => {
    const child = startSleep();
    // A child of root has powers that the recorder lacks; to everybody else the first process is a stranger.
    const pid = process.getuid?.() === 0 ? child.pid! : 1;
    const { last, summary } = await recordPowerless('/proc', '--pid', String(pid));
    const statm = readStatm(pid);
    if (statm.status !== 'ok') throw new Error('no statm');
    expect(last).toMatchObject([
      { pid, countersStatus: 'ok', values: { rss: Number(statm.value.resident), pss: null, uss: null } },
    ]);
    expect(Object.keys(summary.coverage.dropped)).toContain('denied');
    await endChild(child);
  });
});
