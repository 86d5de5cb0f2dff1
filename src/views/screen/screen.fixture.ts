/** A model of a screen for tests of layout and state: processes by name and size, and a host that never changes. */
import type { DeepState, LiveProcess } from '../../analyze/live-processes.js';
import type { HostModel, ScreenModel } from './screen-model.js';

const M = 2 ** 20;

interface Given {
  readonly pid: number;
  readonly name: string;
  readonly mib: number;
  readonly grew?: number;
  readonly deep?: DeepState;
  readonly ageNs?: number;
  readonly shares?: boolean;
}

export function process({ pid, name, mib, grew = 0, deep = 'ok', ageNs = 0, shares }: Given): LiveProcess {
  const known = deep === 'ok' ? mib * M : Number.NaN;
  return {
    key: `${pid}:1`,
    slot: pid,
    identity: { pid, startTicks: 1, parentPid: 1, kernelThread: false, comm: Buffer.from(name, 'latin1') },
    rss: mib * M,
    rssAnon: (mib * M) / 2,
    pss: known / 2,
    pssFile: known / 8,
    pssShmem: known / 8,
    uss: known / 4,
    swap: known * 0,
    deep,
    deepAgeNs: deep === 'ok' ? ageNs : Number.NaN,
    short: { value: (grew * M) / 10, overNs: 10e9 },
    long: { value: grew * M, overNs: 90e9 },
    peak: mib * M,
    peakNs: 5_000_000_000n,
    ...(shares ? { shares } : {}),
  };
}

export const CLOCK = new Date(2026, 0, 2, 13, 14, 15);

export const HOST: HostModel = {
  clock: CLOCK,
  since: new Date(CLOCK.getTime() - 90_000),
  seenNs: 90e9,
  memory: { available: 2048 * M, total: 8192 * M, swapTotal: 1024 * M, swapFree: 512 * M },
  availableShape: (points) => Array.from({ length: points }, (_, index) => index),
  pressure: { some: 12.5, full: 0.25 },
  oom: { kills: 0 },
  engine: 'native',
  askedHz: 1,
  givenHz: 0.5,
  missedTicks: 3,
  ownCpu: 0.0123,
  ownRss: 60 * M,
  silentNs: 0,
};

export function modelOf(processes: readonly LiveProcess[], more: Partial<ScreenModel> = {}): ScreenModel {
  return {
    host: HOST,
    processes,
    withoutMemory: 0,
    factsOf: (key) => ({ user: key.startsWith('1') ? 'root' : 'www', unit: 'a.service', cmdline: `run ${key}` }),
    shapeOf: (_slot, points) => Array.from({ length: points }, () => M),
    peakTime: () => CLOCK,
    pidDigits: 7,
    oldNs: 2.5e9,
    ...more,
  };
}
