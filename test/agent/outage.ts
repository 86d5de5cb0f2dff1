/**
 * An agent that pushes over a wire that is cut, unplugged and slow, to a real store, which may go away too while the agent is killed;
 * and what arrived in the end.
 *
 * The trap: the store takes the same sample twice without a word, so all that it has is looked at, not the newest of each time.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../recorder/workload.js';
import { startAgentBy } from './agent-process.js';
import { startNamespace } from './namespace.js';
import { Wire } from './network.js';
import { freePort, VictoriaMetrics } from './victoria-metrics.js';

export interface OutagePlan {
  /** Of each trouble. */
  readonly partMs: number;
  /** Whether the store is stopped too, and the agent killed while it is. */
  readonly isKilled: boolean;
  readonly hz: number;
}

export interface OutageFigures {
  /** Pushes that arrived. */
  readonly pushes: number;
  /** Those whose answer did not come, so that they were sent again. */
  readonly retries: number;
  /** Samples of one series that the store has more than once. */
  readonly repeated: number;
  /** Those that did not arrive, without the time in which the agent was dead. */
  readonly missing: number;
  readonly dropped: number;
  readonly refused: number;
  /** Most requests that waited. */
  readonly waited: number;
  /** Sweeps per second, and the part of those due that was missed. */
  readonly calm: TickRate;
  readonly troubled: TickRate;
}

export interface TickRate {
  readonly perSecond: number;
  readonly missedPart: number;
}

interface Series {
  readonly metric: Record<string, string>;
  readonly timestamps: number[];
  readonly values: number[];
}

const EVERY_MS = 1000;
/** Of a push of some kilobytes a second, about the half. */
const SLOW_BITS = 8000;
const DRAIN_MS = 120_000;

export async function runOutage(folder: string, { partMs, isKilled, hz }: OutagePlan): Promise<OutageFigures> {
  const [ring, data] = [path.join(folder, 'ring'), path.join(folder, 'store')];
  mkdirSync(data);
  await using host = await startNamespace([{ name: 'steady', count: 4, mib: 4 }]);
  await using wire = await Wire.start();
  const start = () =>
    startAgentBy(
      wire.near,
      ...['--ring', ring, '--procfs', host.root, '--group', 'comm', '--hz', String(hz), '--budget', '10%'],
      ...['--remote-write', `http://${wire.address}:8428/api/v1/write`, '--push-every', `${EVERY_MS / 1000}s`],
    );
  let waited = 0;
  const waiting = () => {
    const count = readdirSync(`${ring}/queue`).filter((name) => name.endsWith('.request')).length;
    waited = Math.max(waited, count);
    return count;
  };
  const drained = () => until(() => waiting() <= 1, 'what waited to be sent', DRAIN_MS);
  let store = await VictoriaMetrics.on(wire.far, data);
  let agent = await start();
  /** Unix milliseconds. */
  let dead: readonly [from: number, to: number] | undefined;
  let troubles: readonly [from: number, to: number];
  const calmFrom = Date.now();
  try {
    await pause(partMs);
    const from = Date.now();
    for (const trouble of [() => wire.cut(), () => wire.unplug(), () => wire.slow(SLOW_BITS)]) {
      trouble();
      await pause(partMs);
      waiting();
      wire.mend();
      await drained();
    }
    troubles = [from, Date.now()];
    if (isKilled) {
      await store[Symbol.asyncDispose]();
      await pause(partMs / 2);
      const killed = Date.now();
      await agent[Symbol.asyncDispose]();
      agent = await start();
      dead = [killed, Date.now()];
      await pause(partMs / 2);
      waiting();
      store = await VictoriaMetrics.on(wire.far, data);
    }
    await pause(2 * EVERY_MS);
    await drained();
    await agent.end();
  } finally {
    await agent[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  }

  await using known = await VictoriaMetrics.over(data, await freePort());
  const only = async (selector: string) => (await known.samples(selector))[0] as Series;
  const of = (result: string) => only(`tidemark_push_samples_total{result="${result}"}`);
  const { timestamps } = await only('tidemark_recording');
  const times = [...new Set(timestamps)].sort((a, b) => a - b);
  const [ticks, missed] = [await only('tidemark_ticks_total'), await only('tidemark_missed_ticks_total')];
  const rate = (from: number, to: number) => rateIn(ticks, missed, from, to);
  return {
    pushes: times.length,
    retries: increase(await only('tidemark_push_retries_total')),
    repeated: timestamps.length - times.length,
    missing: missingIn(times, dead),
    dropped: increase(await of('dropped')),
    refused: increase(await of('refused')),
    waited,
    calm: rate(calmFrom, troubles[0]),
    troubled: rate(...troubles),
  };
}

/** By the time that went by, since one may be late where the machine is busy; each life of the agent by itself. */
function missingIn(times: readonly number[], dead: readonly [number, number] | undefined): number {
  const lives = dead ? [times.filter((time) => time <= dead[0]), times.filter((time) => time > dead[0])] : [times];
  const inside = lives.map((life) => Math.round((life.at(-1)! - life[0]!) / EVERY_MS) + 1 - life.length);
  // That which was being written when the agent was killed may be lost.
  const atEnd = dead ? Math.max(0, Math.floor((dead[0] - lives[0]!.at(-1)!) / EVERY_MS) - 1) : 0;
  return inside.reduce((sum, count) => sum + count, atEnd);
}

/** Of a counter that begins anew with each agent. */
function increase({ values }: Series): number {
  return values.reduce((sum, value, index) => sum + Math.max(0, value - (values[index - 1] ?? 0)), 0);
}

function rateIn(ticks: Series, missed: Series, fromMs: number, toMs: number): TickRate {
  const inside = ticks.timestamps.flatMap((time, index) => (time >= fromMs && time <= toMs ? [index] : []));
  const [first, last] = [inside[0]!, inside.at(-1)!];
  const made = ticks.values[last]! - ticks.values[first]!;
  const lost = missed.values[last]! - missed.values[first]!;
  const seconds = (ticks.timestamps[last]! - ticks.timestamps[first]!) / 1000;
  return { perSecond: made / seconds, missedPart: lost / (made + lost) };
}
