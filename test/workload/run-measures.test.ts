/** What `run` measures: planted memory of known kinds, trees, daemons, marks and what is kept. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/workload/run-report.js';
import { MAIN, runTidemark } from '../tidemark-process.js';

const PLANTED = fileURLToPath(new URL('./planted.py', import.meta.url));
const MIB = 2 ** 20;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-measures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function report(options: readonly string[], command: readonly string[]): Promise<RunReport> {
  const json = path.join(folder, 'report.json');
  const { code, stderr } = await runTidemark(['run', '-q', '--json', json, ...options, '--', ...command]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(readFileSync(json, 'utf8')) as RunReport;
}

const value = (reading: object) => (reading as { value: number }).value;

describe('planted memory', () => {
  // The class that the kernel's mappings give it, in the process or in all of them together.
  it.each([
    ['heap', 'heap'],
    ['mmap', 'anon'],
    ['memfd', 'shm'],
    ['stack', 'thread-stack'],
    ['file', 'file'],
    ['shared', 'shm'],
  ])('%s is found in the peak as %s, and counted once', async (kind, mappingClass) => {
    const plant = (mib: number) =>
      report([], ['/usr/bin/python3', PLANTED, kind, String(mib), '2', path.join(folder, 'planted')]);
    const [none, planted] = [(await plant(1)).runs[0]!, (await plant(65)).runs[0]!];
    const pssOf = (run: RunReport['runs'][0]) => run.peak!.classes[mappingClass]!.pss;
    const near = 64 * MIB * 0.01 + 512 * 1024;
    expect(Math.abs(pssOf(planted) - pssOf(none) - 64 * MIB)).toBeLessThan(near);
    // Of processes that share, the sums of frames are estimates where they were not read together.
    const sum = value(planted.tree.pss.peak) - value(none.tree.pss.peak);
    // How much of its growth a process had behind it when it was read is a guess at its first reads: 2 MiB of a python.
    const far = planted.tree.pss.peak.state === 'estimated' ? near + 3 * MIB : near;
    if (kind !== 'shared') expect(Math.abs(sum - 64 * MIB)).toBeLessThan(far);
    expect(planted.peak!.mappings[0]).toMatchObject({ class: mappingClass });
    const { sampled, kernelPeak } = planted.tree.largestProcess;
    expect(value(kernelPeak) - value(sampled)).toBeGreaterThanOrEqual(0);
    expect(value(kernelPeak) - value(sampled)).toBeLessThan(near);
    // Four processes show all of what they share.
    if (kind === 'shared') {
      expect(planted.tree.rss.upperBound).toBe(true);
      expect(value(planted.tree.rss.peak)).toBeGreaterThan(4 * 64 * MIB);
    }
  });
});

describe('a tree', () => {
  it('has daemons that left their parents, until the last of them has ended', async () => {
    const script = "(setsid sh -c 'sleep 0.3; exec head -c 30M /dev/zero | tail -c 30M >/dev/null' >/dev/null 2>&1 &)";
    const { runs } = await report([], ['sh', '-c', script]);
    const [run] = runs;
    expect(run!.end).toEqual({ kind: 'exited', code: 0 });
    expect(run!.treeWallNs).toBeGreaterThan(run!.wallNs);
    expect(run!.treeWallNs).toBeGreaterThan(0.3e9);
    expect(value(run!.tree.largestProcess.kernelPeak)).toBeGreaterThan(30 * MIB);
  });

  it('has all of very many children', async () => {
    const { runs } = await report(['--hz', '10'], ['sh', '-c', 'for i in $(seq 400); do sleep 3 & done; wait']);
    expect(runs[0]!.programs.sleep!.processes).toBe(400);
    expect(runs[0]!.tree.mostAtOnce).toBe(401);
  });

  it('does not show the launcher', async () => {
    const { runs } = await report([], ['sleep', '0.2']);
    expect(Object.keys(runs[0]!.programs)).toEqual(['sleep']);
    expect(runs[0]!.tree.processes).toBe(1);
  });

  it('has the CPU time of programs that a tick hardly sees, and counts those that it never sees', async (context) => {
    const program = 'x = 0\nfor i in range(1000000): x += i';
    const script = `for i in 1 2 3; do /usr/bin/python3 -c '${program}'; done; /bin/true`;
    const { runs } = await report(['--hz', '20'], ['sh', '-c', script]);
    const [run] = runs;
    if (run!.engine !== 'bpf') return context.skip('only the kernel tells of exits');
    const { sh, python3, true: brief } = run!.programs;
    expect(python3!.processes).toBe(3);
    const cpu = value(sh!.cpuTime!) + value(python3!.cpuTime!) + value(brief!.cpuTime!);
    expect(cpu / value(run!.tree.cpuTime!)).toBeGreaterThan(0.9);
    expect(cpu / value(run!.tree.cpuTime!)).toBeLessThan(1.1);
    expect(brief!.processes).toBe(1);
    expect(value(brief!.cpuTime!)).toBeGreaterThan(0);
  });

  it('tells the largest process also of a command that ended before the first sample', async () => {
    const { runs } = await report(['--hz', '1'], ['true']);
    expect(runs[0]!.tree.pss.peak).toEqual({ state: 'unsupported', reason: 'no frame was recorded' });
    expect(value(runs[0]!.tree.largestProcess.kernelPeak)).toBeGreaterThan(0);
    expect(runs[0]!.caveats).toContain('ended-before-first-sample');
  });
});

describe('several runs', () => {
  it('are counted without the warm-up, and each keeps its recording', async () => {
    const file = path.join(folder, 'kept.tide');
    const counter = path.join(folder, 'counter');
    const script = `echo x >>${counter}; sleep 0.1`;
    const { runs, warmups } = await report(['--runs', '2', '--warmup', '1', '-o', file], ['sh', '-c', script]);
    expect(runs).toHaveLength(2);
    expect(warmups).toBe(1);
    expect(readFileSync(counter, 'utf8')).toBe('x\nx\nx\n');
    expect(existsSync(file)).toBe(false);
    for (const number of [1, 2]) {
      using recording = openRecording(path.join(folder, `kept-${number}.tide`));
      expect(recording.metadata.workload).toEqual({ command: ['sh', '-c', script] });
      expect(recording.processes().map(({ comm }) => comm)).toContain('sh');
    }
  });

  it('end with the first that a signal ended', async () => {
    const counter = path.join(folder, 'counter-2');
    const words = ['run', '-q', '--runs', '3', '--', 'sh', '-c', `echo x >>${counter}; kill -TERM $$`];
    expect((await runTidemark(words)).code).toBe(143);
    expect(readFileSync(counter, 'utf8')).toBe('x\n');
  });
});

describe('marks', () => {
  it('are set from a script, over a socket that only its owner can use', async () => {
    const mode = path.join(folder, 'mode');
    const tidemark = `'${process.execPath}' '${MAIN}'`;
    const script = [
      `stat -c %a "$TIDEMARK_SOCKET" >${mode}`,
      `${tidemark} mark loaded`,
      `${tidemark} mark --begin query`,
      `${tidemark} mark --end query`,
      `${tidemark} mark --end query 2>&1 && exit 1; true`,
    ].join('; ');
    const { runs } = await report([], ['sh', '-c', script]);
    expect(readFileSync(mode, 'utf8')).toBe('600\n');
    const [loaded, query, ...rest] = runs[0]!.marks;
    expect(rest).toEqual([]);
    expect(loaded).toEqual({ name: 'loaded', afterNs: expect.any(Number) });
    expect(query!.name).toBe('query');
    expect(query!.endAfterNs).toBeGreaterThan(query!.afterNs);
    expect(query!.afterNs).toBeGreaterThan(loaded!.afterNs);
  });

  it.each([
    ['without a recording', ['x'], {}, /TIDEMARK_SOCKET is not set/, 1],
    [
      'at a socket that is not there',
      ['x'],
      { TIDEMARK_SOCKET: '/nowhere/mark' },
      /TIDEMARK_SOCKET=\/nowhere\/mark: no such file/,
      1,
    ],
    ['without a name', [], {}, /expected one name, got none/, 2],
    ['with two', ['x', 'y'], {}, /expected one name, got 2/, 2],
    ['with both ends', ['--begin', '--end', 'x'], {}, /--begin and --end exclude each other/, 2],
  ])('are refused %s', async (_what, words, env, sentence, code) => {
    const outcome = await runTidemark(['mark', ...words], { env: { TIDEMARK_SOCKET: '', ...env } });
    expect(outcome.stderr).toMatch(sentence);
    expect(outcome.code).toBe(code);
  });
});

it('the summary goes to standard error and says what was in the peak', async () => {
  const command = ['/usr/bin/python3', PLANTED, 'mmap', '40', '0.3'];
  const { code, stdout, stderr } = await runTidemark(['run', '--', ...command]);
  expect(code).toBe(0);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^PSS +[45]\d\.\d MiB /m);
  expect(stderr).toMatch(/^In the peak at .*; mappings were read .* away from it:$/m);
  expect(stderr).toMatch(/^python3 +\[anon\] +anon +4\d\.\d MiB/m);
  expect(stderr).toMatch(/^the kernel's mark +[45]\d\.\d MiB/m);
});

it('a recording is readable by its owner alone', async () => {
  const file = path.join(folder, 'own.tide');
  await report(['-o', file], ['sleep', '0.1']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
