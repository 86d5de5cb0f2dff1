/** `compare` and `bench` as a user runs them, on runs that are made here and on ones that differ by a known amount. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/workload/run-report.js';
import { runTidemark } from '../tidemark-process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-compare-'));
const file = (name: string) => path.join(folder, name);
const put = (name: string, value: unknown) => {
  writeFileSync(file(name), typeof value === 'string' ? value : JSON.stringify(value));
  return file(name);
};
let real: RunReport;

beforeAll(async () => {
  const json = file('real.json');
  expect((await runTidemark(['run', '-q', '--json', json, '-o', file('real.tide'), '--', 'sleep', '0.2'])).code).toBe(
    0,
  );
  real = JSON.parse(readFileSync(json, 'utf8')) as RunReport;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The real run, with PSS peaks of these MiB, one run each. */
function report(name: string, mib: readonly number[], conditions: Record<string, string> = {}): string {
  const runs = mib.map((peak) => {
    const run = structuredClone(real.runs[0]!) as unknown as { tree: { pss: { peak: object } } };
    run.tree.pss.peak = { state: 'measured', value: peak * 2 ** 20, ageMs: 0, method: 'whole' };
    return run;
  });
  return put(name, { ...real, conditions: { ...real.conditions, ...conditions }, runs });
}

const TEN = [100, 101, 102, 99, 98, 100.5, 101.5, 99.5, 98.5, 100.2];
const scaled = (by: number) => TEN.map((value) => value * by + 0.013);

describe('compare', () => {
  it('says by how much it is more, with an interval', async () => {
    const { stdout, code } = await runTidemark([
      'compare',
      report('a.json', TEN),
      report('b.json', scaled(1.1)),
      '--json',
    ]);
    expect(code).toBe(0);
    const { metrics, kind } = JSON.parse(stdout);
    const [pss] = metrics.filter(({ metric }: { metric: string }) => metric === 'pss.peak');
    expect(kind).toBe('comparison');
    expect(pss).toMatchObject({ verdict: 'more', isNamed: true, beforeRuns: 10, unit: 'bytes' });
    expect(pss.relative).toBeCloseTo(0.1, 2);
    expect(pss.relativeLow).toBeGreaterThan(0.08);
    expect(pss.relativeHigh).toBeLessThan(0.12);
  });

  it('says that there is no difference that these runs can show, and how many would be needed', async () => {
    const { stdout } = await runTidemark(['compare', report('a.json', TEN), report('c.json', scaled(1.002))]);
    expect(stdout).toMatch(
      /^pss.peak: no difference that these runs can show \(they would show \d\.\d\d %\); .* about \d+ runs/m,
    );
  });

  it.each([
    ['exceeded', 1.1, '+3%', 3, /pss.peak=\+3% is exceeded, with 95 % confidence/],
    ['kept', 1.01, '+3%', 0, /pss.peak=\+3% is kept/],
    [
      'unsure',
      1.035,
      '+3%',
      0,
      /pss.peak=\+3% is exceeded by what was seen, which may be chance; about \d+ runs on each/,
    ],
    ['exceeded as an amount', 1.1, '+1MiB', 3, /is exceeded, with 95 %/],
    ['exceeded from below', 0.9, '-3%', 3, /is exceeded, with 95 %/],
    ['kept from below', 1.1, '-3%', 0, /is kept/],
  ])('a rule is %s', async (_what, by, change, code, sentence) => {
    const words = ['compare', report('a.json', TEN), report('b.json', scaled(by)), '--fail-on', `pss.peak=${change}`];
    const outcome = await runTidemark(words);
    expect(outcome.stdout).toMatch(sentence);
    expect(outcome.code).toBe(code);
  });

  it('names the conditions that differ', async () => {
    const b = report('b.json', TEN, { thp: 'always', 'env MALLOC_ARENA_MAX': '2' });
    const { stdout } = await runTidemark(['compare', report('a.json', TEN, { thp: 'madvise' }), b]);
    expect(stdout).toContain('differs: thp: madvise / always\n');
    expect(stdout).toContain('differs: env MALLOC_ARENA_MAX: not set / 2\n');
  });

  it('of one run on a side says that nothing can be shown', async () => {
    const { stdout, code } = await runTidemark(['compare', report('a.json', [100]), report('b.json', [200])]);
    expect(stdout).toContain('pss.peak: four runs on each side are the least that can show anything\n');
    expect(code).toBe(0);
  });

  it('says how many runs have a value, where fewer have one than were made', async () => {
    const some = JSON.parse(readFileSync(report('a.json', [100, 101, 102, 99, 98]), 'utf8')) as RunReport;
    for (const { tree } of some.runs.slice(0, 3)) {
      Object.assign(tree.pss, { peak: { state: 'unsupported', reason: 'no frame was recorded' } });
    }
    const words = ['compare', put('some.json', some), report('b.json', [200, 201, 202, 199])];
    const { stdout } = await runTidemark(words);
    expect(stdout).toContain(
      'pss.peak: measured in 2 of 5 runs before and 4 of 4 after only, and four on each side are the least that can show anything\n',
    );
    expect(stdout).toMatch(/^pss.peak .* too few runs \(2 and 4\)$/m);
  });

  it('writes Markdown and JUnit', async () => {
    const words = ['compare', report('a.json', TEN), report('b.json', scaled(1.1)), '--fail-on', 'pss.peak=+3%'];
    const { stdout } = await runTidemark([...words, '--markdown', '--junit', file('junit.xml')]);
    expect(stdout).toMatch(/^\| pss.peak \| 100\.\d MiB \| 110\.\d MiB \| \+10\.\d\d % \| .* \| more \|$/m);
    const xml = readFileSync(file('junit.xml'), 'utf8');
    expect(xml).toContain('<testsuites tests="1" failures="1" skipped="0">');
    expect(xml).toContain('<failure message="pss.peak=+3% is exceeded, with 95 % confidence"/>');
  });

  it('takes recordings, folders and lists', async () => {
    const many = path.join(folder, 'many');
    mkdirSync(many);
    for (const [index, value] of TEN.entries()) report(`many/${index}.json`, [value]);
    const { stdout, code } = await runTidemark([
      'compare',
      many,
      `${file('real.tide')},${file('real.tide')}`,
      '--json',
    ]);
    expect(code).toBe(0);
    const { before, after, metrics } = JSON.parse(stdout);
    expect([before.runs, after.runs]).toEqual([10, 2]);
    expect(after.command).toEqual(['sleep', '0.2']);
    const rss = metrics.find(({ metric }: { metric: string }) => metric === 'rss.peak');
    // The recording and the report of one run agree.
    expect(rss.after).toBe(rss.before);
  });

  it.each([
    ['a file that is not there', () => 'none.json', /none.json: no such file/, 1],
    ['what is no JSON', () => put('x.json', '{'), /x.json: /, 1],
    ['another JSON', () => put('x.json', { kind: 'comparison' }), /x.json: is no report of 'tidemark run --json'/, 1],
    [
      'a report of a later version',
      () => put('x.json', { ...real, schema: 9 }),
      /x.json: has version 9 of the report/,
      1,
    ],
    ['a damaged report', () => put('x.json', { ...real, runs: [{}] }), /x.json: is a damaged report/, 1],
    ['an empty report', () => put('x.json', { ...real, runs: [] }), /x.json: holds no run/, 1],
    ['no recording', () => put('x.tide', 'nothing'), /x.tide: /, 1],
  ])('refuses %s', async (_what, make, sentence, code) => {
    const outcome = await runTidemark(['compare', report('a.json', TEN), make()]);
    expect(outcome.stderr).toMatch(sentence);
    expect(outcome.code).toBe(code);
  });

  it.each([
    ['without a sign', 'pss.peak=3%', /--fail-on: "pss.peak=3%" is not a rule; allowed: /],
    ['of a metric that is not there', 'pps=+3%', /--fail-on: "pps" is not a metric; allowed: pss.peak, /],
    ['in another unit', 'pss.peak=+3s', /--fail-on: "3s" is not a size/],
  ])('refuses a rule %s', async (_what, rule, sentence) => {
    const { stderr, code } = await runTidemark(['compare', file('a.json'), file('b.json'), '--fail-on', rule]);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });
});

describe('bench', () => {
  it('alternates, prepares each run, and keeps what it measured', async () => {
    const log = file('log');
    const words = ['bench', '--runs', '2', '--prepare', `echo p >>${log}`, '--save', folder, '--json'];
    const { code, stdout } = await runTidemark([
      ...words,
      `echo a >>${log}; sleep 0.05`,
      `echo b >>${log}; sleep 0.05`,
    ]);
    expect(code).toBe(0);
    expect(readFileSync(log, 'utf8').replaceAll('\n', '')).toBe('papbpbpa');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'comparison', before: { runs: 2 }, after: { runs: 2 } });
    for (const name of ['before', 'after']) {
      expect(JSON.parse(readFileSync(file(`${name}.json`), 'utf8'))).toMatchObject({ kind: 'run', runs: [{}, {}] });
    }
  });

  it('makes the folder of --save, and refuses what it could not write before the first run', async () => {
    const ran = file('ran');
    const made = await runTidemark(['bench', '--runs', '1', '--save', file('new/folder'), 'true', 'true']);
    expect(made.code).toBe(0);
    expect(readFileSync(file('new/folder/after.json'), 'utf8')).toContain('"kind": "run"');
    const refused = async (...words: string[]) =>
      (await runTidemark(['bench', '--runs', '1', ...words, `touch ${ran}`, 'true'])).stderr;
    expect(await refused('--save', put('plain', ''))).toBe(`tidemark bench: --save: ${file('plain')} is no folder\n`);
    mkdirSync(file('taken/before.json'), { recursive: true });
    expect(await refused('--save', file('taken'))).toMatch(/--save: .*before.json is a directory\n$/);
    expect(await refused('--junit', file('missing/j.xml'))).toBe(
      `tidemark bench: --junit: cannot write ${file('missing/j.xml')}: no such file\n`,
    );
    expect(existsSync(ran)).toBe(false);
  });

  it('prints what it found when it cannot be written in the end', async () => {
    const words = ['bench', '--runs', '1', '--save', file('gone'), '--junit', file('gone/j.xml')];
    const { code, stdout, stderr } = await runTidemark([...words, `rm -rf ${file('gone')}`, 'true']);
    expect(stdout).toMatch(/^METRIC .* VERDICT$/m);
    expect(stderr).toMatch(/^tidemark bench: --save: cannot write .*before.json: no such file\n$/);
    expect(code).toBe(1);
  });

  it('ends when a command fails, unless that is to be ignored', async () => {
    const { code, stderr } = await runTidemark(['bench', '--runs', '1', 'exit 7']);
    expect(stderr).toBe('tidemark bench: exit 7: exit 7; --ignore-failure goes on, --show-output shows why\n');
    expect(code).toBe(1);
    expect((await runTidemark(['bench', '--runs', '1', '--ignore-failure', 'exit 7'])).code).toBe(0);
    expect((await runTidemark(['bench', '--runs', '1', '--prepare', 'exit 1', 'true'])).stderr).toMatch(
      /--prepare: exit 1/,
    );
  });
});
