/** Every function of both addons refuses what is wrong, argument by argument, and works with what is right. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bpfBinding } from '../../src/engine/bpf-binding.js';
import { nativeBinding } from '../../src/engine/native-binding.js';
import { MappingTable } from '../../src/procfs/mapping-table.js';
import { STAT_FIELDS, StatValues } from '../../src/procfs/stat.js';
import { StatmValues } from '../../src/procfs/statm.js';
import { StatusValues } from '../../src/procfs/status.js';
import { COUNTER_COLUMNS } from '../../src/schema.js';
import { ENGINES } from './engines.js';
import { describeValue, isRightKind, WRONG } from './wrong-arguments.js';

type Call = (...words: unknown[]) => unknown;
type Words = () => unknown[];

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-refusals-'));
const file = path.join(folder, 'file');
writeFileSync(file, 'x'.repeat(8192));
const fd = openSync(file, 'r+');
const own = openSync('/dev/null', 'r+');
afterAll(() => {
  for (const one of [fd, own]) closeSync(one);
  rmSync(folder, { recursive: true });
});

/** What a place may take as well as not: another text, a large number, a list. */
function mayBeRight(right: unknown, wrong: unknown): boolean {
  if (typeof wrong === 'number') return wrong >= 2 ** 32 && Number.isInteger(wrong);
  if (Array.isArray(right)) return Array.isArray(wrong);
  return isRightKind(right, wrong) || (typeof right === typeof wrong && typeof right !== 'object');
}

/** Refuses each wrong argument in each of the first places, and too few, and works with the right ones before and after. */
function expectRefusals(name: string, call: Call, right: Words, places = right().length): void {
  call(...right());
  for (let place = 0; place < places; place++) {
    for (const wrong of WRONG) {
      const words = right();
      if (mayBeRight(words[place], wrong)) continue;
      words[place] = wrong;
      expect(() => call(...words), `${name}, argument ${place}: ${describeValue(wrong)}`).toThrow(TypeError);
    }
    expect(() => call(...right().slice(0, place)), `${name} with ${place} arguments`).toThrow(TypeError);
  }
  call(...right());
}

const binding = nativeBinding();
if (binding.state !== 'loaded') throw new Error(binding.reason);
const { addon } = binding;
const text = () => new Uint8Array(128);
const table = () => new MappingTable(8).buffer;

const FUNCTIONS: Record<string, Words> = {
  clocks: () => [new BigInt64Array(4)],
  tableLayout: () => [8],
  sleepUntil: () => [0n],
  runAhead: () => [false],
  stayOff: () => [-1, false],
  preallocate: () => [fd, 8192],
  lockFile: () => [fd],
  silence: () => [own],
  mallocUse: () => [new Float64Array(3)],
  compareMemory: () => [process.pid, process.pid],
  readGuarded: () => [file, 100],
  beginGuarded: () => [file, 100],
  takeGuarded: () => [(addon.beginGuarded as Call)(file, 100), 0n],
  startReading: () => [file, 4096],
  takePiece: () => [(addon.startReading as Call)(file, 4096)],
  readKept: () => [Int32Array.of(fd), 1, 100, new Uint8Array(256), new Uint32Array(1), new Int32Array(1)],
  readTexts: () => [
    ...['/proc', Int32Array.of(process.pid), 1, ['stat'], Uint32Array.of(100)],
    ...[new Uint8Array(4096), new Uint32Array(1), new Int32Array(1)],
  ],
  tokenizeStatRows: () => [
    ...[text(), new Uint32Array(1), new Int32Array(1), 0, 1, 1],
    ...[new Float64Array(STAT_FIELDS.length), new Uint32Array(4)],
  ],
  tokenizeMaps: () => [text(), 0, table(), 8],
  tokenizeSmaps: () => [text(), 0, table(), 8],
  tokenizeStatm: () => [text(), 0, new StatmValues().fields],
  tokenizeStat: () => [text(), 0, new StatValues().fields, new StatValues().words],
  tokenizeStatus: () => {
    const { fields, others, counts } = new StatusValues();
    return [text(), 0, fields, others, counts];
  },
};

describe('the addon', () => {
  it.each(Object.keys(FUNCTIONS))('%s takes what is right and nothing else', (name) => {
    expectRefusals(name, addon[name as 'clocks'] as Call, FUNCTIONS[name]!, name === 'stayOff' ? 0 : undefined);
  });

  it('keeps a thread off no processor that is none', () => {
    for (const wrong of [[], ['0', true], [0], [0, 1]])
      expect(() => (addon.stayOff as Call)(...wrong)).toThrow(TypeError);
  });

  it('ends for no code that is none', () => {
    for (const wrong of WRONG) expect(() => (addon.endProcess as Call)(wrong)).toThrow(TypeError);
    expect(() => (addon.endProcess as Call)(256)).toThrow(TypeError);
  });

  it('refuses names of files that are too long, or no names, and texts beyond their bytes', () => {
    const right = FUNCTIONS.readTexts!;
    for (const [names, most] of [
      [[7], 100],
      [['x'.repeat(256)], 100],
      [['stat'], 2 ** 30 + 1],
    ] as const) {
      const words = right();
      words[3] = names;
      words[4] = Uint32Array.of(most);
      expect(() => (addon.readTexts as unknown as Call)(...words)).toThrow('Expected the name of a file');
    }
    const rows = FUNCTIONS.tokenizeStatRows!();
    rows[2] = Int32Array.of(129);
    expect(() => (addon.tokenizeStatRows as unknown as Call)(...rows)).toThrow('inside the bytes of the sweep');
  });

  it('takes what was read once', () => {
    const handle = (addon.beginGuarded as Call)(file, 5);
    expect((addon.takeGuarded as Call)(handle, 0n)).toHaveLength(5);
    expect(() => (addon.takeGuarded as Call)(handle, 0n)).toThrow('has been taken');
  });
});

describe('a mapped file of the addon', () => {
  const Mapped = addon.MappedFile as unknown as new (...words: unknown[]) => Record<string, Call>;
  const METHODS: Record<string, Words> = {
    write: () => [0, new Uint8Array(8), 0, 8],
    commit: () => [0, 1, 2],
  };

  it('is made of what is right and nothing else', () => {
    const make: Call = (...words) => new Mapped(...words).close!();
    expectRefusals('MappedFile', make, () => [fd, 8192, 500]);
  });

  it.each(Object.keys(METHODS))('%s takes what is right and nothing else', (name) => {
    const mapped = new Mapped(fd, 8192, 500);
    expect(mapped.error!()).toBe(0);
    expectRefusals(name, (...words) => mapped[name]!(...words), METHODS[name]!);
    mapped.close!();
  });

  it('that is closed stores nothing, and has nothing left to do', () => {
    const mapped = new Mapped(fd, 8192, 500);
    mapped.close!();
    expect(['write', 'commit'].map((name) => mapped[name]!(...METHODS[name]!()))).toEqual([-9, -9]);
    expect([mapped.settle!(), mapped.takeError!(), mapped.gather!(true), mapped.kick!(), mapped.close!()]).toEqual([
      ...[0, 0],
      ...[undefined, undefined, undefined],
    ]);
  });
});

describe.runIf(ENGINES.includes('bpf'))('the second addon', () => {
  const second = bpfBinding();
  const { KernelCounters, LifeRing } = second.state === 'loaded' ? second.addon : ({} as never);
  const COUNTERS: Words = () => [4096, 100, 32, 1, true];
  const RING: Words = () => [4096, 32, true, 4, 0, 0n, 0];
  type Made = Record<string, Call> & { close: Call };
  const make = (Kind: unknown, words: unknown[]) => new (Kind as new (...words: unknown[]) => Made)(...words);

  const METHODS: Record<string, Words> = {
    attach: () => [1, process.pid, new Float64Array(4), new Uint8Array(64)],
    bind: () => [1, process.pid, 5, new Uint8Array(8)],
    tgidOf: () => [process.pid],
    comm: () => [1, new Uint8Array(64)],
    sweepCounters: () => [
      ...[Uint32Array.of(0), 1, new Float64Array(COUNTER_COLUMNS.length * 8), new Uint8Array(8)],
      ...[new Uint32Array(1), new BigInt64Array(2), 1, 0],
    ],
    listPids: () => [new Int32Array(8)],
    narrow: () => [4, 0, 0n, 0, 0],
  };

  it('has counters of what is right and nothing else', () => {
    expectRefusals('KernelCounters', (...words) => make(KernelCounters, words).close(), COUNTERS);
    for (const [place, value] of [
      [0, 0],
      [1, 0],
      [3, 3],
    ] as const) {
      const words = COUNTERS();
      words[place] = value;
      expect(() => make(KernelCounters, words)).toThrow(TypeError);
    }
  });

  it('whose methods take what is right and nothing else, until they are closed', () => {
    const counters = make(KernelCounters, COUNTERS());
    for (const [name, right] of Object.entries(METHODS)) {
      expectRefusals(name, (...words) => counters[name]!(...words), right);
    }
    expect(() => counters.detach!('0')).toThrow(TypeError);
    expect(() => counters.sweepCounters!(Uint32Array.of(8), ...METHODS.sweepCounters!().slice(1))).toThrow(TypeError);
    counters.close();
    for (const name of [...Object.keys(METHODS), 'watchPeaks', 'peakEvents', 'facts']) {
      expect(() => counters[name]!(...(METHODS[name]?.() ?? []))).toThrow('These counters are closed');
    }
    expect([counters.detach!(0), counters.close()]).toEqual([undefined, undefined]);
  });

  it('parks counters under a key, and takes nothing else for one', () => {
    const { dropParked } = (second as { addon: { dropParked: Call } }).addon;
    expectRefusals('dropParked', dropParked, () => [2 ** 31]);
    for (const key of ['1', -1, 0.5, 2 ** 32, null]) {
      expect(() => make(KernelCounters, [...COUNTERS(), key]), String(key)).toThrow('the key of parked counters');
    }
    const counters = make(KernelCounters, COUNTERS());
    const key = counters.park!();
    expect(() => counters.park!()).toThrow('These counters are closed');
    // By the wrong key they stay where they are, and by none new ones are made.
    dropParked(2 ** 31);
    const others = ['iterate', 'walk'].map((_, method) =>
      make(KernelCounters, [4096, 100, 32, 2, true, ...(method ? [key] : [])]),
    );
    expect(others.map((one) => (one.facts!() as { method: string }).method)).toEqual(['iterate', 'walk']);
    for (const one of others) one.close();
  });

  it('has rings of what is right and nothing else', () => {
    expectRefusals('LifeRing', (...words) => make(LifeRing, words).close(), RING);
    for (const bytes of [0, 2048, 5000, 2 ** 31]) {
      expect(() => make(LifeRing, [bytes, ...RING().slice(1)])).toThrow('a power of two of bytes');
    }
    const ring = make(LifeRing, RING());
    expectRefusals(
      'add',
      (...words) => ring.add!(...words),
      () => [process.pid],
    );
    expectRefusals(
      'drain',
      (...words) => ring.drain!(...words),
      () => [new Uint8Array(72)],
    );
    expectRefusals(
      'counts',
      (...words) => ring.counts!(...words),
      () => [new Float64Array(3)],
    );
    ring.close();
    for (const [name, word] of [
      ['add', 1],
      ['drain', new Uint8Array(72)],
      ['counts', new Float64Array(3)],
    ] as const) {
      expect(() => ring[name]!(word)).toThrow('This ring is closed');
    }
  });
});
