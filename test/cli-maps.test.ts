/** `tidemark maps` as a child process: the bytes of the kernel, and what is said when there are none. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMaps } from '../src/procfs/mapping-objects.js';
import { endChildren, startStopped, startZombie } from './engine/commands.js';
import { MAIN, runTidemark } from './tidemark-process.js';

const HOSTILE = Buffer.from('00400000-00401000 r-xp 00000000 08:01 9 /b/\u001b[31m\u00ff\n', 'latin1');
const KERNEL_THREAD = '9 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 35 0 0 20 0 1 0 8 0 0 18446744073709551615\n';

let folder: string;
let pid: number;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-maps-'));
  mkdirSync(path.join(folder, '7'));
  writeFileSync(path.join(folder, '7', 'maps'), HOSTILE);
  mkdirSync(path.join(folder, '8'));
  mkdirSync(path.join(folder, '9'));
  writeFileSync(path.join(folder, '9', 'maps'), '');
  writeFileSync(path.join(folder, '9', 'stat'), KERNEL_THREAD);
  pid = (await startStopped()).pid;
});
afterAll(async () => {
  await endChildren();
  rmSync(folder, { recursive: true, force: true });
});

function bytesOf(words: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync(process.execPath, [MAIN, 'maps', ...words], input ? { input } : {});
}

describe('the text', () => {
  it('is that of the kernel, byte for byte, with every engine', () => {
    const expected = readFileSync(`/proc/${pid}/maps`);
    expect(expected.length).toBeGreaterThan(1000);
    expect(bytesOf([String(pid)])).toEqual(expected);
    for (const engine of ['ts', 'native', 'auto']) {
      expect(bytesOf([String(pid), '--engine', engine])).toEqual(expected);
    }
  });

  it('comes from another tree and from captured text, whatever bytes it holds', () => {
    expect(bytesOf(['7', '--procfs', folder])).toEqual(HOSTILE);
    expect(bytesOf(['--in', path.join(folder, '7', 'maps')])).toEqual(HOSTILE);
    expect(bytesOf(['--in', '-'], HOSTILE)).toEqual(HOSTILE);
  });

  it('is escaped on a terminal', () => {
    const command = `'${process.execPath}' '${MAIN}' maps 7 --procfs '${folder}'`;
    const shown = execFileSync('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(shown.toString('latin1')).toBe('00400000-00401000 r-xp 00000000 08:01 9 /b/\\x1B[31m\\xFF\r\n');
  });

  it('holds the lines that were asked for, in that order', () => {
    const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n');
    const heap = lines.filter((line) => line.includes('[heap]'));
    expect(bytesOf([String(pid), '--grep', 'heap']).toString('latin1')).toBe(`${heap.join('\n')}\n`);
    const first = bytesOf([String(pid), '--sort', '-start'])
      .toString('latin1')
      .split('\n')[0];
    expect(first).toContain('[vsyscall]');
  });
});

describe('--json', () => {
  it('is what the library gives of the same lines', async () => {
    const { stdout, code } = await runTidemark(['maps', String(pid), '--json', '--sort', 'start']);
    expect(code).toBe(0);
    const { mappings, totals } = parseMaps(readFileSync(`/proc/${pid}/maps`));
    expect(JSON.parse(stdout)).toEqual({ schema: 1, pid, status: 'ok', mappings, totals });
    const native = await runTidemark(['maps', String(pid), '--json', '--sort', 'start', '--engine', 'ts']);
    expect(native.stdout).toBe(stdout);
  });
});

describe('what is said when there is nothing', () => {
  it('names the process that is not there', async () => {
    const outcome = await runTidemark(['maps', '2147483646']);
    expect(outcome).toEqual({ code: 4, stdout: '', stderr: 'tidemark maps: there is no process 2147483646\n' });
    expect(await runTidemark(['maps', '8', '--procfs', folder])).toMatchObject({
      code: 1,
      stderr: `tidemark maps: there is no maps of process 8 in "${folder}"\n`,
    });
  });

  it('says why there is no memory, and ends well as cat does', async () => {
    const thread = await runTidemark(['maps', '9', '--procfs', folder]);
    expect(thread).toEqual({
      code: 0,
      stdout: '',
      stderr: 'tidemark maps: process 9 is a kernel thread: it has no memory of its own\n',
    });
    const zombie = await startZombie();
    const { code, stdout, stderr } = await runTidemark(['maps', String(zombie), '--json']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `tidemark maps: process ${zombie} is a zombie: it has given its memory back\n`,
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'no-mm', mappings: [] });
  });

  it('ends with 5 where it may not look', () => {
    const { status, stderr } = spawnSync(
      'setpriv',
      ['--reuid=65534', '--clear-groups', process.execPath, MAIN, 'maps', String(pid)],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe(`tidemark maps: the maps of process ${pid}: permission denied\n`);
    expect(status).toBe(5);
  });

  it.each([
    [[], 'expected one pid, got none'],
    [['1', '2'], 'expected one pid, got 2'],
    [['x'], 'PID: "x" is not a pid'],
    [['1', '--in', '/proc/self/maps'], 'give a pid or --in, not both: "/proc/self/maps" is no recording'],
    [['1', '--at', '-1s'], '--at: needs --in and a recording'],
    [['1', '--sort', 'colour'], '--sort: "colour" is not a key'],
    [['1', '--grep', '('], '--grep: "(" is not a regular expression'],
  ])('refuses %j', async (words, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['maps', ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });
});
