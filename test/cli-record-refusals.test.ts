/** What `tidemark record` refuses: one line, an exit code, and nothing left behind or touched. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOnSmallDisk, startTidemark } from './recorder/command.js';
import { scratch } from './recorder/workload.js';

let folder: ReturnType<typeof scratch>;
beforeAll(() => {
  folder = scratch();
  writeFileSync(folder.file('taken'), 'keep me');
  mkdirSync(folder.file('folder'));
  mkdirSync(folder.file('no-units'));
  symlinkSync('nowhere', folder.file('link'));
});
afterAll(() => folder[Symbol.dispose]());

const record = (...words: string[]) => startTidemark(['record', ...words], folder.path).ended;

describe('an output that cannot be', () => {
  it.concurrent.each([
    ['taken', 'it exists already; choose another with -o, or go on in it with --resume'],
    ['folder', 'it is a directory; choose another with -o'],
    ['link', 'it exists already; choose another with -o, or go on in it with --resume'],
    ['./folder/../taken', 'it exists already; choose another with -o, or go on in it with --resume'],
  ])('%s', async (file, why) => {
    const before = readdirSync(folder.path);
    const { code, stdout, stderr } = await record('-o', file, '--for', '100ms');
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `tidemark record: Cannot record into ${file}: ${why}\n`,
    });
    expect(readdirSync(folder.path)).toEqual(before);
    expect(readFileSync(folder.file('taken'), 'utf8')).toBe('keep me');
  });

  it('in a folder that is missing', async () => {
    const { code, stderr } = await record('-o', 'no/such/a.tide', '--for', '100ms');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tidemark record: Cannot create .*\/no\/such\/a\.tide: .+\n$/);
  });

  it('on a disk that is full', async () => {
    const { code, stdout, stderr } = await runOnSmallDisk(
      'tidemark record --pid $$ --size 4M --for 100ms',
      folder.file('folder'),
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'left: \n' });
    expect(stderr).toMatch(/^tidemark record: .*no space left on the device; --size 4.*ask for less\n$/);
  });
});

describe('a target that is not there', () => {
  it.concurrent.each([
    ['--pid', 'pids 2147483647'],
    ['--tree', 'tree 2147483647'],
  ])('%s', async (option, target) => {
    using place = scratch();
    const words = ['record', '-o', 'a.tide', '--size', '4M', option, '2147483647'];
    const outcome = await startTidemark(words, place.path).ended;
    expect(outcome).toMatchObject({ code: 4, stdout: '', stderr: `tidemark record: No such process: ${target}\n` });
    expect(readdirSync(place.path)).toEqual([]);
  });
});

describe('a value that means nothing', () => {
  it.concurrent.each([
    [['--hz', '0'], '--hz: "0" is not a rate; allowed: times per second, 0.01 to 10000, such as 10 or 0.5'],
    [['--hz', '1e3'], '--hz: "1e3" is not a rate; allowed: times per second, 0.01 to 10000, such as 10 or 0.5'],
    [['--hz', '10001'], '--hz: "10001" is not a rate; allowed: times per second, 0.01 to 10000, such as 10 or 0.5'],
    [['--for', '5'], /^--for: "5" is not a duration; allowed: /],
    [['--for', '0s'], '--for: "0s" is not a duration; allowed: more than nothing, such as 10s'],
    [['--size', '1M'], /^--size: "1M" is not the size of a ring; allowed: 2/],
    [['--size', 'big'], /^--size: "big" is not a size; allowed: /],
    [['--pid', '0'], /^--pid: "0" is not a list of pids; allowed: /],
    [['--pid', '1,x'], /^--pid: "1,x" is not a list of pids/],
    [['--tree', '-1'], /^--tree: "-1" is not a pid; allowed: /],
    [['--user', 'no such user'], '--user: "no such user" is not a user; allowed: a name of this host, or a number'],
    [['--user', '4294967295'], /^--user: "4294967295" is not a user/],
    [['--pid-namespace', '1'], /^--pid-namespace: "1" is not a pid namespace; allowed: its number, such as 4026531836/],
    [['--pid-namespace', 'net:[4026531836]'], /^--pid-namespace: "net:\[4026531836\]" is not a pid namespace/],
    [['--match', 'node'], /^--match: "node" is not a match; allowed: comm:PATTERN, exe:PATTERN or cmdline:PATTERN /],
    [['--match', 'comm:('], /^--match: "comm:\(" is not a match/],
    [['--match', 'name:x'], /^--match: "name:x" is not a match/],
    [['--rollup', 'often'], /^--rollup: "often" is not a rate; allowed: auto, off, or times per second/],
    [['--mappings', '0'], /^--mappings: "0" is not a rate/],
    [['--audit', '-1'], /^--audit: "-1" is not a count; allowed: a whole number, 0 or more$/],
    [['--engine', 'fast'], '--engine: "fast" is not an engine; allowed: auto, bpf, native, ts'],
    [['--procfs', 'taken'], /^--procfs: "taken" is not a folder/],
    [
      ['--procfs', 'no-units'],
      /^--procfs: nothing in "no-units" tells its page size; give --page-size and --clock-ticks$/,
    ],
    [
      ['--pid', '1', '--user', 'root'],
      '--pid, --tree, --match, --cgroup, --user and --pid-namespace exclude each other: give one of them',
    ],
    [['--cgroup', ''], /cgroup/],
    ...['0', '0%', '0.001%', '200%', '1', '-1%', 'much'].map((budget): [string[], string] => [
      ['--budget', budget],
      `--budget: "${budget}" is not a budget; allowed: a share of one core, 0.01% to 100%, such as 1%`,
    ]),
    [['--max-hold', '2s'], '--max-hold: "2s" is not a hold; allowed: a time from 50us to 1s, such as 0.5ms'],
    [['--allow-hold', '1us'], '--allow-hold: "1us" is not a hold; allowed: a time from 50us to 1m, such as 0.5ms'],
    [['--herz', '3'], /^unknown option '--herz'.*--hz/],
    [['file.tide'], /^too many arguments/],
  ])('%j', async (words, sentence) => {
    const before = readdirSync(folder.path);
    const { code, stdout, stderr } = await record(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.endsWith('\n')).toBe(true);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stderr).toMatch(/^tidemark record: /);
    const said = stderr.replace('tidemark record: ', '').trimEnd();
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it('does not colour the error about itself', async () => {
    const { stderr } = await record('-o', '\x1b[31mno/such\n/dir/x', '--for', '100ms');
    expect(stderr).not.toContain('\x1b');
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('is a size that cannot hold the host', async () => {
    using place = scratch();
    const tree = place.file('crowd');
    for (let pid = 1; pid <= 1500; pid++) mkdirSync(`${tree}/${pid}`, { recursive: true });
    const units = ['--page-size', '4096', '--clock-ticks', '100'];
    const { code, stderr } = await record('-o', 'b.tide', '--size', '2M', '--procfs', tree, ...units);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tidemark record: --size: .*too few to record 1500 processes: at least \d+M are needed\n$/);
    expect(readdirSync(folder.path)).not.toContain('b.tide');
  });
});
