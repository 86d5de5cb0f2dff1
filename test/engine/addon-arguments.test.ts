/** A wrong argument is our own mistake: it throws, and never reaches memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeBinding } from '../../src/engine/native-binding.js';
import { MappingTable } from '../../src/procfs/mapping-table.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../../src/schema.js';
import { FakeProcfs } from './fake-procfs.js';
import { attempt, describeValue, isRightKind, WRONG } from './wrong-arguments.js';

const binding = nativeBinding();
if (binding.state !== 'loaded') throw new Error(binding.reason);
const { addon } = binding;

type Call = (...words: unknown[]) => unknown;
let tree: FakeProcfs;
let sweeper: Record<string, Call>;
beforeEach(() => {
  tree = new FakeProcfs();
  tree.add(7);
  tree.write(7, 'smaps', '1000-2000 r--p 0 00:00 0\n');
  sweeper = new addon.Sweeper(tree.root, 4096, 100, 10, 2, 20e9) as unknown as Record<string, Call>;
  sweeper.attach!(0, 7, new Float64Array(4), new Uint8Array(64));
});
afterEach(() => tree.destroy());

const STRIDE = 8;
/** Arguments with which each call works. */
const RIGHT: Record<string, () => unknown[]> = {
  attach: () => [1, 7, new Float64Array(4), new Uint8Array(64)],
  comm: () => [0, new Uint8Array(64)],
  sweepCounters: () => [
    Uint32Array.of(0, 1),
    2,
    new Float64Array(COUNTER_COLUMNS.length * STRIDE),
    new Uint8Array(STRIDE),
    new Uint32Array(2),
    new BigInt64Array(2),
    1,
    0,
  ],
  sweepRollup: () => [
    Uint32Array.of(0, 1),
    2,
    new Float64Array(ROLLUP_COLUMNS.length * STRIDE),
    new Uint8Array(STRIDE),
    new BigInt64Array(2),
    0n,
  ],
  sweepPaced: () => [
    Uint32Array.of(0, 1),
    2,
    new Float64Array(ROLLUP_COLUMNS.length * STRIDE),
    new Uint8Array(STRIDE),
    new BigInt64Array(2),
    0n,
    500_000,
  ],
  sweepMappings: () => [
    Uint32Array.of(0, 1),
    2,
    new Uint8Array(STRIDE),
    new MappingTable(8).buffer,
    8,
    new Uint8Array(64),
    new Uint32Array(4),
    new BigUint64Array(2),
    new BigInt64Array(2),
    0n,
    new Float64Array(2),
    0,
  ],
  listPids: () => [new Int32Array(8)],
  readers: () => [new Float64Array(1)],
};

describe('the calls of a sweeper', () => {
  it.each(Object.keys(RIGHT))('%s works', (method) => {
    expect(sweeper[method]!(...RIGHT[method]!())).toBeGreaterThanOrEqual(0);
  });

  it.each(Object.keys(RIGHT))('%s refuses each wrong argument in each place', (method) => {
    RIGHT[method]!().forEach((right, place) => {
      for (const wrong of WRONG) {
        const words = RIGHT[method]!();
        words[place] = wrong;
        const call = () => sweeper[method]!(...words);
        if (isRightKind(right, wrong)) expect(() => attempt(call)).not.toThrow();
        else expect(call, `${method}, argument ${place}: ${describeValue(wrong)}`).toThrow(TypeError);
      }
      expect(() => sweeper[method]!(...RIGHT[method]!().slice(0, place))).toThrow(TypeError);
    });
    expect(sweeper[method]!(...RIGHT[method]!())).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['sweepCounters', 2, new Float64Array(COUNTER_COLUMNS.length * STRIDE - 1)],
    ['sweepCounters', 0, Uint32Array.of(0, STRIDE)],
    ['sweepCounters', 0, Uint32Array.of(0xffffffff, 0)],
    ['sweepCounters', 1, 3],
    ['sweepCounters', 4, new Uint32Array(1)],
    ['sweepCounters', 5, new BigInt64Array(1)],
    ['sweepRollup', 2, new Float64Array(ROLLUP_COLUMNS.length * STRIDE - 1)],
    ['sweepRollup', 0, Uint32Array.of(STRIDE, 0)],
    ['sweepRollup', 4, new BigInt64Array(1)],
    ['sweepMappings', 0, Uint32Array.of(0, STRIDE)],
    ['sweepMappings', 3, new ArrayBuffer(64)],
    ['sweepMappings', 4, 16],
    ['sweepMappings', 4, 9],
    ['sweepMappings', 6, new Uint32Array(3)],
    ['sweepMappings', 7, new BigUint64Array(1)],
    ['sweepMappings', 10, new Float64Array(1)],
    ['sweepMappings', 11, -1],
    ['attach', 2, new Float64Array(3)],
    ['attach', 3, new Uint8Array(63)],
    ['attach', 0, 2 ** 20],
    ['attach', 0, 0xffffffff],
    ['attach', 1, 0],
    ['attach', 1, 2 ** 31],
    ['comm', 1, new Uint8Array(63)],
  ])('%s refuses what is too small or too large in place %i', (method, place, value) => {
    const words = RIGHT[method]!();
    words[place] = value;
    expect(() => sweeper[method]!(...words)).toThrow(TypeError);
  });

  it('takes the last slot that there can be, and none', () => {
    const words = RIGHT.attach!();
    words[0] = 2 ** 20 - 1;
    expect(sweeper.attach!(...words)).toBe(0);
    expect(sweeper.detach!(2 ** 20 - 1)).toBeUndefined();
    for (const method of ['sweepCounters', 'sweepRollup', 'sweepMappings']) {
      const none = RIGHT[method]!();
      none[0] = new Uint32Array(0);
      none[1] = 0;
      expect(sweeper[method]!(...none)).toBe(0);
    }
    expect(() => sweeper.detach!('0')).toThrow(TypeError);
  });

  it('fills a list that is too short and says how many there are', () => {
    tree.add(8);
    const pids = new Int32Array(1);
    expect(sweeper.listPids!(pids)).toBe(2);
    expect(sweeper.listPids!(new Int32Array(0))).toBe(2);
  });

  it('says that it is closed', () => {
    sweeper.close!();
    sweeper.close!();
    for (const method of Object.keys(RIGHT)) {
      expect(() => sweeper[method]!(...RIGHT[method]!())).toThrow(new TypeError('This sweeper is closed'));
    }
    expect(() => sweeper.lastPid!()).toThrow('This sweeper is closed');
    expect(sweeper.kept!()).toBe(0);
    expect(sweeper.detach!(0)).toBeUndefined();
  });

  it('knows its own kind', () => {
    for (const method of [...Object.keys(RIGHT), 'kept', 'close', 'detach', 'lastPid']) {
      const words = RIGHT[method]?.() ?? [];
      for (const stranger of [{}, undefined, addon, new Uint8Array(8)]) {
        attempt(() => sweeper[method]!.call(stranger as never, ...words));
      }
    }
    const Sweeper = addon.Sweeper as unknown as Call & (new (...words: unknown[]) => unknown);
    expect(() => Sweeper('/proc', 4096, 100, 1, 1, 1e6)).toThrow(TypeError);
    for (const words of [
      [],
      ['/proc'],
      [1, 2, 3, 4, 1, 1],
      ['/proc', '4096', 100, 1, 1, 1],
      ['/proc', 4096, '100', 1, 1, 1],
      ['/proc', 4096, 100, '1', 1, 1],
      [{}, 1, 2, 3, 1, 1],
      ['/proc', 4096, 100, 1],
      ['/proc', 4096, 100, 1, 5, 1e6],
      ['/proc', 4096, 100, 1, 1, 0],
    ]) {
      expect(() => new Sweeper(...words)).toThrow(TypeError);
    }
    expect(() => new Sweeper('/none/such', 4096, 100, 1, 1, 1e6)).toThrow(
      'Cannot open /none/such: No such file or directory',
    );
  });
});

describe('the other functions of the addon', () => {
  it.each([
    'clocks',
    'tableLayout',
    'preallocate',
    'sleepUntil',
    'tokenizeMaps',
    'tokenizeSmaps',
    'tokenizeStatm',
    'tokenizeStat',
    'tokenizeStatus',
    'readGuarded',
  ])('%s survives wrong arguments', (name) => {
    const call = addon[name as 'clocks'] as Call;
    // A descriptor that is not open, and no instant that is worth waiting for.
    for (const first of WRONG) for (const second of WRONG) attempt(() => call(first, second, first, second, first));
    attempt(() => call());
  });

  it('tells where the columns of a table lie that no memory would hold', () => {
    const places = addon.tableLayout(4294967288) as { name: string; byteOffset: number }[];
    expect(places[1]).toMatchObject({ name: 'end', byteOffset: 64 + 8 * 4294967288 });
  });

  it('tells of malloc, where the C library does', () => {
    const out = new Float64Array(3);
    const { header } = process.report!.getReport() as { header: { glibcVersionRuntime?: string } };
    const isTold = Number(header.glibcVersionRuntime?.split('.')[1] ?? 0) >= 33;
    expect(addon.mallocUse(out)).toBe(isTold);
    expect(out[0]! > 100_000).toBe(isTold);
    expect(out.every((bytes) => bytes >= 0 && bytes < 2 ** 40)).toBe(true);
    expect(() => addon.mallocUse(new Float64Array(2))).toThrow(TypeError);
    for (const bytes of [0, -1, '1']) expect(() => addon.mallocLess(bytes as number)).toThrow(TypeError);
  });

  it('starts nothing for wrong arguments', () => {
    const right = ['/bin/true', ['true'], ['A=1'], new Int32Array(2)] as const;
    const start = addon.startProcess as unknown as Call;
    for (let at = 0; at < right.length; at++) {
      for (const wrong of [undefined, null, 7, {}, new Int32Array(1)]) {
        expect(() => start(...right.slice(0, at), wrong, ...right.slice(at + 1))).toThrow(TypeError);
      }
    }
    const end = addon.processEnd as unknown as Call;
    for (const wrong of [undefined, 0, -1, 1.5, 2 ** 40, '1']) expect(() => end(wrong, right[3])).toThrow(TypeError);
    expect(() => end(1, new Int32Array(0))).toThrow(TypeError);
    // Not a child of ours.
    expect(end(1, right[3])).toBe(-10);
  });

  it('refuses clocks and texts over what is no plain memory', () => {
    expect(() => addon.clocks(new BigInt64Array(3))).toThrow(TypeError);
    expect(() => addon.clocks(new BigInt64Array(new SharedArrayBuffer(64)))).toThrow(TypeError);
    expect(() => addon.tokenizeStatm(new Uint8Array(new SharedArrayBuffer(128)), 1, new BigUint64Array(7))).toThrow(
      TypeError,
    );
    expect(() => addon.tokenizeStatm(new Uint8Array(128), 65, new BigUint64Array(7))).toThrow(TypeError);
    expect(() => addon.sleepUntil(5 as never)).toThrow(TypeError);
  });
});
