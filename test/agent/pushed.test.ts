/** An agent that pushes into a real VictoriaMetrics, which goes away for a while, and so does the agent. */
import { mkdirSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch, until } from '../recorder/workload.js';
import { metricsOf, startAgent } from './agent-process.js';
import { type Namespace, startNamespace } from './namespace.js';
import { freePort, VictoriaMetrics } from './victoria-metrics.js';

const folder = scratch();
const data = folder.file('store');
const ring = folder.file('ring');
const HOSTILE = Buffer.from('a"}\n\\ \x1b[2J\xff', 'latin1');
let namespace: Namespace;
beforeAll(async () => {
  mkdirSync(data);
  namespace = await startNamespace([
    { name: 'store', count: 2, mib: 8 },
    { name: HOSTILE, count: 1, mib: 8 },
  ]);
});
afterAll(async () => {
  await namespace?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const RSS = 'process_group_resident_memory_bytes';

describe('a push', () => {
  it('arrives with the sums of statm, whoever was away meanwhile', { timeout: 90_000 }, async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/api/v1/write`;
    const start = () =>
      startAgent(
        ...['--ring', ring, '--procfs', namespace.root, '--group', 'comm', '--host', 'web1'],
        ...['--remote-write', url, '--push-every', '1s'],
      );
    const first = await start();
    // There is no store yet: it waits on disk, and the agent is killed with that.
    await until(() => readdirSync(`${ring}/queue`).length >= 3, 'three pushes to wait');
    first.child.kill('SIGKILL');
    await first[Symbol.asyncDispose]();
    const waiting = readdirSync(`${ring}/queue`).filter((name) => name.endsWith('.request')).length;
    {
      await using _store = await VictoriaMetrics.over(data, port);
      await using agent = await start();
      await until(() => readdirSync(`${ring}/queue`).length === 0, 'all to be sent');
      await pause(1500);
      expect(await agent.end()).toBe(0);
    }
    await using second = await start();
    await until(() => readdirSync(`${ring}/queue`).length >= 2, 'two pushes to wait for the store');
    await using store = await VictoriaMetrics.over(data, port);
    await until(() => readdirSync(`${ring}/queue`).length === 0, 'these to be sent');
    const text = await metricsOf(second);
    expect(text).toMatch(/^tidemark_push_samples_total\{host="web1",to="remote-write",result="refused"\} 0$/m);
    expect(text).toMatch(/^tidemark_push_samples_total\{host="web1",to="remote-write",result="dropped"\} 0$/m);
    expect(await second.end()).toBe(0);

    // The store makes what it has taken visible once a second, and what it is about to is hidden from a flush.
    let recording = await store.samples('tidemark_recording');
    const endMs = performance.now() + 10_000;
    while ((recording[0]?.timestamps.length ?? 0) < waiting + 3 && performance.now() < endMs) {
      await pause(200);
      recording = await store.samples('tidemark_recording');
    }
    expect(recording.map(({ metric }) => metric)).toEqual([
      { __name__: 'tidemark_recording', host: 'web1', instance: 'web1', job: 'tidemark' },
    ]);
    const { timestamps } = recording[0]!;
    expect(timestamps.length).toBeGreaterThanOrEqual(waiting + 3);
    expect(timestamps).toEqual([...new Set(timestamps)].sort((a, b) => a - b));
    const truth = namespace.resident();
    const told = new Map((await store.samples(RSS)).map(({ metric, values }) => [metric.group, new Set(values)]));
    expect(told).toEqual(
      new Map([
        ['store', new Set([truth.get('store')])],
        ['a"}\\x0A\\ \\x1B[2J\\xFF', new Set([truth.get(HOSTILE.toString('latin1'))])],
        ['python3', new Set([truth.get('python3')])],
        ['other', new Set([0])],
      ]),
    );
  });
});
