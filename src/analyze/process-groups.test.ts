import { describe, expect, it } from 'vitest';
import type { LiveProcess } from './live-processes.js';
import { groupProcesses } from './process-groups.js';

const n = Number.NaN;
const OLD = 100;

function process(name: string, numbers: Partial<LiveProcess> = {}): LiveProcess {
  return {
    ...{ key: name, slot: 0, identity: {} as LiveProcess['identity'], deep: 'ok', deepAgeNs: 0, peak: 0, peakNs: 0n },
    ...{ rss: 10, rssAnon: 4, pss: 5, pssFile: 2, pssShmem: 1, uss: 3, swap: 6 },
    ...{ short: { value: 1, overNs: 10 }, long: { value: 2, overNs: 20 } },
    ...numbers,
  };
}

const groups = (...processes: LiveProcess[]) => groupProcesses(processes, ({ key }) => key, OLD);

describe('groups of processes', () => {
  it('add up what their members have, in the order in which these come', () => {
    const [b, a] = groups(process('b'), process('a', { rss: 7 }), process('b', { short: { value: -3, overNs: 30 } }));
    expect(b).toMatchObject({
      ...{ key: 'b', pss: 10, uss: 6, swap: 12, rss: 20, rssAnon: 8, pssFile: 4, pssShmem: 2 },
      ...{ denied: 0, unread: 0, isOld: false, short: { value: -2, overNs: 30 }, long: { value: 4, overNs: 20 } },
    });
    expect(b!.members).toHaveLength(2);
    expect(a).toMatchObject({ key: 'a', rss: 7 });
    expect(groups()).toEqual([]);
  });

  it('say how many are not known, and add up the others', () => {
    const [group] = groups(
      process('a', { pss: n, deep: 'denied' }),
      process('a', { pss: n, deep: 'unread' }),
      process('a', { pss: n, deep: 'ok' }),
      process('a', { deep: 'denied' }),
    );
    expect(group).toMatchObject({ pss: 5, denied: 1, unread: 2 });
    expect(groups(process('a', { pss: n, swap: n, rss: n }))[0]).toMatchObject({ pss: n, swap: n, rss: n, uss: 3 });
  });

  it('count the memory of two processes in one map once', () => {
    const [group] = groups(process('a'), process('a', { shares: true, pss: n, deep: 'denied', deepAgeNs: 2 * OLD }));
    expect(group).toMatchObject({ rss: 10, pss: 5, denied: 0, unread: 0, isOld: false });
    expect(group!.members).toHaveLength(2);
  });

  it('are old with one share that is older than it may be', () => {
    const isOld = (...ages: number[]) => groups(...ages.map((deepAgeNs) => process('a', { deepAgeNs })))[0]!.isOld;
    expect([isOld(0, OLD), isOld(0, OLD + 1), isOld(n)]).toEqual([false, true, false]);
  });
});
