/**
 * A network that is cut, unplugged and slow, and a store that answers with errors and garbage: what is lost, what comes twice, and
 * whether the recorder notices. `npm run torture -- outage` does it for minutes, and stops the store and kills the agent besides.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch, until } from '../recorder/workload.js';
import { startAgent } from './agent-process.js';
import { startNamespace } from './namespace.js';
import { runOutage } from './outage.js';
import { Store, type StoreAnswer } from './store.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

describe('an agent', () => {
  it('loses nothing to a network that is cut or slow, and its sweeps go on', { timeout: 120_000 }, async () => {
    const figures = await runOutage(folder.path, { partMs: 4000, isKilled: false, hz: 10 });
    expect(figures).toMatchObject({ missing: 0, dropped: 0, refused: 0 });
    expect(figures.waited).toBeGreaterThanOrEqual(3);
    expect(figures.repeated).toBeLessThanOrEqual(figures.retries);
    const { calm, troubled } = figures;
    expect(troubled.perSecond).toBeGreaterThan(0.8 * calm.perSecond);
    expect(troubled.missedPart).toBeLessThan(calm.missedPart + 0.2);
  });

  it('loses what was refused, and that alone, to a store that answers anything', { timeout: 60_000 }, async () => {
    const answers: StoreAnswer[] = [204, 500, 'garbage', 204, 429, 'cut', 204, 400, 204];
    await using host = await startNamespace([{ name: 'steady', count: 4, mib: 4 }]);
    await using store = await Store.start((request) => answers[request] ?? 204);
    await using agent = await startAgent(
      ...['--ring', folder.file('answers'), '--procfs', host.root, '--group', 'comm', '--hz', '10', '--budget', '10%'],
      ...['--remote-write', store.url, '--push-every', '1s'],
    );
    const own = (name: string, more: Record<string, string> = {}) =>
      store.taken.map(({ series }) => {
        const found = series.find(({ labels }) => {
          return (
            labels.__name__ === `tidemark_${name}` && Object.entries(more).every(([key, text]) => labels[key] === text)
          );
        });
        return { value: found!.value, unixMs: found!.unixMs };
      });
    await until(() => store.times.length >= answers.length + 2, 'all answers', 30_000);
    // What waited during the pauses tells of the time when it was made, so what was refused comes with a later one.
    await until(
      () => own('push_samples_total', { result: 'refused' }).at(-1)!.value > 0,
      'it tells the refusal',
      30_000,
    );
    await pause(100);
    expect(await agent.end()).toBe(0);
    const times = own('recording').map(({ unixMs }) => unixMs);
    // One a second, each once and in order, but for the one that was refused.
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(times).toHaveLength(Math.round((times.at(-1)! - times[0]!) / 1000));
    expect(own('push_retries_total').at(-1)!.value).toBe(4);
    const refused = own('push_samples_total', { result: 'refused' }).at(-1)!.value;
    expect(refused).toBeGreaterThan(40);
    expect(refused).toBeLessThan(150);
    expect(own('push_samples_total', { result: 'dropped' }).at(-1)!.value).toBe(0);
    const [ticks, missed] = [own('ticks_total'), own('missed_ticks_total')].map((values) => {
      return values.at(-1)!.value - values[0]!.value;
    });
    const seconds = (times.at(-1)! - times[0]!) / 1000;
    expect(ticks! + missed!).toBeGreaterThan(9 * seconds);
    expect(missed).toBeLessThan(0.2 * ticks!);
  });
  it('waits for the answer to a push that is under way when it ends, so that it comes once', {
    timeout: 60_000,
  }, async () => {
    const ring = folder.file('ended');
    await using host = await startNamespace([{ name: 'steady', count: 1, mib: 4 }]);
    await using store = await Store.start(() => ({ status: 204, afterMs: 500 }));
    await using agent = await startAgent(
      ...['--ring', ring, '--procfs', host.root, '--hz', '10', '--budget', '10%'],
      ...['--remote-write', store.url, '--push-every', '1s'],
    );
    await until(() => store.times.length > 0, 'a push');
    expect(await agent.end()).toBe(0);
    expect(store.times).toHaveLength(1);
    expect(readdirSync(`${ring}/queue`)).toEqual([]);
  });
});
