/**
 * agent: what an agent with its defaults costs on a host with many processes: CPU time, memory with that of the kernel, the time
 * of a scrape; and beside others that tell the same, on the same host at the same time.
 *
 * The traps: a program costs most in its first seconds, which are left out; a peer that is asked four times a minute does less than
 * one that looks all the time, so what is compared is CPU time for each process that was looked at; and others beside it take the
 * caches of the processor, so its own numbers are measured before they are started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatSize } from '../src/text/size.js';
import { AgentChild, type Scrape, valueIn } from './agent-child.js';
import { countProcesses, type Peer, startPeers } from './agent-peers.js';
import type { Bench, BenchContext } from './bench-context.js';
import { type MemoryCount, MemoryGroup } from './memory-count.js';
import { startNamedProcesses } from './named-processes.js';
import { spreadOf } from './spread.js';

const MIB = 2 ** 20;
const GROUPS = 200;

interface Course {
  /** Percent of a core, of each part. */
  readonly cpu: number[];
  readonly memory: MemoryCount[];
  readonly scrapes: Scrape[];
}

export const agent: Bench = {
  name: 'agent',
  summary: 'the agent of a host with 2,000 processes: CPU time, memory, scrapes; and other exporters beside it',
  needsZoo: true,
  async run(context) {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      await measureDefaults(context, folder);
      await measureFull(context, folder);
    } finally {
      process.off('exit', remove);
      remove();
    }
  },
};

async function measureDefaults(context: BenchContext, folder: string): Promise<void> {
  const made = MemoryGroup.make(`tidemark-bench-${process.pid}`);
  if (typeof made === 'string') context.note(`Memory is not measured: ${made}`);
  await using group = typeof made === 'string' ? undefined : made;
  await using child = await AgentChild.start(path.join(folder, 'ring'), [], group?.members);
  const [warmMs, partMs, parts] = context.quick ? [5000, 5000, 4] : [60_000, 30_000, 20];
  await pause(warmMs);
  const course = await follow(child, group, partMs, parts);
  tell(context, course, `${(partMs * parts) / 1000} s, scraped every ${Math.min(15, partMs / 1000)} s`);
  const peers = await startPeers(folder, (sentence) => context.note(sentence));
  try {
    await beside(context, child, peers);
  } finally {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  }
}

async function follow(
  child: AgentChild,
  group: MemoryGroup | undefined,
  partMs: number,
  parts: number,
): Promise<Course> {
  const course: Course = { cpu: [], memory: [], scrapes: [] };
  const everyMs = Math.min(15_000, partMs);
  for (let part = 0; part < parts; part++) {
    const [cpuMs, from] = [child.cpuMs, performance.now()];
    for (let at = everyMs; at <= partMs; at += everyMs) {
      await pause(from + at - performance.now());
      course.scrapes.push(await child.scrape());
    }
    course.cpu.push(((child.cpuMs - cpuMs) / (performance.now() - from)) * 100);
    if (group) course.memory.push(group.count());
  }
  return course;
}

function tell({ report, zoo }: BenchContext, { cpu, memory, scrapes }: Course, times: string): void {
  const last = scrapes.at(-1)!;
  const on = `${valueIn(last, 'tidemark_processes')} processes, ${zoo.pids.length} of them the zoo, default settings, engine ${engineOf(last)}`;
  const ms = spreadOf(scrapes.map((scrape) => scrape.ms));
  report({
    ...{ what: 'CPU time', on, times, unit: '% of a core', ours: { name: 'agent', samples: cpu } },
    target: { relation: '<=', value: 1.2, of: 'ours' },
    also: `${cpu.length} parts, mean ${mean(cpu).toFixed(2)} %`,
  });
  report({
    ...{ what: 'a scrape of the small set', on, times, unit: 'ms' },
    ours: { name: 'agent', samples: scrapes.map((scrape) => scrape.ms) },
    target: { relation: '<=', value: 10, of: 'ours' },
    also: `longest of ${ms.count} ${Math.max(...scrapes.map((scrape) => scrape.ms)).toFixed(1)} ms, ${last.bytes} bytes compressed`,
  });
  if (memory.length === 0) return;
  const held = memory.map((count) => count.held / MIB);
  const newest = memory.at(-1)!;
  report({
    ...{ what: 'memory, that of the kernel included', on, times, unit: 'MiB', ours: { name: 'agent', samples: held } },
    target: { relation: '<=', value: 80, of: 'ours' },
    also: `of which the kernel ${formatSize(newest.kernel)}; with page cache, the ring's among it, ${formatSize(newest.all)}`,
  });
  const third = Math.max(1, Math.floor(held.length / 3));
  const growth = spreadOf(held.slice(-third)).median - spreadOf(held.slice(0, third)).median;
  report({
    ...{ what: 'memory of the last third less that of the first', on, times, unit: 'MiB' },
    ours: { name: 'agent', samples: [growth] },
    target: { relation: '<=', value: 2, of: 'ours' },
  });
}

/** CPU time for each look at a process, of all at the same time. */
async function beside(context: BenchContext, child: AgentChild, peers: readonly Peer[]): Promise<void> {
  if (peers.length === 0) return;
  const [rounds, roundMs] = context.quick ? [2, 5000] : [5, 60_000];
  const everyMs = Math.min(15_000, roundMs / 2);
  const ours: number[] = [];
  const theirs: number[][] = peers.map(() => []);
  let sweeps = 0;
  for (let round = 0; round < rounds; round++) {
    const before = await child.scrape();
    const cpuBefore = child.cpuMs;
    const peersBefore = peers.map((peer) => ({ cpuMs: peer.cpuMs(), looks: peer.looks() }));
    for (let at = 0; at < roundMs; at += everyMs) {
      await pause(everyMs);
      for (const peer of peers) await peer.ask();
    }
    const after = await child.scrape();
    const ticks = valueIn(after, 'tidemark_ticks_total') - valueIn(before, 'tidemark_ticks_total');
    ours.push(((child.cpuMs - cpuBefore) * 1000) / (ticks * valueIn(after, 'tidemark_processes')));
    sweeps += ticks;
    const processes = countProcesses();
    peers.forEach((peer, index) => {
      const looks = peer.looks() - peersBefore[index]!.looks;
      theirs[index]!.push(((peer.cpuMs() - peersBefore[index]!.cpuMs) * 1000) / (looks * processes));
    });
  }
  const engine = engineOf(await child.scrape());
  const rate = (sweeps / ((rounds * roundMs) / 1000)).toFixed(1);
  peers.forEach((peer, index) => {
    context.report({
      what: `an agent beside ${peer.name}`,
      on: `${context.zoo.description}, ours the counters by the engine ${engine} and some deep reads, ${rate} times a second, the other ${peer.reads}`,
      times: `${rounds} rounds of ${roundMs / 1000} s, all at once`,
      unit: 'us/process-sample',
      ours: { name: 'agent', samples: ours },
      theirs: { name: peer.name, samples: theirs[index]! },
      divide: 'theirs/ours',
      target: { relation: '>=', value: 5, of: 'ratio' },
    });
  });
}

function engineOf({ text }: Scrape): string {
  return /^tidemark_build_info\{[^}]*engine="(\w+)"/m.exec(text)?.[1] ?? 'unknown';
}

async function measureFull(context: BenchContext, folder: string): Promise<void> {
  await using _services = await startNamedProcesses(GROUPS);
  await using child = await AgentChild.start(path.join(folder, 'full'), ['--series', 'full', '--group', 'comm']);
  await pause(context.quick ? 3000 : 30_000);
  const count = context.quick ? 10 : 60;
  // What it does anyway goes on while it is scraped.
  const [idleFrom, idleMs] = [child.cpuMs, context.quick ? 5000 : 60_000];
  await pause(idleMs);
  const [busyFrom, from] = [child.cpuMs, performance.now()];
  const scrapes = await child.scrapes(count);
  const idle = ((busyFrom - idleFrom) / idleMs) * (performance.now() - from);
  const cpuMs = (child.cpuMs - busyFrom - idle) / count;
  const { text } = scrapes.at(-1)!;
  const groups = text.match(/^process_group_processes\{/gm)!.length;
  const on = `${groups} groups, ${text.match(/^[^#]/gm)!.length} series`;
  const times = `${scrapes.length} scrapes`;
  context.report({
    ...{ what: 'a scrape of the full set', on, times, unit: 'ms' },
    ours: { name: 'agent', samples: scrapes.map(({ ms }) => ms) },
    target: { relation: '<=', value: 20, of: 'ours' },
    also: `longest ${Math.max(...scrapes.map(({ ms }) => ms)).toFixed(1)} ms; ${cpuMs.toFixed(1)} ms of CPU time each`,
  });
  context.report({
    ...{ what: 'the full set compressed', on, times, unit: 'KiB' },
    ours: { name: 'agent', samples: scrapes.map(({ bytes }) => bytes / 1024) },
    target: { relation: '<=', value: 100, of: 'ours' },
    also: `${Math.round(text.length / 1024)} KiB of text`,
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
