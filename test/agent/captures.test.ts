/** The last minutes, kept when something happens and sent to whoever may ask. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { Captures } from '../../src/agent/captures.js';
import { openRecording } from '../../src/recording/recording.js';
import { makeCgroup } from '../recorder/memory-cgroup.js';
import { MIB, scratch, until, Workload } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';
import { get, metricsOf, startAgent } from './agent-process.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
/** Where every processor is busy the one that cuts is behind the others. */
const MOST_MS = 60_000;
const TOKEN = 'a-token-of-some-length';
const tokenFile = folder.file('token');
writeFileSync(tokenFile, TOKEN, { mode: 0o600 });

describe('a capture', () => {
  it('is made when a rule comes true, once, and is a recording of the process', { timeout: 120_000 }, async () => {
    const ring = folder.file('ring');
    const uploaded = folder.file('uploaded.tide');
    await using agent = await startAgent(
      ...['--ring', ring, '--capture-on', 'rss>600MiB', '--capture-on', 'oom', '--capture-last', '1m'],
      ...['--upload', `cp {file} ${uploaded}`, '--token-file', tokenFile, '--hz', '10'],
    );
    await using workload = await Workload.start();
    await workload.tell(`map ${610 * MIB}`);
    const captures = () => readdirSync(`${ring}/captures`).filter((name) => name.endsWith('.tide'));
    const ours = () => captures().find((name) => name.includes(String(workload.pid)));
    const name = await until(ours, 'a capture', MOST_MS);
    expect(name).toMatch(/^\d{8}T\d{6}\.\d{3}Z-rss-600MiB-\d+\.tide$/);
    // True again, and too soon for another.
    await workload.tell('unmap');
    await pause(500);
    await workload.tell(`map ${610 * MIB}`);
    {
      using recording = openRecording(`${ring}/captures/${name}`);
      const [process] = recording.processes({ pid: workload.pid });
      const { value } = recording.series(process!, 'rss');
      expect(Math.max(...value)).toBeGreaterThan(600 * MIB);
      expect(recording.marks().map((mark) => mark.name)).toContainEqual(expect.stringContaining('rss>600MiB: '));
    }
    await until(() => statOf(uploaded) === statOf(`${ring}/captures/${name}`), 'the upload', MOST_MS);

    const headers = { Authorization: `Bearer ${TOKEN}` };
    const ask = (path: string, method = 'GET', sent: Record<string, string> = headers) =>
      get(`${agent.origin}${path}`, sent, { method });
    expect((await ask('/captures', 'GET', {})).status).toBe(401);
    const list = JSON.parse((await ask('/captures')).body.toString());
    expect(list).toMatchObject({ version: 1, captures: expect.arrayContaining([expect.objectContaining({ name })]) });
    const sent = await ask(`/captures/${name}`);
    expect(sent.body.equals(readFileSync(`${ring}/captures/${name}`))).toBe(true);
    expect((await ask('/captures/..%2fring.tide')).status).toBe(404);

    const made = await ask('/capture', 'POST');
    expect([made.status, String(made.body)]).toEqual([201, expect.stringMatching(/^\/captures\/.*-asked\.tide\n$/)]);
    agent.child.kill('SIGUSR1');
    await until(() => captures().some((one) => one.includes('-signal.')), 'the capture of the signal', MOST_MS);

    const cut = await ask('/ring.tide?last=5s');
    expect(cut.status).toBe(200);
    const file = folder.file('cut.tide');
    writeFileSync(file, cut.body);
    using recording = openRecording(file);
    expect(recording.summary().durationSeconds).toBeLessThan(7);
    expect(recording.summary().ticks.recorded).toBeGreaterThan(10);
    expect((await ask('/ring.tide?last=1y')).status).toBe(400);
    expect(readdirSync(`${ring}/captures`).every((one) => one.endsWith('.tide'))).toBe(true);
    expect(captures().filter((one) => one.includes(String(workload.pid)))).toHaveLength(1);
  });

  it('is made when the kernel kills for want of memory', { timeout: 120_000 }, async () => {
    const group = makeCgroup('tidemark-agent-captures', 32 * MIB);
    if (typeof group === 'string') expect.fail(group);
    await using _group = group;
    const ring = folder.file('killed');
    await using agent = await startAgent('--ring', ring, '--capture-on', 'oom');
    await using workload = await Workload.start();
    group.add(workload.pid);
    workload.send(`map ${64 * MIB}`);
    const captures = () => readdirSync(`${ring}/captures`).filter((name) => name.endsWith('-oom-kill.tide'));
    await until(() => captures().length === 1, 'the capture', MOST_MS);
    using recording = openRecording(`${ring}/captures/${captures()[0]}`);
    expect(recording.processes({ pid: workload.pid })).toHaveLength(1);
    expect(await agent.end()).toBe(0);
  });

  it('is not to be had without a token', async () => {
    await using agent = await startAgent('--ring', folder.file('closed'));
    const status = async (path: string, method = 'GET') => (await get(`${agent.origin}${path}`, {}, { method })).status;
    expect([await status('/captures'), await status('/ring.tide'), await status('/capture', 'POST')]).toEqual([
      ...[404, 404, 405],
    ]);
    expect(await metricsOf(agent)).toContain('tidemark_captures_total{result="made"} 0\n');
  });
});

function statOf(file: string): number | undefined {
  try {
    return readFileSync(file).length;
  } catch {
    return undefined;
  }
}

describe('captures', () => {
  const made = (name: string, tidemark: readonly [string, ...string[]], mostBytes = 1000) => {
    const warnings: string[] = [];
    const options = {
      folder: folder.file(name),
      ring: '/r',
      tidemark,
      lastNs: 60_000_000_000n,
      everyNs: 60_000_000_000n,
    };
    return { warnings, captures: new Captures({ ...options, mostBytes, onWarning: (text) => warnings.push(text) }) };
  };
  // In the place of `tidemark cut RING --last 1m -o FILE`: writes 400 bytes.
  const WRITES = ['sh', '-c', 'head -c 400 /dev/zero > "$6"', 'sh'] as const;

  it('have a bound, and the oldest go', async () => {
    const { captures } = made('bounded', WRITES);
    for (const reason of ['one', 'two', 'three', 'four']) {
      expect(await captures.capture(reason)).toContain(`-${reason}.tide`);
      // Their names have the millisecond.
      await pause(2);
    }
    expect(captures.list().map(({ name, bytes }) => [name.replace(/^.*Z-/, ''), bytes])).toEqual([
      ...[
        ['three.tide', 400],
        ['four.tide', 400],
      ],
    ]);
  });

  it('have a bound also when the clock was put back', async () => {
    const { captures } = made('put-back', WRITES);
    for (const day of [1, 2]) {
      writeFileSync(folder.file(`put-back/2999010${day}T000000.000Z-future.tide`), Buffer.alloc(400));
    }
    expect(await captures.capture('now')).toContain('-now.tide');
    const kept = captures.list();
    expect(kept.map(({ name }) => name.replace(/^.*Z-/, ''))).toEqual(['now.tide', 'future.tide']);
    expect(kept[1]!.name).toContain('29990102');
  });

  it('are few for the same reason and of what happens at once, and what is left out is counted', async () => {
    const { captures } = made('few', WRITES, 10_000);
    const reasons = ['a', 'b', 'c', 'd', 'e', 'a'];
    const names = await Promise.all(reasons.map((reason) => captures.capture(reason)));
    expect(names.map((name) => name !== undefined)).toEqual([true, true, true, true, false, false]);
    expect(await captures.capture('a')).toBeUndefined();
    expect(captures.counts).toEqual({ made: 4, failed: 0, suppressed: 3 });
    expect(await captures.capture('a', true)).toContain('-a.tide');
  });

  it('that cannot be made are told of and counted, and names of reasons are no paths', async () => {
    const { captures, warnings } = made('failing', [process.execPath, MAIN]);
    expect(await captures.capture('../../x\x1b[2J')).toBeUndefined();
    expect(captures.counts).toMatchObject({ made: 0, failed: 1 });
    expect(warnings[0]).toContain('No capture could be made of ../../x');
    const named = made('named', WRITES);
    expect(await named.captures.capture('../../x y\x1b[2J')).toMatch(/^\d{8}T\d{6}\.\d{3}Z-x-y-2J\.tide$/);
  });
});
