/** `/metrics` as promtool and a real Prometheus see it, over processes whose memory is known and does not move. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prometheus } from '../export/prometheus.js';
import { scratch } from '../recorder/workload.js';
import { type AgentProcess, byGroup, get, metricsOf, startAgent } from './agent-process.js';
import { type Namespace, startNamespace } from './namespace.js';

const HOSTILE = Buffer.from('a"}\n\\ \x1b[2J\xff', 'latin1');
const RSS = 'process_group_resident_memory_bytes';
const folder = scratch();
let namespace: Namespace;
let agent: AgentProcess;
beforeAll(async () => {
  namespace = await startNamespace([
    { name: 'store', count: 3, mib: 24 },
    { name: HOSTILE, count: 2, mib: 16 },
    ...Array.from({ length: 4 }, (_, index) => ({ name: `small-${index}`, count: 1, mib: 1 })),
  ]);
  agent = await startAgent(
    ...['--ring', folder.file('ring'), '--procfs', namespace.root, '--group', 'comm', '--groups', '2'],
    ...['--host', 'web "1"'],
  );
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await namespace?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function checkMetrics(text: string): string {
  return execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' });
}

describe('the text', () => {
  it('is what promtool has nothing to say about, in the small set and in the full', async () => {
    const small = await metricsOf(agent);
    expect(checkMetrics(small)).toBe('');
    expect(small.match(/^[^#]/gm)!.length).toBeLessThanOrEqual(150);
    await using full = await startAgent(
      ...['--ring', folder.file('full'), '--procfs', namespace.root, '--group', 'comm', '--series', 'full'],
    );
    const text = await metricsOf(full);
    expect(checkMetrics(text)).toBe('');
    expect(text).toContain('process_group_size_bytes_bucket{group="store",le="33554432"} ');
    expect(() => checkMetrics(text.replace('# TYPE process_group_pss_bytes gauge', '# TYPE x y'))).toThrow();
    const parts = [...text.matchAll(/^host_memory_bytes\{part="\w+"\} (\S+)$/gm)].map(([, bytes]) => Number(bytes));
    const total = Number(/^host_mem_total_bytes (\d+)$/m.exec(text)![1]);
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
    expect(await full.end()).toBe(0);
  });

  it('has the names of process-exporter for whoever asks so', async () => {
    await using compatible = await startAgent(
      ...[
        '--ring',
        folder.file('compatible'),
        '--procfs',
        namespace.root,
        '--group',
        'comm',
        '--compat',
        'namedprocess',
      ],
    );
    const text = await metricsOf(compatible);
    expect(checkMetrics(text)).toBe('');
    const told = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    const resident = namespace.resident().get('store');
    expect(told('namedprocess_namegroup_num_procs{groupname="store"}')).toBe(3);
    expect(told('namedprocess_namegroup_num_threads{groupname="store"}')).toBe(3);
    expect(told('namedprocess_namegroup_memory_bytes{groupname="store",memtype="resident"}')).toBe(resident);
    expect(told('namedprocess_namegroup_memory_bytes{groupname="store",memtype="virtual"}')).toBeGreaterThan(resident!);
    expect(told('namedprocess_namegroup_cpu_seconds_total{groupname="store",mode="user"}')).toBe(0);
    expect(text).not.toContain('process_group_');
    expect(await compatible.end()).toBe(0);
  });

  it('is compressed, and OpenMetrics, for whoever asks so', async () => {
    const url = `${agent.origin}/metrics`;
    const plain = await get(url);
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const open = await get(url, { Accept: 'application/openmetrics-text;version=1.0.0', 'Accept-Encoding': 'gzip' });
    expect(open.headers).toMatchObject({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
    });
    const text = gunzipSync(open.body).toString();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(byGroup(text, RSS)).toEqual(byGroup(plain.body.toString(), RSS));
  });
});

describe('Prometheus', () => {
  it('has sums that are those of statm', async () => {
    const data = folder.file('prometheus');
    mkdirSync(data);
    const target = new URL(agent.origin).host;
    await using prometheus = await Prometheus.over(
      data,
      `scrape_configs:
  - job_name: tidemark
    scrape_interval: 1s
    static_configs: [{ targets: ['${target}'] }]
`,
    );
    const isUp = async () => (await prometheus.now('up == 1 and count_over_time(up[1m]) > 1')).size === 1;
    for (let tries = 0; !(await isUp()); tries++) {
      if (tries > 100) expect.fail('Prometheus does not scrape');
      await pause(200);
    }
    const truth = namespace.resident();
    const all = [...truth.values()].reduce((sum, bytes) => sum + bytes, 0);
    const [sum] = (await prometheus.now(`sum(${RSS})`)).values();
    expect(sum).toBe(all);
    const groups = await prometheus.now(`sum by (group, host) (${RSS})`);
    const hostile = HOSTILE.toString('latin1');
    const own = (truth.get('store') ?? 0) + (truth.get(hostile) ?? 0);
    const label = (group: string) => JSON.stringify({ group, host: 'web "1"' });
    expect(Object.fromEntries(groups)).toEqual({
      [label('store')]: truth.get('store'),
      [label('a"}\\x0A\\ \\x1B[2J\\xFF')]: truth.get(hostile),
      [label('other')]: all - own,
    });
    const [most] = (
      await prometheus.now('max_over_time(process_group_resident_memory_max_bytes{group="store"}[1m])')
    ).values();
    expect(most).toBe(truth.get('store'));
    expect([...(await prometheus.now('sum(process_group_processes)')).values()]).toEqual([10]);
  });
});

describe('many', () => {
  it('are answered at once, and one that never reads keeps nobody waiting', async () => {
    const { port } = new URL(agent.origin);
    const stalled = connect(Number(port), '127.0.0.1');
    for (let request = 0; request < 200; request++) {
      stalled.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    }
    stalled.pause();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => get(`${agent.origin}/metrics`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 1000 }, () => 200));
    expect(new Set(answers.map(({ body }) => body.length > 1000))).toEqual(new Set([true]));
    stalled.destroy();
    // The sampler has a thread of its own: sweeps went on meanwhile, and go on.
    const ticks = (text: string) => Number(/^tidemark_ticks_total\{[^}]*\} (\d+)$/m.exec(text)![1]);
    const before = ticks(answers[0]!.body.toString());
    for (let tries = 0; ticks(await metricsOf(agent)) <= before; tries++) {
      if (tries > 100) expect.fail('no more sweeps');
      await pause(100);
    }
  });
});
