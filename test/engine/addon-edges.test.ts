/** What the addon does at its edges: slots that nobody has, stores that do not fit, signals and priorities of others. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NativeSweeper, nativeBinding } from '../../src/engine/native-binding.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, STATUSES } from '../../src/schema.js';
import { makeFifo, until } from './commands.js';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from './fake-procfs.js';

const binding = nativeBinding();
if (binding.state !== 'loaded') throw new Error(binding.reason);
const { addon } = binding;
const { errno } = constants;
const DIST = pathToFileURL(fileURLToPath(new URL('../../dist/engine/native-binding.js', import.meta.url))).href;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-edges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script with `addon` in a process of its own, behind the words of `prefix`. */
function runAlone(script: string, prefix: readonly string[] = []) {
  const source = `const { addon } = (await import('${DIST}')).nativeBinding();
    const fs = await import('node:fs');
    ${script}`;
  const [command, ...words] = [...prefix, process.execPath, '--input-type=module', '-e', source];
  const { stdout, stderr, status, signal } = spawnSync(command!, words, { encoding: 'utf8', timeout: 25_000 });
  return { stdout: stdout.trim(), stderr, status, signal };
}

describe('a sweeper', () => {
  let tree: FakeProcfs;
  let sweeper: NativeSweeper;
  beforeEach(() => {
    tree = new FakeProcfs();
    tree.add(7);
    tree.write(7, 'smaps_rollup', smapsRecord(ROLLUP_HEAD, { Rss: 8, Pss: 4 }));
    sweeper = new addon.Sweeper(tree.root, 4096, 100, 10, 1, 5e9);
  });
  afterEach(() => {
    sweeper.close();
    tree.destroy();
  });

  it('knows nothing of slots that nobody was ever bound to, far beyond those it has', () => {
    for (const slot of [0, 5000, 2 ** 20 - 1]) {
      expect(STATUSES[sweeper.isThere(slot)]).toBe('gone');
      expect(sweeper.comm(slot, new Uint8Array(64))).toBe(0);
      expect(sweeper.detach(slot)).toBeUndefined();
    }
    expect(() => sweeper.isThere(-1)).toThrow('Expected a slot');
    sweeper.close();
    expect(() => sweeper.isThere(0)).toThrow('This sweeper is closed');
  });

  it('gives a slot to another process, and then knows that one alone', () => {
    tree.add(8, { comm: 'other' });
    const comm = new Uint8Array(64);
    expect(sweeper.attach(0, 7, new Float64Array(4), comm)).toBe(0);
    expect(sweeper.attach(0, 8, new Float64Array(4), comm)).toBe(0);
    expect(Buffer.from(comm.subarray(0, sweeper.comm(0, comm))).toString()).toBe('other');
    expect(STATUSES[sweeper.isThere(0)]).toBe('ok');
    // Its pid is another's.
    tree.add(8, { startTicks: 5 });
    expect(STATUSES[sweeper.isThere(0)]).toBe('gone');
  });

  it('tells a name that is another of the same length, and the pid that was given last only where it is told', () => {
    sweeper.attach(0, 7, new Float64Array(4), new Uint8Array(64));
    const renamed = new Uint32Array(1).fill(9);
    const words = [new Float64Array(COUNTER_COLUMNS.length), new Uint8Array(1), renamed, new BigInt64Array(2)] as const;
    expect(sweeper.sweepCounters(Uint32Array.of(0), 1, ...words, 1, 0)).toBe(0);
    tree.add(7, { comm: 'kafe' });
    expect([sweeper.sweepCounters(Uint32Array.of(0), 1, ...words, 1, 0), renamed[0]]).toEqual([1, 0]);
    expect(sweeper.lastPid()).toBe(-1);
    makeFifo(path.join(tree.root, 'loadavg'));
    expect([sweeper.lastPid(), sweeper.lastPid()]).toEqual([-1, -1]);
    rmSync(path.join(tree.root, 'loadavg'));
    tree.loadavg(42);
    expect(sweeper.lastPid()).toBe(42);
  });

  it('keeps no files of a tree whose files cannot be read from a place, and reads it on', () => {
    tree.fifo(7, 'stat');
    expect(STATUSES[sweeper.attach(0, 7, new Float64Array(4), new Uint8Array(64))]).toBe('unsupported');
    tree.add(8);
    expect(STATUSES[sweeper.attach(0, 8, new Float64Array(4), new Uint8Array(64))]).toBe('ok');
    expect([STATUSES[sweeper.isThere(0)], sweeper.kept()]).toEqual(['ok', 0]);
  });

  it.each([
    ['12\n', 12],
    ['-5', -5],
    ['12x\n', Number.NaN],
    ['\n', Number.NaN],
    ['', Number.NaN],
    ['none\n', Number.NaN],
  ])('takes %j for an oom score of %d', (text, score) => {
    sweeper.attach(0, 7, new Float64Array(4), new Uint8Array(64));
    tree.write(7, 'oom_score', text);
    const values = new Float64Array(ROLLUP_COLUMNS.length);
    const status = new Uint8Array(1);
    expect(sweeper.sweepRollup(Uint32Array.of(0), 1, values, status, new BigInt64Array(2), 0n)).toBe(1);
    expect([status[0], values[ROLLUP_COLUMNS.indexOf('oomScore')]]).toEqual([0, score]);
  });
});

describe('a mapped file', () => {
  const SIZE = 16 * 1024 * 1024;
  const MEBIBYTE = 1024 * 1024;
  const file = path.join(folder, 'mapped');

  function withMapped(size: number, use: (mapped: InstanceType<typeof addon.MappedFile>) => void): void {
    writeFileSync(file, '');
    truncateSync(file, size);
    const fd = openSync(file, 'r+');
    const mapped = new addon.MappedFile(fd, size, 50);
    try {
      use(mapped);
    } finally {
      mapped.close();
      closeSync(fd);
    }
  }

  it('is none of a descriptor that is not open or cannot be written to, or of no bytes', () => {
    writeFileSync(file, Buffer.alloc(8192));
    const fd = openSync(file, 'r');
    expect(new addon.MappedFile(fd, 4096, 50).error()).toBe(-errno.EACCES);
    expect(new addon.MappedFile(fd, 0, 50).error()).toBe(-errno.EINVAL);
    expect(new addon.MappedFile(fd, 8193, 50).error()).toBe(-errno.EINVAL);
    closeSync(fd);
    expect(new addon.MappedFile(999_999, 4096, 50).error()).toBe(-errno.EBADF);
  });

  it('refuses stores that do not lie in it, or not at a multiple of 8', () => {
    withMapped(4096, (mapped) => {
      const bytes = new Uint8Array(8192).fill(1);
      expect(mapped.write(0, bytes, 0, 4097)).toBe(-errno.EINVAL);
      expect(mapped.write(4090, bytes, 0, 7)).toBe(-errno.EINVAL);
      expect([4089, 4090, 4096, 2 ** 40, 4].map((at) => mapped.commit(at, 8, 1))).toEqual(Array(5).fill(-errno.EINVAL));
      expect([mapped.write(4090, bytes, 0, 6), mapped.commit(4080, 8, 1), mapped.settle()]).toEqual([0, 0, 0]);
    });
    expect(readFileSync(file).subarray(4080)).toEqual(Buffer.from([8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]));
    withMapped(4, (mapped) => expect(mapped.commit(0, 8, 1)).toBe(-errno.EINVAL));
  });

  it('takes 8 MiB that nobody commits and no more, and goes on when they are stored', () => {
    withMapped(SIZE, (mapped) => {
      const bytes = new Uint8Array(MEBIBYTE).fill(7);
      const results = Array.from({ length: 9 }, (_, index) => mapped.write(index * MEBIBYTE, bytes, 0, MEBIBYTE));
      // What waits beside the bytes of a store counts as well.
      expect(results).toEqual([...Array(7).fill(0), -errno.ENOBUFS, expect.any(Number)]);
      expect(mapped.settle()).toBe(0);
      expect([mapped.write(0, bytes, 0, 8), mapped.commit(8, 8, 9), mapped.settle()]).toEqual([0, 0, 0]);
    });
    expect(
      readFileSync(file)
        .subarray(0, 7 * MEBIBYTE)
        .filter((byte) => byte !== 7),
    ).toEqual(Buffer.from([8, 0, 0, 0, 9, 0, 0, 0]));
  });

  it('stores what is large at once, and what was gathered when that ends, also if it was nothing', async () => {
    const seen = () => readFileSync(file).readUInt32LE(8);
    withMapped(4 * MEBIBYTE, (mapped) => {
      mapped.gather(true);
      mapped.gather(false);
      mapped.write(MEBIBYTE, new Uint8Array(2 * MEBIBYTE).fill(7), 0, 2 * MEBIBYTE);
      mapped.commit(8, 77, 1);
      expect(mapped.settle()).toBe(0);
      expect(seen()).toBe(77);
    });
  });

  it('lets go of what is full, of more rings than it remembers ends of, and of a frame that says to end beyond it', async () => {
    const fd = openSync(file, 'w+');
    truncateSync(file, SIZE);
    const mapped = new addon.MappedFile(fd, SIZE, 20);
    const places = Array.from({ length: 40 }, (_, index) => ((39 - index) * SIZE) / 40).map((at) => at - (at % 8));
    for (const [index, at] of places.entries()) {
      expect(mapped.commit(at, 100_000, index)).toBe(0);
      if (index % 8 === 0) {
        mapped.kick();
        await until(() => readFileSync(file).readUInt32LE(at) === 100_000, 'it is stored');
      }
    }
    expect(mapped.commit(SIZE - 8, 2 ** 31, 40)).toBe(0);
    expect(mapped.settle()).toBe(0);
    mapped.kick();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(mapped.takeError()).toBe(0);
    mapped.close();
    closeSync(fd);
    const bytes = readFileSync(file);
    expect(places.map((at) => bytes.readUInt32LE(at + 4))).toEqual([...places.keys()]);
    expect(bytes.readUInt32LE(SIZE - 8)).toBe(2 ** 31);
  });

  it('goes on beside another that was opened before it and is closed', () => {
    const fds = ['one', 'other'].map((name) => openSync(path.join(folder, name), 'w+'));
    for (const fd of fds) ftruncateSync(fd, 4096);
    const [one, other] = fds.map((fd) => new addon.MappedFile(fd, 4096, 50));
    one!.close();
    expect([other!.commit(0, 8, 1), other!.settle()]).toEqual([0, 0]);
    other!.close();
    for (const fd of fds) closeSync(fd);
    const begins = ['one', 'other'].map((name) => readFileSync(path.join(folder, name)).readUInt32LE(0));
    expect(begins).toEqual([0, 8]);
  });

  it('leaves a SIGBUS that is none of its own to who was there before: it ends the program', () => {
    writeFileSync(file, Buffer.alloc(4096));
    const { stdout, signal } = runAlone(`
      const fd = fs.openSync('${file}', 'r+');
      const mapped = new addon.MappedFile(fd, 4096, 50);
      console.log(mapped.error());
      for (let turn = 0; turn < 2; turn++) {
        process.kill(process.pid, 'SIGBUS');
        addon.sleepUntil(process.hrtime.bigint() + 20_000_000n);
      }
      console.log('lives');`);
    expect({ stdout, signal }).toEqual({ stdout: '0', signal: 'SIGBUS' });
  });
});

describe('the other functions', () => {
  it('put nothing in the place of a descriptor that there cannot be', () => {
    expect(addon.silence(2 ** 31 - 1)).toBe(errno.EBADF);
  });

  it('throw what a list of names throws, and not a second time', () => {
    const names: string[] = [];
    Object.defineProperty(names, 0, {
      get: () => {
        throw new RangeError('of the list');
      },
    });
    const arrays = [new Uint8Array(4096), new Uint32Array(1), new Int32Array(1)] as const;
    const call = () => addon.readTexts('/proc', Int32Array.of(1), 1, names, Uint32Array.of(9), ...arrays);
    expect(call).toThrow(new RangeError('of the list'));
  });

  it('give as much of a text as was asked for into room for just that, and say when there is less room', () => {
    const read = (room: number) => {
      const [starts, lengths] = [new Uint32Array(1), new Int32Array(1)];
      const bytes = new Uint8Array(room + 64);
      const pids = Int32Array.of(process.pid);
      const result = addon.readTexts('/proc', pids, 1, ['status'], Uint32Array.of(10), bytes, starts, lengths);
      return [result, lengths[0], Buffer.from(bytes.subarray(0, room)).toString()];
    };
    expect(read(10)).toEqual([0, 10, readFileSync('/proc/self/status', 'latin1').slice(0, 10)]);
    expect(read(9)[0]).toBe(-errno.EOVERFLOW);
  });

  it('keep a thread off a processor beyond those that a set has room for, which is off none', () => {
    const { stdout } = runAlone(
      `console.log(addon.stayOff(100_000, false), addon.stayOff(0, true), addon.stayOff(-1, true))`,
    );
    expect(stdout).toMatch(/^0 (0|22) 0$/);
  });

  const mayRunAhead = spawnSync('chrt', ['-f', '1', 'true']).status === 0;
  it.runIf(mayRunAhead)('leave who was started with a priority of its own what it has', () => {
    const script = `
      const policy = () => { const words = fs.readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
        return words.slice(37, 39).join(); };
      console.log([policy(), addon.runAhead(true), policy(), addon.runAhead(false), policy()].join(' '));`;
    expect(runAlone(script, ['chrt', '-f', '7']).stdout).toBe('7,1 0 7,1 0 7,1');
    expect(runAlone(script).stdout).toBe('0,0 0 1,1 0 0,0');
  });
});
