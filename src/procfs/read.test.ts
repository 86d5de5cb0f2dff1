import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixture, LIVE_FOLDER } from '../../test/tokenizers/fixtures.js';
import {
  KERNEL_FILES,
  type Reading,
  readKernelFile,
  readMaps,
  readSmaps,
  readSmapsRollup,
  readStat,
  readStatm,
  readStatus,
} from './read.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-read-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (pid: number, process: string) =>
  cpSync(join(LIVE_FOLDER, process), join(root, String(pid)), { recursive: true });
const READERS = {
  maps: readMaps,
  smaps: readSmaps,
  smaps_rollup: readSmapsRollup,
  stat: readStat,
  statm: readStatm,
  status: readStatus,
};

function valueIn<T>(reading: Reading<T>): T {
  if (reading.status !== 'ok') throw new Error(`${reading.status}: ${reading.reason}`);
  return reading.value;
}

/** The pid of a child that has ended and is not yet waited for, and a way to end that. */
async function makeZombie(): Promise<[pid: number, end: () => void]> {
  const script =
    'import subprocess, os, sys\nc = subprocess.Popen(["true"])\nos.waitid(os.P_PID, c.pid, os.WEXITED | os.WNOWAIT)\nprint(c.pid, flush=True)\nsys.stdin.read()';
  const parent = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data');
  return [Number(line), () => parent.stdin.end()];
}

/** A pid that no process has: one that has just ended and been waited for. */
const endedPid = () => spawnSync('true').pid;

describe('readKernelFile', () => {
  it('reads every file of this process', () => {
    for (const file of KERNEL_FILES)
      expect([file, readKernelFile('/proc', process.pid, file).status]).toEqual([file, 'ok']);
  });

  it('says gone of a process that has ended, for every file', () => {
    const pid = endedPid();
    for (const file of KERNEL_FILES) expect([file, readKernelFile('/proc', pid, file).status]).toEqual([file, 'gone']);
  });

  it('says no-mm of a zombie, whose maps is empty and whose rollup is ESRCH, while its pid lives', async () => {
    const [pid, end] = await makeZombie();
    try {
      for (const file of ['maps', 'smaps', 'smaps_rollup'] as const) {
        expect([file, readKernelFile('/proc', pid, file).status]).toEqual([file, 'no-mm']);
      }
      expect(valueIn(readStat(pid)).state).toBe('Z');
      expect(valueIn(readStatus(pid))).not.toHaveProperty('vmRSS');
    } finally {
      end();
    }
  });

  it('says unsupported of a file that a captured tree or an old kernel lacks', () => {
    put(12, 'sleep');
    rmSync(join(root, '12', 'smaps_rollup'));
    expect(readKernelFile(root, 12, 'smaps_rollup').status).toBe('unsupported');
    expect(readKernelFile(root, 13, 'smaps_rollup').status).toBe('gone');
  });

  it('says so too when the tree lacks stat', () => {
    mkdirSync(join(root, '12'));
    writeFileSync(join(root, '12', 'maps'), fixture('live/sleep/maps'));
    expect(readKernelFile(root, 12, 'maps').status).toBe('ok');
    for (const file of ['stat', 'statm', 'smaps'] as const) {
      expect([file, readKernelFile(root, 12, file).status]).toEqual([file, 'unsupported']);
    }
  });

  it('says no-mm of an empty maps in a captured tree, and gives the empty bytes of other files', () => {
    put(2, 'kthreadd');
    expect(readKernelFile(root, 2, 'maps').status).toBe('no-mm');
    writeFileSync(join(root, '2', 'statm'), '');
    expect(readKernelFile(root, 2, 'statm')).toEqual({ status: 'ok', value: Buffer.alloc(0) });
    expect(readStatm(2, { root }).status).toBe('unsupported');
  });

  it('says unsupported of what is no file', () => {
    mkdirSync(join(root, '12', 'maps'), { recursive: true });
    symlinkSync('stat', join(root, '12', 'stat'));
    expect(readKernelFile(root, 12, 'maps')).toMatchObject({
      status: 'unsupported',
      reason: expect.stringContaining('EISDIR'),
    });
    expect(readKernelFile(root, 12, 'stat')).toMatchObject({
      status: 'unsupported',
      reason: expect.stringContaining('ELOOP'),
    });
  });

  it('says denied, as another user', () => {
    put(12, 'sleep');
    chmodSync(root, 0o755);
    chmodSync(join(root, '12', 'smaps'), 0);
    const module = pathToFileURL(join(import.meta.dirname, '../../dist/procfs/read.js')).href;
    const script = `if (process.getuid() === 0) process.setuid(65534);
      const { readSmaps, readStat } = await import(${JSON.stringify(module)});
      // Needs the page size too, though /proc/self/auxv is now closed to this process.
      const options = { root: ${JSON.stringify(root)} };
      process.stdout.write(JSON.stringify([readSmaps(12, options), readStat(12, options).status, readSmaps(1).status]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const [denied, stat, init] = JSON.parse(stdout);
    expect(denied).toEqual({ status: 'denied', reason: expect.stringContaining('EACCES') });
    expect(stat).toBe('ok');
    if (process.getuid?.() === 0) expect(init).toBe('denied');
  });

  it.each([
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['ETIMEDOUT', 'timeout'],
    ['EMFILE', 'lost'],
    ['ENFILE', 'lost'],
    ['ENOMEM', 'lost'],
    ['EIO', 'unsupported'],
    [undefined, 'unsupported'],
  ] as const)('says of a read that fails with %s: %s', (code, status) => {
    put(12, 'sleep');
    const fails = () => {
      throw Object.assign(new Error(`it was ${code}`), { code });
    };
    expect(readKernelFile(root, 12, 'smaps', fails)).toEqual({ status, reason: `it was ${code}` });
  });

  it('says of ESRCH whether the process is there at all', () => {
    const fails = () => {
      throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
    };
    put(12, 'sleep');
    expect(readKernelFile(root, 12, 'smaps', fails).status).toBe('no-mm');
    expect(readKernelFile(root, 13, 'smaps', fails).status).toBe('gone');
    rmSync(join(root, '12', 'stat'));
    expect(readKernelFile(root, 12, 'maps', fails).status).toBe('unsupported');
  });

  it('reads by what it is given only what a stuck process may withhold', () => {
    put(12, 'sleep');
    const asked: string[] = [];
    const reads = (name: string) => {
      asked.push(name);
      return readFileSync(name);
    };
    for (const file of KERNEL_FILES) expect(readKernelFile(root, 12, file, reads).status).not.toBe('denied');
    expect(asked).toEqual(['maps', 'smaps', 'smaps_rollup'].map((file) => join(root, '12', file)));
  });

  it('says no-mm of a kernel thread, or denied', () => {
    // A pid namespace of its own has none.
    if (!existsSync('/proc/2/comm') || readFileSync('/proc/2/comm', 'latin1') !== 'kthreadd\n') return;
    const expected = process.getuid?.() === 0 ? 'no-mm' : 'denied';
    for (const read of [readMaps, readSmaps, readSmapsRollup]) expect(read(2).status).toBe(expected);
    expect(valueIn(readStatm(2))).toMatchObject({ size: 0, resident: 0 });
  });
});

describe('the readers', () => {
  it('agree about this process', () => {
    const [maps, smaps, rollup] = [
      valueIn(readMaps(process.pid)),
      valueIn(readSmaps(process.pid)),
      valueIn(readSmapsRollup(process.pid)),
    ];
    expect([maps.kind, smaps.kind, rollup.kind]).toEqual(['maps', 'smaps', 'smaps_rollup']);
    expect(maps.mappings.map(({ name }) => name)).toContain('[stack]');
    expect(smaps.totals.pss).toBeGreaterThan(0);
    expect(valueIn(readStat(process.pid)).pid).toBe(process.pid);
    expect(valueIn(readStatus(process.pid)).tgid).toBe(process.pid);
    expect(valueIn(readStatm(process.pid)).resident).toBeGreaterThan(1e6);
  });

  it('use the units of the host that they are told', () => {
    put(12, 'sleep');
    const pages = Number(Buffer.from(fixture('live/sleep/statm')).toString().split(' ')[1]);
    const host = { pageSize: 65_536, clockTicksPerSecond: 250 };
    expect(valueIn(readStatm(12, { root, host })).resident).toBe(pages * 65_536);
  });

  it.each(Object.entries(READERS))('%s refuses what is no pid', (_name, read) => {
    for (const pid of [0, -1, 1.5, Number.NaN, '12', undefined, null]) {
      expect(() => read(pid as number)).toThrow(new TypeError(`Expected "pid" to be a positive integer, got ${pid}`));
    }
  });

  it.each(['stat', 'statm', 'status', 'smaps_rollup'] as const)(
    'says unsupported of a %s with another text',
    (file) => {
      put(12, 'sleep');
      writeFileSync(join(root, '12', file), 'what is this\n');
      expect(READERS[file](12, { root })).toMatchObject({
        status: 'unsupported',
        reason: expect.stringContaining(file),
      });
    },
  );
});
