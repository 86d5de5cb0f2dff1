/** The configuration is changed while the agent runs: what changes, what stays, and what a wrong file does. */
import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { MIB, scratch, until, Workload } from '../recorder/workload.js';
import { type AgentProcess, byGroup, get, metricsOf, startAgent } from './agent-process.js';
import { Store } from './store.js';
import { freePort } from './victoria-metrics.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const MOST_MS = 30_000;
const RSS = 'process_group_resident_memory_bytes';

/** Has the file read again, and resolves to what is said of that. */
async function reread(agent: AgentProcess, file: string, lines: readonly string[]): Promise<string> {
  const before = agent.stderr().length;
  writeFileSync(file, `${lines.join('\n')}\n`);
  agent.child.kill('SIGHUP');
  const said = () => agent.stderr().slice(before);
  await until(() => /configuration (?:was|stays).*\n/.test(said()), 'the file to be read', MOST_MS);
  return said();
}

const reloads = (text: string) => Number(/^tidemark_config_last_reload_successful(?:\{.*\})? (\d)$/m.exec(text)?.[1]);
const reloadedAt = (text: string) =>
  Number(/^tidemark_config_last_reload_success_timestamp_seconds(?:\{.*\})? (\S+)$/m.exec(text)?.[1]);

describe('a configuration that is read again', () => {
  it('changes what is told, who may ask and where', { timeout: 60_000 }, async () => {
    const [file, ring, token] = [folder.file('told.conf'), folder.file('told'), folder.file('token')];
    const always = [`ring = ${ring}`];
    writeFileSync(file, [...always, 'listen = 127.0.0.1:0', 'group = comm', 'host = one', ''].join('\n'));
    await using agent = await startAgent('--config', file);
    const first = await metricsOf(agent);
    expect(reloads(first)).toBe(1);
    expect([...byGroup(first, RSS).keys()].some((name) => name.startsWith('/'))).toBe(false);
    const begun = reloadedAt(first);
    expect(Math.abs(Date.now() / 1000 - begun)).toBeLessThan(60);

    const wrong = await reread(agent, file, [...always, 'group = contaner', 'sise = 5', 'listen = 0.0.0.0:1']);
    expect(wrong).toContain(`${file}: line 2: group: "contaner" is not a way to group`);
    expect(wrong).toContain(`${file}: line 3: there is no setting "sise"`);
    expect(wrong).toContain(`${file}: line 4: --listen: others than this machine could ask`);
    expect(wrong).toContain('the configuration stays as it was');
    const after = await metricsOf(agent);
    expect([reloads(after), reloadedAt(after)]).toEqual([0, begun]);
    expect(after).toContain('tidemark_recording{host="one"} 1\n');

    // A port that somebody has is as wrong as a word.
    await using other = await Store.start();
    const { port: taken } = new URL(other.url);
    const busy = await reread(agent, file, [...always, `listen = 127.0.0.1:${taken}`, 'capture-on = rss>1G']);
    expect(busy).toContain('somebody listens there already');

    writeFileSync(token, 'a-token-of-some-length\n', { mode: 0o600 });
    const port = await freePort();
    const settings = ['group = exe', 'host = two', 'groups = 3', `listen = 127.0.0.1:${port}`, `token-file = ${token}`];
    const said = await reread(agent, file, [`ring = ${ring}`, 'budget = 2%', 'hz = 3', ...settings]);
    expect(said).toContain('not changed before the next start: budget, hz\n');
    expect(said).toContain('; changed: group, groups, host, listen, token-file\n');
    await expect(get(`${agent.origin}/metrics`)).rejects.toThrow('ECONNREFUSED');
    const ask = async (secret: string) => {
      const { status, body } = await get(`http://127.0.0.1:${port}/metrics`, { Authorization: `Bearer ${secret}` });
      return [status, String(body)] as const;
    };
    expect((await ask('another'))[0]).toBe(401);
    const [status, text] = await ask('a-token-of-some-length');
    expect([status, reloads(text)]).toEqual([200, 1]);
    expect(reloadedAt(text)).toBeGreaterThan(begun);
    expect(text).toContain('tidemark_recording{host="two"} 1\n');
    const groups = [...byGroup(text, RSS).keys()];
    expect(groups).toHaveLength(4);
    expect(groups.some((name) => name.startsWith('/'))).toBe(true);

    writeFileSync(token, 'another-one-that-is-long\n');
    await reread(agent, file, [...always, ...settings]);
    expect((await ask('a-token-of-some-length'))[0]).toBe(401);
    expect((await ask('another-one-that-is-long'))[0]).toBe(200);
    expect(agent.stderr()).not.toMatch(/a-token-of|another-one/);
    expect(await agent.end()).toBe(0);
  });

  it('loses nothing that waits to be pushed, and watches other rules', { timeout: 60_000 }, async () => {
    const [file, ring] = [folder.file('pushed.conf'), folder.file('pushed')];
    await using away = await Store.start(() => 500);
    await using store = await Store.start();
    const always = [`ring = ${ring}`, 'group = comm', 'push-every = 1s', 'hz = 10'];
    writeFileSync(file, [...always, `remote-write = ${away.url}`, 'capture-on = rss>64GiB', ''].join('\n'));
    await using agent = await startAgent('--config', file);
    await using workload = await Workload.start();
    // More than anything else here has: few processes are acted upon at once.
    await workload.tell(`map ${660 * MIB}`);
    const queue = () => readdirSync(`${ring}/queue`).filter((name) => name.endsWith('.request'));
    await until(() => queue().length >= 3, 'three pushes to wait', MOST_MS);

    const none = await reread(agent, file, [...always, 'capture-on = rss>650MiB']);
    expect(none).toContain('changed: capture-on, remote-write\n');
    const waiting = queue();
    expect(waiting.length).toBeGreaterThanOrEqual(3);
    const captures = () => readdirSync(`${ring}/captures`);
    const ours = () => captures().find((name) => name.endsWith(`-rss-650MiB-${workload.pid}.tide`));
    await until(ours, 'a capture by the new rule', MOST_MS);
    expect(queue()).toEqual(waiting);

    await reread(agent, file, [...always, `remote-write = ${store.url}`]);
    await until(() => store.taken.length >= waiting.length + 2, 'what waited, and more', MOST_MS);
    const times = store.taken.map(({ series }) => series[0]!.unixMs);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    const sent = store.taken.reduce((sum, { series }) => sum + series.length, 0);
    const text = await metricsOf(agent);
    const counted = Number(/^tidemark_push_samples_total\{to="remote-write",result="sent"\} (\d+)$/m.exec(text)![1]);
    expect(counted).toBeGreaterThanOrEqual(sent - store.taken.at(-1)!.series.length);
    expect(text).toMatch(/^tidemark_push_samples_total\{to="remote-write",result="dropped"\} 0$/m);
    const retries = Number(/^tidemark_push_retries_total\{to="remote-write"\} (\d+)$/m.exec(text)![1]);
    expect(retries).toBeGreaterThan(0);
    expect(text).toMatch(/^tidemark_missed_ticks_total \d+$/m);
    expect(await agent.end()).toBe(0);
  });
});
