/** Where the memory of a host was, of recordings made by hand: a tick each tenth of a second. */
import { afterAll, describe, expect, it } from 'vitest';
import { METADATA, someone, unixOf } from '../../test/recorder/synthetic.js';
import { ALL, MEMINFO, TierAuthor } from '../../test/recorder/synthetic-tiers.js';
import { scratch } from '../../test/recorder/workload.js';
import { mergeRecordings } from '../recording/merge.js';
import { openRecording } from '../recording/recording.js';
import { Status } from '../schema.js';
import type { BalancePartName } from './balance.js';
import { balanceAt, balanceCourse } from './recorded-balance.js';

const MIB = 2 ** 20;
const n = Number.NaN;
const BY_KERNEL = { engine: { name: 'bpf', reason: 'test' } };
/** 400 MiB of files and shmem are mapped, 300 are shmem, mapped or not. */
const HOST = {
  ...{ hostMemTotal: 8000 * MIB, hostMemFree: 5000 * MIB, hostAnonPages: 1000 * MIB, hostCached: 900 * MIB },
  ...{ hostBuffers: 100 * MIB, hostShmem: 300 * MIB, hostMapped: 400 * MIB },
};

type Shmem = readonly [rssShmem: number | undefined, pssShmem?: number];

/** A host with processes that have so many MiB of shmem resident, and as their share. */
function withShmem(shmem: readonly Shmem[], metadata: Partial<typeof METADATA> = {}): TierAuthor {
  const author = new TierAuthor({ ...BY_KERNEL, ...metadata });
  author.arrive(0, { ...someone(2), kernelThread: true });
  author.set(0, {}, Status.noMm);
  for (const [index, [rssShmem]] of shmem.entries()) {
    author.arrive(index + 1, someone(10 + index));
    author.set(index + 1, { rss: 500 * MIB, ...(rssShmem === undefined ? {} : { rssShmem: rssShmem * MIB }) });
  }
  author.sweep();
  for (const [index, [, pssShmem]] of shmem.entries()) {
    if (pssShmem !== undefined) author.deep([index + 1], { pss: 400 * MIB, pssShmem: pssShmem * MIB });
  }
  author.setHost(HOST);
  author.sweepHost(ALL);
  author.sweep();
  return author;
}

function mappedOf(author: TierAuthor, tick = 1) {
  using recording = author.open();
  const { mapped, balance } = balanceAt(recording, unixOf(tick))!;
  const { low, high } = balance.parts.find(({ name }) => name === 'processFile')!;
  return { most: mapped.most / MIB, sum: mapped.sum / MIB, files: [low / MIB, high / MIB] };
}

describe('the shmem that is mapped', () => {
  it('is as much as one process has, and no more than all together', () => {
    expect(mappedOf(withShmem([[30], [50], [20]]))).toEqual({ most: 50, sum: 100, files: [300, 350] });
  });

  it('is as much as the shares of all', () => {
    expect(mappedOf(withShmem([[30, 25], [50, 45], [20]]))).toEqual({ most: 70, sum: 100, files: [300, 330] });
    // They were read at other instants, and may be more than there is now.
    expect(
      mappedOf(
        withShmem([
          [30, 90],
          [50, 90],
        ]),
      ),
    ).toEqual({ most: 80, sum: 80, files: [320, 320] });
  });

  it('is not bounded from above where the engine does not tell it of each process', () => {
    const most = Number.POSITIVE_INFINITY;
    expect(mappedOf(withShmem([[30], [undefined, 40]]))).toEqual({ most: 40, sum: most, files: [100, 360] });
    expect(mappedOf(withShmem([[30], [undefined]]))).toEqual({ most: 30, sum: most, files: [100, 370] });
  });

  it('is not bounded from above by those that a recording of a few has', () => {
    const few = withShmem([[30], [50]], { target: 'pids 10,11' });
    expect(mappedOf(few)).toEqual({ most: 50, sum: Number.POSITIVE_INFINITY, files: [100, 350] });
  });

  it('is not known before there is a tick', () => {
    const author = new TierAuthor(BY_KERNEL);
    author.setHost(HOST);
    author.sweepHost(ALL);
    expect(mappedOf(author, 0)).toEqual({ most: 0, sum: Number.POSITIVE_INFINITY, files: [100, 400] });
  });

  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());

  it('is that of the processes of one host, of a merged recording', () => {
    const hosts = [10, 70].map((mib, number) => {
      const host = { ...METADATA.host, hostname: `h${number}`, bootId: `boot ${number}` };
      return withShmem([[mib], [mib + 5]], { host });
    });
    for (const host of hosts) host.close();
    const merged = folder.file('merged.tide');
    mergeRecordings(
      hosts.map((host) => host.open()),
      merged,
    );
    using recording = openRecording(merged);
    const mapped = (source?: number) => balanceAt(recording, unixOf(1), source)!.mapped;
    expect(mapped()).toEqual({ most: 15 * MIB, sum: 25 * MIB });
    expect(mapped(1)).toEqual({ most: 75 * MIB, sum: 145 * MIB });
    expect(balanceAt(recording, unixOf(1), 2)).toBeUndefined();
  });
});

describe('the balance at a time', () => {
  it('is that of the last sweep, with its values', () => {
    const author = new TierAuthor();
    for (let tick = 0; tick < 5; tick++) {
      author.setHost({ ...HOST, hostMemFree: (5000 - tick) * MIB });
      if (tick > 0) author.sweepHost(ALL, tick === 3 ? Status.denied : Status.ok);
      author.sweep();
    }
    using recording = author.open();
    expect(balanceAt(recording, unixOf(0))).toBeUndefined();
    const { timeNs, balance, values } = balanceAt(recording, unixOf(2) + 5n)!;
    expect([timeNs, balance.total, values('hostMemFree')]).toEqual([unixOf(2), 8000 * MIB, 4998 * MIB]);
    expect(balance.parts.find(({ name }) => name === 'free')!.bytes).toBe(4998 * MIB);
    // That one could not be read.
    expect(balanceAt(recording, unixOf(3))).toBeUndefined();
    expect(balanceAt(recording, unixOf(4))!.timeNs).toBe(unixOf(4));
  });

  it('is none where the total was not read', () => {
    const author = new TierAuthor();
    author.setHost({ hostMemFree: MIB });
    author.sweepHost(ALL);
    author.sweep();
    using recording = author.open();
    expect(balanceAt(recording, unixOf(0))).toBeUndefined();
  });
});

describe('the course of a balance', () => {
  /** Free memory goes by 10 MiB a tick; what lies in lists of CPUs is read each fifth tick only, and is the tick then. */
  function course(from?: number, to?: number, mapped = { most: 0, sum: 0 }) {
    const author = new TierAuthor(BY_KERNEL);
    for (let tick = 0; tick < 12; tick++) {
      author.setHost({ ...HOST, hostMemFree: (5000 - 10 * tick) * MIB });
      if (tick === 0) author.setHost({ hostMemTotal: n });
      if (tick % 5 === 0) author.setHost({ hostPcpFree: tick * MIB });
      author.sweepHost(tick % 5 === 0 ? ALL : MEMINFO);
      author.sweep();
    }
    using recording = author.open();
    const range = {
      ...(from === undefined ? {} : { from: unixOf(from) }),
      ...(to === undefined ? {} : { to: unixOf(to) }),
    };
    const { timeNs, parts } = balanceCourse(recording, range, mapped);
    const of = (name: BalancePartName | 'total') => [...parts.get(name)!].map((bytes) => bytes / MIB);
    return { timeNs, parts, of };
  }

  it('has each part at each sweep, what was not read then as it was last', () => {
    const { timeNs, of, parts } = course(0, 6);
    expect(timeNs).toEqual([0, 1, 2, 3, 4, 5, 6].map(unixOf));
    // Of the first sweep the total is not known, and so no part.
    expect(of('free')).toEqual([n, 4990, 4980, 4970, 4960, 4955, 4945]);
    expect(of('total')).toEqual([n, 8000, 8000, 8000, 8000, 8000, 8000]);
    expect(of('processAnon')).toEqual([n, 1000, 1000, 1000, 1000, 1000, 1000]);
    expect(of('unaccounted')[5]).toBe(8000 - 4955 - 1000 - 700 - 300);
    expect([...parts.keys()]).toContain('perCpu');
    expect(of('perCpu')).toEqual(Array(7).fill(n));
  });

  it('begins with what was read before it', () => {
    const { timeNs, of } = course(7, 10);
    expect(timeNs).toEqual([7, 8, 9, 10].map(unixOf));
    expect(of('free')).toEqual([4935, 4925, 4915, 4910]);
    expect(course().of('free')[7]).toBe(4935);
    expect(course().timeNs).toHaveLength(12);
  });

  it('takes what is mapped as told', () => {
    const files = { most: 100 * MIB, sum: 200 * MIB };
    // From 200 to 300 MiB of the 400 that are mapped.
    expect(course(1, 2, files).of('processFile')).toEqual([250, 250]);
    expect(course(1, 2).of('processFile')).toEqual([400, 400]);
  });

  it('is empty of a recording without its host', () => {
    const author = new TierAuthor();
    author.sweep();
    using recording = author.open();
    expect(balanceCourse(recording, {}, undefined)).toEqual({ timeNs: [], parts: new Map() });
  });
});
