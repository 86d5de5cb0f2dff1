/** The dashboard asks only for what agents tell in their small set, and a real Prometheus over a real agent has answers to it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prometheus } from '../export/prometheus.js';
import { scratch } from '../recorder/workload.js';
import { type AgentProcess, metricsOf, startAgent } from './agent-process.js';
import { SyntheticAgent } from './synthetic-agent.js';

interface Target {
  readonly expr: string;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

const FILE = fileURLToPath(new URL('../../deploy/grafana/tidemark.json', import.meta.url));
const dashboard = JSON.parse(readFileSync(FILE, 'utf8'));
const panels: readonly Panel[] = dashboard.panels;
const variables: readonly { name: string; definition?: string }[] = dashboard.templating.list;
/** Title and expression. */
const asked = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...dashboard.annotations.list.map(({ name, expr }: { name: string; expr: string }) => [name, expr] as const),
];
/** What is nothing on a host that is well, has no limits and no swap in use. */
const MAYBE_NOTHING =
  /^(hosts that do not|groups above|hosts with less|nearest to|of the limit|OOM kills|swap by|fastest)/;

const folder = scratch();
let agent: AgentProcess;
let prometheus: Prometheus;
beforeAll(async () => {
  const data = folder.file('prometheus');
  mkdirSync(data);
  // There is nobody at that address: what is told of pushes is told all the same.
  const push = ['--remote-write', 'http://127.0.0.1:1/api/v1/write'];
  agent = await startAgent('--ring', folder.file('ring'), '--group', 'comm', '--budget', '20%', ...push);
  prometheus = await Prometheus.over(
    data,
    `scrape_configs:
  - job_name: tidemark
    scrape_interval: 1s
    static_configs: [{ targets: ['${new URL(agent.origin).host}'] }]
`,
  );
  for (let tries = 0; (await prometheus.now('count_over_time(up[1m]) > 3')).size === 0; tries++) {
    if (tries > 100) throw new Error('Prometheus does not scrape');
    await pause(200);
  }
}, 30_000);
afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await agent?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** As Grafana does it, for the one host there is. */
function filledIn(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '5m')
    .replaceAll('$job', 'tidemark')
    .replaceAll('$instance', '.+');
}

describe('the dashboard', () => {
  it('asks only for what agents tell', async () => {
    const told = new Set(Array.from((await metricsOf(agent)).matchAll(/^# TYPE (\S+)/gm), ([, name]) => name!));
    // Told where something has a limit.
    const synthetic = new SyntheticAgent(folder.file('tree'));
    synthetic.tick();
    const limit = 'process_group_limit_ratio';
    if (synthetic.collect().has(limit)) told.add(limit);
    const text = [...asked.map(([, expr]) => expr), ...variables.map(({ definition = '' }) => definition)].join('\n');
    const names = new Set(text.match(/\b(?:process_group|process|host|tidemark)_[a-z_]+/g));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => !told.has(name))).toEqual([]);
  });

  it.each(asked)('has for "%s" what Prometheus can answer: %s', async (title, expr) => {
    const query = filledIn(expr);
    expect(query).not.toContain('$');
    const answer = await prometheus.now(query);
    if (!MAYBE_NOTHING.test(title)) expect(answer.size).toBeGreaterThan(0);
    // What Grafana fills in is all that stands between it and a mistake.
    await expect(prometheus.now(`${query})`)).rejects.toThrow(/parse error/);
  });

  it('fits together', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`), `${title} lies on another`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    const known = new Set(variables.map(({ name }) => name));
    const used = JSON.stringify(dashboard).matchAll(/\$\{?(?!__)([a-z]+)/g);
    expect([...used].map(([, name]) => name!).filter((name) => !known.has(name))).toEqual([]);
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Fleet', 'What the agents cost and lose', 'Host $instance']);
    expect(JSON.stringify(panels.at(-1))).toContain('/ring.tide?last=10m');
  });
});
