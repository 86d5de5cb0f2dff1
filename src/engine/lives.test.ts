/** What the kernel tells of lives, as bytes of its ring: here the ring is an array of ours. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BpfBinding, KernelLives } from './bpf-binding.js';
import { boottimeOffsetNs, KernelLifeSource } from './kernel-lives.js';
import { type Life, LifeReader } from './lives.js';

const HOST = { pageSize: 4096, clockTicksPerSecond: 100 };
const LIFE_BYTES = 72;

/** A record as native/bpf/program/shared.h has it. */
function record(type: number, pid: number, name: string, resident?: bigint): Uint8Array {
  const bytes = new Uint8Array(LIFE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 5n, true);
  view.setBigUint64(8, 30_000_000n, true);
  view.setBigUint64(16, resident ?? 77n, true);
  view.setBigUint64(24, 9n, true);
  [type, pid, 1, 256, resident === undefined ? 0 : 1, 1000].forEach((word, at) => {
    view.setUint32(32 + at * 4, word, true);
  });
  bytes.set(Buffer.from(name, 'latin1'), 56);
  return bytes;
}

class Ring implements KernelLives {
  readonly added: number[] = [];
  isClosed = false;
  constructor(readonly records: Uint8Array[] = []) {}
  add(pid: number): number {
    return this.added.push(pid);
  }
  drain(out: Uint8Array): number {
    const taken = this.records.splice(0, Math.floor(out.length / LIFE_BYTES));
    taken.forEach((bytes, index) => {
      out.set(bytes, index * LIFE_BYTES);
    });
    return taken.length;
  }
  counts(out: Float64Array): void {
    out.set([3, 2, 1]);
  }
  close(): void {
    this.isClosed = true;
  }
}

describe('a reader of lives', () => {
  const read = (...records: Uint8Array[]) => {
    const lives: Life[] = [];
    new LifeReader(new Ring(records), 4096, (ns) => Number(ns) / 1e7).drain((life) => lives.push(life));
    return lives;
  };

  it('has what each record tells', () => {
    expect(read(record(3, 42, 'sleep', 10n))).toEqual([
      {
        ...{ type: 'exit', timeNs: 5n, pid: 42, parentPid: 1, startTicks: 3, exitStatus: 256, uid: 1000, cpuNs: 9 },
        peakBytes: 40_960,
        comm: new Uint8Array(Buffer.from('sleep')),
      },
    ]);
  });

  it('has no peak of memory that was gone, and a name of sixteen bytes whole', () => {
    const [life] = read(record(4, 42, '0123456789abcdef'));
    expect(life).toMatchObject({ type: 'oom', peakBytes: undefined });
    expect(Buffer.from(life!.comm).toString()).toBe('0123456789abcdef');
  });

  it('passes by what a later kernel program may tell', () => {
    expect(read(record(0, 1, 'x'), record(9, 2, 'y'), record(1, 3, 'z')).map(({ type, pid }) => [type, pid])).toEqual([
      ['fork', 3],
    ]);
  });

  it('takes more than fit at once, in their order', () => {
    const pids = Array.from({ length: 2500 }, (_, index) => index + 1);
    expect(read(...pids.map((pid) => record(2, pid, 'x'))).map(({ pid }) => pid)).toEqual(pids);
  });
});

describe('what a time namespace adds', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-time-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['monotonic           0         0\nboottime       86400      5\n', 86_400_000_000_005n],
    ['monotonic           0         0\nboottime         -10 500000000\n', -9_500_000_000n],
    ['monotonic           0         0\n', 0n],
  ])('is what the kernel says: %j', (text, ns) => {
    const file = path.join(folder, 'timens_offsets');
    writeFileSync(file, text);
    expect(boottimeOffsetNs(file)).toBe(ns);
  });

  it('is nothing where there are none', () => {
    expect(boottimeOffsetNs(path.join(folder, 'nothing'))).toBe(0n);
  });
});

describe('a source of lives', () => {
  const sourceOf = (rings: Ring[], isInitialNamespace: boolean, tgidOf = (pid: number) => pid) => {
    const addon = {
      LifeRing: function LifeRing() {
        const ring = rings.shift();
        if (!ring) throw new Error('Operation not permitted');
        return ring;
      },
    };
    const binding = { state: 'loaded', path: '', addon } as unknown as BpfBinding & { state: 'loaded' };
    return new KernelLifeSource(binding, HOST, 32, isInitialNamespace, tgidOf);
  };

  it('tells why it cannot listen, and then knows of nothing', () => {
    const source = sourceOf([], true);
    expect(source.open({ kind: 'all' })).toBe('Operation not permitted');
    source.add(7);
    source.drain(() => expect.fail('there is nothing to tell'));
    expect(source.counts()).toEqual({ told: 0, lost: 0, forks: 0 });
  });

  it('names processes to the kernel by their numbers there, and nobody that has none', () => {
    const own = new Ring();
    sourceOf([own], true).open({ kind: 'pids', pids: [3, 4] });
    expect(own.added).toEqual([3, 4]);
    const inside = new Ring();
    const source = sourceOf([inside], false, (pid) => (pid === 3 ? 0 : pid + 1000));
    source.open({ kind: 'tree', pids: [3, 4] });
    source.add(5);
    expect(inside.added).toEqual([1004, 1005]);
  });

  it('counts, tells the ticks of starts, and lets the ring before go', () => {
    const [first, second] = [new Ring(), new Ring([record(1, 8, 'x')])];
    const source = sourceOf([first, second], true);
    source.open({ kind: 'all' });
    source.open({ kind: 'uid', uid: 5 });
    expect([first.isClosed, second.isClosed]).toEqual([true, false]);
    expect(source.counts()).toEqual({ told: 3, lost: 2, forks: 1 });
    const ticks: number[] = [];
    source.drain(({ startTicks }) => ticks.push(startTicks));
    expect(ticks).toEqual([3 + Number(boottimeOffsetNs() / 10_000_000n)]);
    source.close();
    expect(second.isClosed).toBe(true);
  });
});
