/**
 * fleet: what 1,000 hosts are to a store: requests, bytes and series, and what they cost a VictoriaMetrics; from that a table of
 * sizes for other fleets.
 *
 * The traps: a store that has run for a minute has written little to disk, and packs what it has later, so the room of a sample
 * is measured over a day of a few hosts, with its times; and the larger fleets are not measured but computed from these, which is said.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from '../src/agent/agent.js';
import type { Family } from '../src/agent/exposition.js';
import { parseGroupBy } from '../src/agent/group-by.js';
import { formatSize } from '../src/text/size.js';
import type { Bench, BenchContext } from './bench-context.js';
import { nothingSent, type Sent, SimulatedHost } from './fleet-hosts.js';
import { FleetStore } from './fleet-store.js';
import { startNamedProcesses } from './named-processes.js';
import { cpuMsOf, residentOf } from './process-cost.js';
import { spreadOf } from './spread.js';

const EVERY_MS = 15_000;
const DAY_MS = 86_400_000;
const SIZES = [100, 1000, 10_000, 100_000];
const GROUPS = 40;

interface Measured {
  readonly bytesOfRequest: number;
  readonly seriesOfHost: number;
  readonly coresOfHost: number;
  /** Of the store before anybody pushed, and what each host added. */
  readonly memoryAtFirst: number;
  readonly memoryOfHost: number;
  /** How many were measured. */
  readonly hosts: number;
  readonly bytesOfSample: number;
}

export const fleet: Bench = {
  name: 'fleet',
  summary: '1,000 simulated agents that push to one VictoriaMetrics: requests, bytes, series, and a table of sizes',
  needsZoo: false,
  async run(context) {
    if (!FleetStore.isInstalled()) return context.note('needs VictoriaMetrics: apt-get install victoria-metrics');
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      const collected = await collect(folder, context.quick ? 5 : 120);
      const moved = `${(movedPart(collected) * 100).toFixed(0)} % of the values differ from those a second before`;
      context.note(`What is sent was told of this machine, of which ${GROUPS} processes were made to move; ${moved}`);
      const live = await runLive(context, folder, collected);
      const bytesOfSample = await runDay(context, folder, collected);
      for (const line of sizingTable({ ...live, bytesOfSample })) context.note(line);
    } finally {
      process.off('exit', remove);
      remove();
    }
  },
};

/** What an agent tells of this machine, once a second. */
async function collect(folder: string, seconds: number): Promise<(readonly Family[])[]> {
  await using _services = await startNamedProcesses(GROUPS);
  await using agent = await Agent.start({
    ...{ folder: path.join(folder, 'agent'), onWarning: () => {} },
    ...{ by: parseGroupBy('comm'), series: 'small', windowNs: BigInt(EVERY_MS) * 1_000_000n },
    record: { sizeBytes: 2 ** 25, budget: 0.05, procfs: '/proc', hz: 10 },
  });
  await pause(3000);
  const collected: (readonly Family[])[] = [];
  for (let second = 0; second < seconds; second++) {
    await pause(1000);
    collected.push(agent.families(BigInt(EVERY_MS) * 1_000_000n));
  }
  return collected;
}

/** Of the values of which there is one before. */
function movedPart(collected: readonly (readonly Family[])[]): number {
  let [all, moved] = [0, 0];
  let before = new Map<string, number>();
  for (const families of collected) {
    const now = new Map(
      families.flatMap(({ name, samples }) =>
        samples.map(({ labels, suffix = '', value }) => [`${name}${suffix}{${labels}}`, value] as const),
      ),
    );
    for (const [series, value] of now) {
      const known = before.get(series);
      if (known === undefined || Number.isNaN(value)) continue;
      all++;
      if (known !== value) moved++;
    }
    before = now;
  }
  return moved / all;
}

async function runLive(
  { quick, report }: BenchContext,
  folder: string,
  collected: readonly (readonly Family[])[],
): Promise<Omit<Measured, 'bytesOfSample'>> {
  const [count, seconds] = quick ? [100, 15] : [1000, 120];
  await using store = await FleetStore.start(folder, 'live');
  const hosts = Array.from({ length: count }, (_, number) => new SimulatedHost(store.origin, number, collected));
  const sent = nothingSent();
  const memoryAtFirst = residentOf(store.pid).now;
  // The first request of each makes its series known; it is left out of what is measured.
  await pushAll(hosts, EVERY_MS, EVERY_MS, nothingSent());
  const [cpuFrom, from] = [cpuMsOf(store.pid), performance.now()];
  await pushAll(hosts, seconds * 1000, EVERY_MS, sent);
  const wallMs = performance.now() - from;
  const cores = (cpuMsOf(store.pid) - cpuFrom) / wallMs;
  const { most } = residentOf(store.pid);
  for (const host of hosts) host.close();
  if (sent.failures.length > 0) throw new Error(`${sent.failures.length} requests failed: ${sent.failures[0]}`);
  const on = `${count} hosts that push every ${EVERY_MS / 1000} s, one connection each`;
  const times = `${sent.requests} requests in ${Math.round(wallMs / 1000)} s`;
  const seriesOfHost = sent.samples / sent.requests;
  const wait = spreadOf(sent.waits);
  const also = `answered after ${wait.median.toFixed(1)} ms, ${quantile(sent.waits, 0.99).toFixed(1)} ms (p99)`;
  report({
    what: 'a request of one host',
    on,
    times,
    unit: 'bytes',
    ours: { name: 'body', samples: sent.bytes },
    also,
  });
  report({ what: 'series of one host', on, times, unit: 'series', ours: one('small set', seriesOfHost) });
  report({ what: 'requests', on, times, unit: '1/s', ours: one('all hosts', sent.requests / (wallMs / 1000)) });
  report({ what: 'CPU of the store', on, times, unit: '% of a core', ours: one('VictoriaMetrics', cores * 100) });
  report({
    what: 'memory of the store',
    on,
    times,
    unit: 'MiB',
    ours: one('VictoriaMetrics', most / 2 ** 20),
    also: `${formatSize(memoryAtFirst)} before`,
  });
  return {
    bytesOfRequest: sent.bytes.reduce((sum, bytes) => sum + bytes, 0) / sent.requests,
    seriesOfHost,
    coresOfHost: cores / count,
    memoryAtFirst,
    memoryOfHost: (most - memoryAtFirst) / count,
    hosts: count,
  };
}

/** Each host every so often, spread evenly; resolves when all that were due have been answered. */
async function pushAll(hosts: readonly SimulatedHost[], forMs: number, everyMs: number, sent: Sent): Promise<void> {
  const start = performance.now();
  const pushes = Math.round(forMs / everyMs);
  await Promise.all(
    hosts.map(async (host, index) => {
      for (let push = 0; push < pushes; push++) {
        await pause(start + (push + index / hosts.length) * everyMs - performance.now());
        await host.push(Date.now(), sent);
      }
    }),
  );
  await pause(start + forMs - performance.now());
}

/** Bytes on disk for a sample, over a day that is pushed as fast as it goes. */
async function runDay(
  { quick, report }: BenchContext,
  folder: string,
  collected: readonly (readonly Family[])[],
): Promise<number> {
  const [count, spanMs] = quick ? [2, DAY_MS / 24] : [10, DAY_MS];
  await using store = await FleetStore.start(folder, 'day');
  const hosts = Array.from({ length: count }, (_, number) => new SimulatedHost(store.origin, number, collected));
  const sent = nothingSent();
  const begin = Date.now() - spanMs;
  await Promise.all(
    hosts.map(async (host) => {
      for (let at = begin; at < begin + spanMs; at += EVERY_MS) await host.push(at, sent);
      host.close();
    }),
  );
  if (sent.failures.length > 0) throw new Error(`${sent.failures.length} requests failed: ${sent.failures[0]}`);
  await store.settle();
  const { rows, sampleBytes, indexBytes } = await store.held();
  if (rows < 0.98 * sent.samples) throw new Error(`The store holds ${rows} of ${sent.samples} samples`);
  report({
    what: 'a sample on the disk of the store',
    on: `${count} hosts, ${spanMs / 3_600_000} h every ${EVERY_MS / 1000} s`,
    times: `${rows} samples`,
    unit: 'bytes',
    ours: one('VictoriaMetrics', sampleBytes / rows),
    also: `and ${formatSize(indexBytes)} of index in all`,
  });
  return sampleBytes / rows;
}

function sizingTable(measured: Measured): string[] {
  const { bytesOfRequest, seriesOfHost, coresOfHost, memoryAtFirst, memoryOfHost, bytesOfSample } = measured;
  const row = (hosts: number) => {
    const requests = (hosts * 1000) / EVERY_MS;
    const perDay = hosts * seriesOfHost * (DAY_MS / EVERY_MS) * bytesOfSample;
    return [
      hosts.toLocaleString('en'),
      `${requests.toFixed(1)}/s`,
      `${((requests * bytesOfRequest * 8) / 1e6).toFixed(2)} Mbit/s`,
      Math.round(hosts * seriesOfHost).toLocaleString('en'),
      `${(hosts * coresOfHost).toFixed(2)} cores`,
      formatSize(Math.round(memoryAtFirst + hosts * memoryOfHost)),
      `${formatSize(Math.round(perDay))} a day`,
    ].join(' | ');
  };
  return ['hosts | requests | bodies | series | CPU of the store | its memory | its disk', ...SIZES.map(row)].map(
    (text, index) => `| ${text} |${index > 0 && SIZES[index - 1] !== measured.hosts ? ' computed' : ''}`,
  );
}

function one(name: string, value: number): { name: string; samples: number[] } {
  return { name, samples: [value] };
}

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)]!;
}
