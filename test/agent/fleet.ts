/**
 * A fleet on one machine: hosts that are namespaces of processes, each with an agent that is scraped by one Prometheus, with the
 * shipped alerts, and pushes into one VictoriaMetrics; and one agent over the whole machine, on which a control group has a limit.
 *
 * The traps: the limits of control groups are told of `/proc` alone, so a leak towards a limit needs the agent of the whole
 * machine; and what others do on that machine must not count, so all but the leak is one group there, and is left out.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording } from '../../src/recording/recording.js';
import { Prometheus } from '../export/prometheus.js';
import { makeCgroup } from '../recorder/memory-cgroup.js';
import { MIB, Workload } from '../recorder/workload.js';
import { type AgentProcess, startAgent } from './agent-process.js';
import { fastAlerts, type RuleClock } from './fleet-rules.js';
import { type Comparison, compareWithTruth, pointsOf, type Reading } from './fleet-truth.js';
import { type Namespace, startNamespace } from './namespace.js';
import { Started } from './started.js';
import { freePort, VictoriaMetrics } from './victoria-metrics.js';

export interface FleetPlan extends RuleClock {
  readonly hosts: number;
  /** Sweeps per second of each agent. */
  readonly hz: number;
  readonly stepMs: number;
  /** How often the leaks go on; the last ones are steady again. */
  readonly steps: number;
}

export interface FleetFigures {
  readonly byScraping: Comparison;
  readonly byPushing: Comparison;
  /** All that fired, as `alert instance group`. */
  readonly fired: readonly string[];
  /** Those that should have. */
  readonly planted: readonly string[];
  readonly series: number;
}

const LIMIT = 200 * MIB;
const READ_EVERY_MS = 200;
const PUSH_MS = 1000;
const WHOLE = 'whole';
/** The beginning of the name of the control group, by which the one over the whole machine tells its processes from others. */
const LEAKY = 'tidemark-fleet';
const SUM = 'sum(process_group_resident_memory_bytes{instance=~"view-.*"})';

/** Runs it to its end. Throws when a part cannot be started, or where no control group may be made. */
export async function runFleet(folder: string, plan: FleetPlan): Promise<FleetFigures> {
  await using started = new Started();
  const made = makeCgroup(`${LEAKY}-${process.pid}`, LIMIT);
  if (typeof made === 'string') throw new Error(made);
  started.use(made);
  const leaky = started.use(await Workload.start());
  made.add(leaky.pid);
  await leaky.tell(`map ${90 * MIB}`);

  const data = path.join(folder, 'victoria');
  mkdirSync(data);
  const store = started.use(await VictoriaMetrics.over(data, await freePort(), 600_000));
  const views: Namespace[] = [];
  const agents: { name: string; agent: AgentProcess }[] = [];
  const start = async (name: string, ...words: string[]) => {
    const common = ['--ring', path.join(folder, name), '--host', name, '--hz', String(plan.hz), '--budget', '20%'];
    const push = ['--remote-write', `${store.origin}/api/v1/write`, '--push-every', `${PUSH_MS / 1000}s`];
    agents.push({ name, agent: started.use(await startAgent(...common, ...push, ...words)) });
  };
  for (let host = 0; host < plan.hosts; host++) {
    const plots = [
      { name: 'steady', count: 3, mib: 4 + host },
      { name: 'leak', count: 1, mib: host === 0 ? 64 : 8 },
    ];
    views.push(started.use(await startNamespace(plots)));
    await start(nameOf(host), '--procfs', views[host]!.root, '--group', 'comm');
  }
  await start(WHOLE, '--group', `cgroup:(${LEAKY})-`);

  const prometheus = started.use(await scrapeAll(folder, plan, agents));
  const truth: Reading[] = [];
  const read = () => truth.push({ unixMs: Date.now(), bytes: views.reduce((sum, view) => sum + total(view), 0) });
  const rest = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; await pause(READ_EVERY_MS)) read();
  };
  const kills = oomKills();
  for (let step = 0; step < 2 * plan.steps; step++) {
    if (step > 0 && step < plan.steps) {
      read();
      // Of one host a leak that makes it larger than ever; of another what is too small for an alert.
      await views[0]!.grow('leak');
      if (step % 2 === 0) await views.at(-1)!.grow('leak');
      await leaky.tell(`map ${Math.floor((LIMIT * 0.4) / plan.steps)}`);
    }
    await rest(plan.stepMs);
  }

  const span = [truth[0]!.unixMs, truth.at(-1)!.unixMs] as const;
  const lateMs = (sinceAskedMs: number) => sinceAskedMs + 3000 / plan.hz;
  const fired = await prometheus.now('max_over_time(ALERTS{alertstate="firing"}[1h])');
  const isExcused = excuses(oomKills() > kills, agents, folder);
  return {
    byScraping: compareWithTruth(await pointsOf(prometheus.origin, SUM, span), truth, lateMs(plan.scrapeMs)),
    byPushing: compareWithTruth(await pointsOf(store.origin, SUM, span), truth, lateMs(PUSH_MS)),
    fired: [...fired.keys()]
      .map((labels) => JSON.parse(labels))
      .filter((labels) => !isExcused(labels))
      .map(textOf)
      .sort(),
    planted: [`TidemarkLimitIn4Hours ${WHOLE} ${LEAKY}`, `TidemarkNewPeak ${nameOf(0)} leak`],
    series: [...(await prometheus.now('count({job="tidemark"})')).values()][0]!,
  };
}

function nameOf(host: number): string {
  return `view-${String(host + 1).padStart(2, '0')}`;
}

function total(view: Namespace): number {
  return [...view.resident().values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function scrapeAll(
  folder: string,
  plan: FleetPlan,
  agents: readonly { name: string; agent: AgentProcess }[],
): Promise<Prometheus> {
  const data = path.join(folder, 'prometheus');
  mkdirSync(data);
  const rules = path.join(folder, 'alerts.yml');
  writeFileSync(rules, fastAlerts(plan));
  const targets = agents.map(
    ({ name, agent }) => `      - { targets: ['${new URL(agent.origin).host}'], labels: { instance: '${name}' } }\n`,
  );
  return Prometheus.over(
    data,
    `global: { scrape_interval: ${plan.scrapeMs}ms, evaluation_interval: ${plan.scrapeMs}ms }
rule_files: ['${rules}']
scrape_configs:
  - job_name: tidemark
    params: { window: [5s] }
    static_configs:
${targets.join('')}`,
    600_000,
  );
}

type AlertLabels = Readonly<Record<string, string>>;

function textOf({ alertname, instance, group = '' }: AlertLabels): string {
  return `${alertname} ${instance} ${group}`.trim();
}

function oomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1]);
}

/** What others did to this machine meanwhile: killed for want of memory, grew, or took the time of sweeps. */
function excuses(
  isKilled: boolean,
  agents: readonly { name: string }[],
  folder: string,
): (labels: AlertLabels) => boolean {
  const late = agents.filter(({ name }) => {
    using recording = openRecording(path.join(folder, name, 'ring.tide'));
    const { recorded, missed } = recording.summary().ticks;
    return missed > 0.05 * recorded;
  });
  return ({ alertname, instance, group }) =>
    (alertname === 'TidemarkOomKill' && isKilled) ||
    (instance === WHOLE && group !== LEAKY && alertname === 'TidemarkNewPeak') ||
    (alertname === 'TidemarkLostData' && late.some(({ name }) => name === instance));
}
