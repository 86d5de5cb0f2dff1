/** What holds for every command: help, versions, mistakes in the command line, and how the program ends. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.js';
import { MAIN, runTidemark } from './tidemark-process.js';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-usage-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('help and version', () => {
  it('prints the version of the manifest', async () => {
    expect(await runTidemark(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('lists every command and the exit codes', async () => {
    const { code, stdout, stderr } = await runTidemark(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stdout).toContain('Exit codes: 0 fine, 1 failed, 2 usage');
  });

  it('is a usage error without a command, with the help on stderr', async () => {
    const { code, stdout, stderr } = await runTidemark([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe((await runTidemark(['--help'])).stdout);
  });

  it.each(COMMANDS)('shows an example in the help of $name', async ({ name, examples }) => {
    const { code, stdout } = await runTidemark(['help', name]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: tidemark ${name} `);
    for (const example of examples) expect(stdout).toContain(`  ${example}`);
    expect(await runTidemark([name, '--help'])).toEqual({ code: 0, stdout, stderr: '' });
  });
});

it.each([['--help'], ['-h'], ['help']])('help %s is the help of the program', async (word) => {
  const asked = await runTidemark(['help', word]);
  expect(asked).toEqual(await runTidemark(['--help']));
  expect(asked.code).toBe(0);
});

describe('a command line that cannot be understood', () => {
  it.each([
    [['pars'], "tidemark: unknown command 'pars' (Did you mean parse?)"],
    [['zzz'], "tidemark: unknown command 'zzz'"],
    [['help', 'pars'], "tidemark: unknown command 'pars' (Did you mean parse?)"],
    [['help', '--jsn'], "tidemark: unknown option '--jsn'"],
    [['--jsn'], "tidemark: unknown option '--jsn'"],
    [['parse', '--jsn', 'maps', '-'], "tidemark parse: unknown option '--jsn' (Did you mean --json?)"],
    [['parse', 'maps'], "tidemark parse: missing required argument 'file'"],
    [['doctor', 'x'], "tidemark doctor: too many arguments for 'doctor'. Expected 0 arguments but got 1."],
    [['verify', '--for'], "tidemark verify: option '--for <time>' argument missing"],
    [['parse', '--\x1b[31m'], "tidemark parse: unknown option '--\\x1B[31m'"],
    [
      ['parse', 'map', '-'],
      'tidemark parse: KIND: "map" is not a kernel file; allowed: maps, smaps, smaps_rollup, stat, statm, status',
    ],
    [
      ['parse', '--engine', 'fast', 'maps', '-'],
      'tidemark parse: --engine: "fast" is not an engine; allowed: auto, native, ts',
    ],
    [
      ['parse', '--page-size', '5000', 'maps', '-'],
      'tidemark parse: --page-size: "5000" is not a page size; allowed: a power of two from 4096 to 16M, such as 4096 or 64K',
    ],
    [
      ['parse', '--clock-ticks', '0', 'maps', '-'],
      'tidemark parse: --clock-ticks: "0" is not a number of clock ticks; allowed: ticks per second, such as 100',
    ],
    [
      ['verify', '--for', '0s'],
      'tidemark verify: --for: "0s" is not a duration; allowed: more than nothing, such as 10s',
    ],
    [
      ['verify', '--pid', '1,,2'],
      'tidemark verify: --pid: "1,,2" is not a list of pids; allowed: whole numbers with commas between them, such as 1 or 1,2,3',
    ],
    [
      ['doctor', '--procfs', '/no/such/folder'],
      'tidemark doctor: --procfs: "/no/such/folder" is not a folder; allowed: a procfs tree that can be read, such as /proc',
    ],
  ])('%j', async (words, sentence) => {
    expect(await runTidemark(words)).toEqual({ code: 2, stdout: '', stderr: `${sentence}\n` });
  });

  it('shows a stack only when asked', async () => {
    const { stderr } = await runTidemark(['parse', 'maps', '/no/such/file'], { env: { TIDEMARK_DEBUG: '1' } });
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe('output', () => {
  it('ends quietly when its reader does', async () => {
    const file = path.join(folder, 'maps');
    writeFileSync(file, '00400000-00401000 r-xp 00000000 fe:00 12 /bin/x\n'.repeat(20_000));
    const child = spawn(process.execPath, [MAIN, 'parse', 'maps', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is whole and in order through a pipe that does not block and is full', async () => {
    const file = path.join(folder, 'many-maps');
    writeFileSync(file, '00400000-00401000 r-xp 00000000 fe:00 12 /bin/x\n'.repeat(5000));
    const words = ['parse', 'maps', file];
    const reader = [
      'import fcntl, os, subprocess, sys, time',
      'ours, theirs = os.pipe()',
      'fcntl.fcntl(theirs, fcntl.F_SETFL, os.O_NONBLOCK)',
      'child = subprocess.Popen(sys.argv[1:], stdout=theirs)',
      'os.close(theirs)',
      'time.sleep(0.3)',
      'sys.stdout.buffer.write(open(ours, "rb").read())',
      'sys.exit(child.wait())',
    ].join('\n');
    const slow = spawnSync('python3', ['-c', reader, process.execPath, MAIN, ...words], { encoding: 'utf8' });
    expect({ code: slow.status, stderr: slow.stderr }).toEqual({ code: 0, stderr: '' });
    expect(slow.stdout).toBe((await runTidemark(words)).stdout);
  });

  it('has no colours', async () => {
    for (const words of [['--help'], ['doctor'], ['pars']]) {
      const { stdout, stderr } = await runTidemark(words, { env: { FORCE_COLOR: '1' } });
      expect(stdout + stderr).not.toContain('\x1b');
    }
  });
});
