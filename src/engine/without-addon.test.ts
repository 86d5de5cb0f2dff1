/** Where no addon was built everything works, or says what is missing: here the package lies in a folder without one. */
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { makeFifo, until } from '../../test/engine/commands.js';
import { readHostUnits } from '../procfs/host-units.js';
import { beginRead } from './begun-read.js';
import { bpfBinding } from './bpf-binding.js';
import { chooseEngine, EngineUnavailableError, warnWithoutAddon } from './choose.js';
import { chooseSweepingEngine } from './choose-sweeping.js';
import { processCpuNs, readClocks, threadCpuNs } from './clocks.js';
import { endingWay } from './end-process.js';
import { lockFile } from './file-lock.js';
import { readGuardedFile } from './guarded-file.js';
import { KeptReads } from './kept-reads.js';
import { readMallocUse } from './malloc-use.js';
import { mapFile } from './map-file.js';
import { findLauncher, nativeBinding, wayToBuild } from './native-binding.js';
import { openEngine } from './open-engine.js';
import { preallocate } from './preallocate.js';
import { readPieces } from './read-ahead.js';
import { findSharedMemory } from './same-memory.js';
import { StatRows } from './stat-rows.js';
import { TextSweep } from './text-sweep.js';
import { runAhead, sleepUntil, stayOff } from './wait.js';

const place = vi.hoisted(() => ({ root: '' }));
vi.mock('../text/package.js', async (original) => ({
  ...(await original<typeof import('../text/package.js')>()),
  packageRoot: () => place.root,
}));
place.root = mkdtempSync(path.join(tmpdir(), 'tidemark-no-addon-'));
afterAll(() => rmSync(place.root, { recursive: true }));

const options = { root: '/proc', host: readHostUnits(), maxKept: 10 };
const fileOf = (name: string, text: string) => {
  const file = path.join(place.root, name);
  writeFileSync(file, text);
  return file;
};

describe('without the addon', () => {
  it('the reason is told, and how to build one from what is there', () => {
    expect(nativeBinding()).toEqual({
      state: 'absent',
      reason: expect.stringMatching(
        /^not built for linux-\w+ \(to build one, with a C\+\+ compiler: npm install .* here\)$/,
      ),
    });
    expect(bpfBinding()).toEqual({
      state: 'absent',
      reason: expect.stringMatching(/^it was not built: that needs clang, bpftool and libbpf-dev \(/),
    });
    expect(findLauncher()).toBeUndefined();
    writeFileSync(path.join(place.root, 'binding.gyp'), '{}');
    expect(wayToBuild()).toBe('npm run build:native');
    rmSync(path.join(place.root, 'binding.gyp'));
  });

  it('an addon of this package is found where packages bring theirs along', () => {
    const folder = path.join(place.root, 'prebuilds', `linux-${process.arch}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'tidemark-launch'), '');
    expect(findLauncher()).toBe(path.join(folder, 'tidemark-launch'));
    rmSync(path.join(place.root, 'prebuilds'), { recursive: true });
  });

  it('the engine is ts, of which whoever did not ask for it is warned once', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    expect(chooseEngine('ts')).toEqual({ name: 'ts', reason: 'asked for' });
    expect(chooseSweepingEngine('ts', options)).toEqual({ name: 'ts', reason: 'asked for' });
    expect(chooseEngine('auto')).toEqual({
      name: 'ts',
      reason: expect.stringMatching(/^the addon is not there: not built/),
    });
    expect(chooseSweepingEngine('auto', options)).toEqual({
      name: 'ts',
      reason: expect.stringMatching(/^the addon is not there: .*; bpf cannot be used: it was not built/),
    });
    warnWithoutAddon();
    await pause(10);
    process.off('warning', note);
    expect(warnings).toEqual([expect.objectContaining({ name: 'TidemarkWarning', code: 'TIDEMARK_NO_ADDON' })]);
  });

  it('what is asked for and cannot be had is an error', () => {
    expect(() => chooseEngine('native')).toThrow(EngineUnavailableError);
    expect(() => chooseEngine('native')).toThrow(/^The native engine cannot be used: not built/);
    expect(() => chooseSweepingEngine('bpf', options)).toThrow(/^The bpf engine cannot be used: it was not built/);
    expect(() => openEngine('native', options)).toThrow(EngineUnavailableError);
    expect(() => openEngine('bpf', options)).toThrow(EngineUnavailableError);
    const texts = new TextSweep('native', '/proc', [{ name: 'stat', most: 10 }]);
    expect(() => texts.read(Int32Array.of(1))).toThrow(/^The addon is not there: not built/);
    expect(() => new KeptReads('native', 1).read([], 0, () => true)).toThrow(/^The addon is not there: not built/);
  });

  it('the clocks are read all the same', () => {
    const uptime = () => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
    const [from, fromReal, fromBoot] = [process.hrtime.bigint(), Date.now(), uptime()];
    const { monotonicNs, realNs, boottimeNs } = readClocks();
    const [to, toReal, toBoot] = [process.hrtime.bigint(), Date.now(), uptime()];
    const isWithin = (value: number, low: number, high: number) => value >= low && value <= high;
    expect(isWithin(Number(monotonicNs - from), 0, Number(to - from))).toBe(true);
    expect([Number(realNs / 1_000_000n), fromReal, toReal]).toSatisfy(([at, low, high]) => isWithin(at, low, high));
    expect([Number(boottimeNs) / 1e9, fromBoot, toBoot]).toSatisfy(([at, low, high]) => isWithin(at, low, high));
    const [thread, whole] = [threadCpuNs(), processCpuNs()];
    expect(thread).toBeGreaterThan(0);
    expect(thread).toBeLessThan(whole + 1e8);
  });

  it('a thread sleeps until its time, and at no time that has passed', () => {
    const from = process.hrtime.bigint();
    sleepUntil(from);
    sleepUntil(from + 5_000_000n);
    expect(process.hrtime.bigint() - from).toBeGreaterThanOrEqual(5_000_000n);
    expect([runAhead(true), stayOff(0, false)]).toEqual([false, false]);
  });

  it('files are read by Node, with its errors', () => {
    const file = fileOf('text', 'what stands there\n');
    expect(Buffer.from(readGuardedFile(file)).toString()).toBe('what stands there\n');
    expect(() => readGuardedFile(`${file}-gone`)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(Buffer.concat([...readPieces(file)]).toString()).toBe('what stands there\n');
    expect(() => readPieces(`${file}-gone`)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('nobody is kept out of a file, nor is one reserved or mapped; the caller is told so', () => {
    const fd = openSync(fileOf('locked', ''), 'r+');
    expect([lockFile(fd), preallocate(fd, 4096), mapFile(fd, 4096)]).toEqual([true, false, undefined]);
    closeSync(fd);
    expect(readMallocUse()).toEqual({ reason: 'the addon is not there' });
  });

  it('who shares memory is not known, and what is not alike was never asked', () => {
    expect(findSharedMemory('/proc', [1, process.pid], ['alike', 'alike'])).toEqual({
      leaders: Int32Array.of(0, 1),
      denied: 0,
      unsupported: expect.stringMatching(/^not built/),
    });
    expect(findSharedMemory('/proc', [1, process.pid], ['one', 'other'])).not.toHaveProperty('unsupported');
  });

  it('rows of stat are tokenized as each is looked at', () => {
    const sweep = new TextSweep('ts', '/proc', [{ name: 'stat', most: 4096 }]);
    const rows = new StatRows('native', sweep, 0, 1);
    sweep.read(Int32Array.of(process.pid));
    rows.swept(1);
    expect([rows.load(0), rows.number('ppid'), rows.digits('ppid')]).toEqual([
      true,
      process.ppid,
      String(process.ppid),
    ]);
  });

  it('a program is ended by a signal', () => {
    vi.stubEnv('NODE_V8_COVERAGE', undefined);
    vi.stubEnv('NODE_OPTIONS', undefined);
    expect(endingWay()).toBe('signal');
    vi.unstubAllEnvs();
  });
});

describe('a read that was begun without the addon', () => {
  const taken = async (read: ReturnType<typeof beginRead>) => {
    let got = read.take(0n);
    expect(got).toBeUndefined();
    const isTaken = () => {
      got = read.take(0n);
      return got !== undefined;
    };
    await until(isTaken, 'it was read');
    return typeof got === 'string' ? got : Buffer.from(got!).toString();
  };

  it('has the begin of its file, or says that it is not to be read', async () => {
    expect(await taken(beginRead(fileOf('args', 'sleep\0' + '1000\0'), 5))).toBe('sleep');
    expect(await taken(beginRead(path.join(place.root, 'nothing'), 5))).toBe('unread');
    expect(await taken(beginRead(place.root, 5))).toBe('unread');
  });

  it('is given up after a second; beside two that are stuck none is begun, until they come back', async () => {
    const fifos = ['one', 'two'].map((name) => path.join(place.root, name));
    fifos.forEach(makeFifo);
    const stuck = fifos.map((fifo) => beginRead(fifo, 5));
    expect(stuck.map((read) => read.take(0n))).toEqual([undefined, undefined]);
    await pause(1010);
    for (let time = 0; time < 2; time++) expect(stuck.map((read) => read.take(0n))).toEqual(['unread', 'unread']);
    const file = fileOf('other', 'text');
    expect(beginRead(file, 9).take(0n)).toBe('unread');
    for (const fifo of fifos) {
      const writer = openSync(fifo, 'r+');
      writeSync(writer, 'late');
      await until(() => beginRead(file, 9).take(0n) === undefined, 'one is back');
      closeSync(writer);
    }
    expect(stuck[0]!.take(0n)).toBe('unread');
    expect(await taken(beginRead(file, 9))).toBe('text');
  });
});
