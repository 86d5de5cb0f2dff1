import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PADDING } from '../procfs/padding.js';
import type { EngineName } from './engine.js';
import { nativeBinding } from './native-binding.js';
import { type TextFile, TextSweep } from './text-sweep.js';

const FILES: TextFile[] = [
  { name: 'stat', most: 4096 },
  { name: 'cmdline', most: 3 << 20 },
  { name: 'attr/current', most: 8 },
];

let root: string;

beforeAll(() => {
  expect(nativeBinding().state).toBe('loaded');
  root = mkdtempSync(path.join(tmpdir(), 'tidemark-texts-'));
  for (let pid = 1; pid <= 300; pid++) {
    mkdirSync(path.join(root, String(pid), 'attr'), { recursive: true });
    writeFileSync(path.join(root, String(pid), 'stat'), `${pid} (a) S ${'x'.repeat(pid)}\n`);
    if (pid % 3) writeFileSync(path.join(root, String(pid), 'cmdline'), pid === 77 ? 'y'.repeat(2 << 20) : `a\0${pid}`);
    writeFileSync(path.join(root, String(pid), 'attr', 'current'), '0123456789');
  }
  rmSync(path.join(root, '200'), { recursive: true });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function textsOf(sweep: TextSweep, pids: Int32Array): (string | number)[] {
  return Array.from({ length: pids.length * FILES.length }, (_, index) => {
    const [start, length] = [sweep.starts[index]!, sweep.lengths[index]!];
    expect(start + Math.max(0, length) + PADDING).toBeLessThanOrEqual(sweep.bytes.length);
    return length < 0 ? length : Buffer.from(sweep.bytes.buffer, start, length).toString('latin1');
  });
}

describe.each<EngineName>(['ts', 'native'])('the %s sweep over texts', (engine) => {
  const pids = Int32Array.from({ length: 300 }, (_, index) => index + 1);

  it('reads every file, cuts at the most, and gives each its own errno', () => {
    const sweep = new TextSweep(engine, root, FILES);
    // Twice, since the buffer of the first time is used again.
    for (let round = 0; round < 2; round++) {
      sweep.read(pids);
      const texts = textsOf(sweep, pids);
      for (const pid of pids) {
        const gone = -constants.errno.ENOENT;
        const cmdline = pid === 77 ? 'y'.repeat(2 << 20) : `a\0${pid}`;
        const expected = [`${pid} (a) S ${'x'.repeat(pid)}\n`, pid % 3 ? cmdline : gone, '01234567'];
        expect(texts.slice((pid - 1) * 3, pid * 3)).toEqual(pid === 200 ? [gone, gone, gone] : expected);
      }
    }
  });

  it('reads only as many as it is told to', () => {
    const sweep = new TextSweep(engine, root, FILES);
    sweep.read(pids, 0);
    sweep.read(pids, 2);
    expect(textsOf(sweep, pids.subarray(0, 2))).toEqual([
      '1 (a) S x\n',
      'a\x001',
      '01234567',
      '2 (a) S xx\n',
      'a\x002',
      '01234567',
    ]);
  });

  it('refuses texts that are too many together, and reads fewer of them', () => {
    const sweep = new TextSweep(engine, root, FILES, 2 ** 21);
    expect(() => sweep.read(pids)).toThrow('The texts of 300 processes do not fit 2097152 bytes');
    sweep.read(pids, 70);
    expect(textsOf(sweep, pids.subarray(0, 70))).toContain(`${'70 (a) S '.padEnd(79, 'x')}\n`);
  });

  it('says what is wrong with a tree', () => {
    const sweep = new TextSweep(engine, path.join(root, 'none'), FILES);
    expect(() => sweep.read(pids)).toThrow(/ENOENT/);
    expect(() => new TextSweep(engine, path.join(root, '1', 'stat'), FILES).read(pids)).toThrow(/ENOTDIR/);
  });
});

it('gives the bytes of a stopped process with both engines', async () => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  try {
    child.kill('SIGSTOP');
    // A signal takes effect when the process next runs.
    const isStopped = () => readFileSync(`/proc/${child.pid}/stat`, 'latin1').includes(') T ');
    for (let round = 0; round < 2000 && !isStopped(); round++) await new Promise((resolve) => setTimeout(resolve, 5));
    const pids = Int32Array.of(child.pid!, 2 ** 22 + 1);
    const files = ['stat', 'status', 'cmdline', 'statm', 'smaps_rollup', 'cgroup'].map((name) => ({
      name,
      most: 1 << 17,
    }));
    const [ts, native] = (['ts', 'native'] as const).map((engine) => {
      const sweep = new TextSweep(engine, '/proc', files);
      sweep.read(pids);
      return files.map((_, index) =>
        Buffer.from(sweep.bytes.subarray(sweep.starts[index], sweep.starts[index]! + sweep.lengths[index]!)).toString(),
      );
    });
    expect(native![2]).toBe('sleep\x001000\0');
    // The rollup moves with every process that maps the C library, and SigQ with every signal of the user.
    const steady = (texts: string[]) =>
      texts.map((text) => text.replace(/^SigQ:.*$/m, '')).filter((_, index) => index !== 4);
    expect(steady(native!)).toEqual(steady(ts!));
    expect(native![4]).toContain('Pss_Dirty:');
  } finally {
    child.kill('SIGKILL');
  }
});
