/** The balance of a host: what is added to one counter of the kernel appears once, in its part, and nowhere else. */
import { describe, expect, it } from 'vitest';
import type { HostMetricName } from '../schema.js';
import { type Balance, type BalancePartName, balanceOf, type MappedShmem } from './balance.js';

const MiB = 2 ** 20;

/** A host of 8 GiB, in MiB: all that the kernel tells, and 100 that it does not. */
const HOST: Partial<Record<HostMetricName, number>> = {
  hostMemTotal: 8192,
  hostMemFree: 3747,
  hostPcpFree: 40,
  hostAnonPages: 1500,
  hostActiveAnon: 700,
  hostInactiveAnon: 1130,
  hostBuffers: 50,
  hostCached: 2000,
  hostShmem: 300,
  hostMapped: 500,
  hostSwapCached: 60,
  hostSlabReclaimable: 200,
  hostSlabUnreclaimable: 100,
  hostKReclaimable: 205,
  hostPageTables: 30,
  hostSecPageTables: 0,
  hostKernelStack: 20,
  hostVmallocUsed: 60,
  hostPercpu: 10,
  hostHugetlb: 256,
  hostZramUsed: 64,
  hostZswap: 0,
  hostBounce: 0,
};

function balance(changes: Partial<Record<HostMetricName, number>> = {}, mapped?: MappedShmem): Balance {
  const values = { ...HOST, ...changes };
  return balanceOf((name) => (values[name] ?? Number.NaN) * MiB, mapped)!;
}

function part({ parts }: Balance, name: BalancePartName): number {
  return parts.find((one) => one.name === name)!.bytes / MiB;
}

/** What is not the same in two balances, in MiB. */
function differences(before: Balance, after: Balance): Record<string, number> {
  return Object.fromEntries(
    after.parts.flatMap(({ name, bytes }, index) => {
      const change = (bytes - before.parts[index]!.bytes) / MiB;
      return Math.abs(change) < 1e-9 ? [] : [[name, change]];
    }),
  );
}

describe('the balance', () => {
  it('adds up to the total, the rest included', () => {
    const { total, parts } = balance();
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
    expect(part(balance(), 'unaccounted')).toBe(100);
  });

  const ADDED = 80;
  it.each<[string, Partial<Record<HostMetricName, number>>, BalancePartName]>([
    ['anonymous memory', { hostAnonPages: 1580, hostInactiveAnon: 1210 }, 'processAnon'],
    ['cache that nobody maps', { hostCached: 2080 }, 'pageCache'],
    ['cache of a device', { hostBuffers: 130 }, 'pageCache'],
    ['shmem, which is in the cache', { hostShmem: 380, hostCached: 2080, hostInactiveAnon: 1210 }, 'shmem'],
    ['slabs that can go', { hostSlabReclaimable: 280, hostKReclaimable: 285 }, 'slabReclaimable'],
    ['slabs that cannot', { hostSlabUnreclaimable: 180 }, 'slabUnreclaimable'],
    ['page tables', { hostPageTables: 110 }, 'pageTables'],
    ['stacks, which are in vmalloc', { hostKernelStack: 100, hostVmallocUsed: 140 }, 'kernelStacks'],
    ['vmalloc', { hostVmallocUsed: 140 }, 'vmalloc'],
    ['per-CPU memory', { hostPercpu: 90 }, 'perCpu'],
    ['huge pages', { hostHugetlb: 336 }, 'hugetlb'],
    ['memory that zram takes', { hostZramUsed: 144 }, 'compressedSwap'],
    ['memory of zswap', { hostZswap: 80 }, 'compressedSwap'],
    ['other memory of the kernel', { hostKReclaimable: 285 }, 'otherKernel'],
  ])('has %s once', (_, changes, where) => {
    const none: MappedShmem = { most: 0, sum: 0 };
    const after = balance({ ...changes, hostMemFree: HOST.hostMemFree! - ADDED }, none);
    expect(differences(balance({}, none), after)).toEqual({ free: -ADDED, [where]: ADDED });
  });

  it('takes what no counter tells of for unaccounted', () => {
    const after = balance({ hostMemFree: HOST.hostMemFree! - ADDED });
    expect(differences(balance(), after)).toEqual({ free: -ADDED, unaccounted: ADDED });
  });

  it('shows what was counted twice as a negative rest', () => {
    expect(part(balance({ hostAnonPages: 1700, hostInactiveAnon: 1330 }), 'unaccounted')).toBe(-100);
  });

  it('does not take stacks from a vmalloc that they are not in', () => {
    const { parts } = balance({ hostKernelStack: 70 });
    expect(parts.find(({ name }) => name === 'vmalloc')).toMatchObject({
      bytes: 60 * MiB,
      low: 60 * MiB,
      high: 60 * MiB,
    });
  });
});

describe('files that are mapped', () => {
  const files = (mapped?: MappedShmem) => balance({}, mapped).parts.find(({ name }) => name === 'processFile')!;

  it('are between what the counters allow', () => {
    expect(files()).toMatchObject({ low: 200 * MiB, high: 500 * MiB, bytes: 350 * MiB });
    const cache = balance().parts.find(({ name }) => name === 'pageCache')!;
    expect(cache).toMatchObject({ low: 1250 * MiB, high: 1550 * MiB, bytes: 1400 * MiB });
  });

  it('are known better by what processes map of shmem', () => {
    expect(files({ most: 100 * MiB, sum: 150 * MiB })).toMatchObject({ low: 350 * MiB, high: 400 * MiB });
    expect(files({ most: 120 * MiB, sum: 120 * MiB })).toMatchObject({ low: 380 * MiB, high: 380 * MiB });
  });

  it('are never more than there is, whatever processes say', () => {
    expect(files({ most: 900 * MiB, sum: 2000 * MiB })).toMatchObject({ low: 200 * MiB, high: 200 * MiB });
    expect(balance({ hostMapped: 4000 }).parts.find(({ name }) => name === 'pageCache')!.bytes).toBeGreaterThanOrEqual(
      0,
    );
  });
});

describe('what was not measured', () => {
  it('is not 0, and stays in the rest', () => {
    const after = balance({ hostHugetlb: Number.NaN });
    expect(part(after, 'hugetlb')).toBeNaN();
    expect(part(after, 'unaccounted')).toBe(356);
  });

  it('leaves no balance without a total', () => {
    expect(balanceOf(() => Number.NaN)).toBeUndefined();
  });

  it('does not take the other half of a sum away', () => {
    expect(part(balance({ hostZswap: Number.NaN }), 'compressedSwap')).toBe(64);
    expect(part(balance({ hostPcpFree: Number.NaN }), 'free')).toBe(3747);
  });
});
