/** What may happen to an agent while it runs: its disk fills up, and the clock is put back and forth. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recording/recording.js';
import { Prometheus } from '../export/prometheus.js';
import { quoted } from '../recorder/command.js';
import { scratch, until } from '../recorder/workload.js';
import { type AgentProcess, byGroup, get, metricsOf, startAgentBy } from './agent-process.js';
import { startNamespace } from './namespace.js';
import { Store } from './store.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const [MAX, RSS] = ['process_group_resident_memory_max_bytes', 'process_group_resident_memory_bytes'];
const MOST_MS = 30_000;

async function told(agent: AgentProcess, series: string): Promise<number> {
  const line = (await metricsOf(agent)).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1));
}

async function rises(agent: AgentProcess, series: string, above: number): Promise<number> {
  for (const end = performance.now() + MOST_MS; performance.now() < end; await pause(100)) {
    const value = await told(agent, series);
    if (value > above) return value;
  }
  throw new Error(`${series} stays at ${above}: ${agent.stderr()}`);
}

/** For a program that is started behind `before`. */
class SteppedClock {
  readonly before: readonly string[];

  constructor(private readonly file: string) {
    const library = `${file}.so`;
    const source = fileURLToPath(new URL('stepped-clock.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl']);
    writeFileSync(file, Buffer.alloc(8));
    this.before = ['env', `LD_PRELOAD=${library}`, `STEPPED_CLOCK=${file}`];
  }

  /** Off by so many seconds from now on. */
  step(seconds: number): void {
    const text = Buffer.alloc(8);
    text.writeBigInt64LE(BigInt(seconds) * 1_000_000_000n);
    writeFileSync(this.file, text, { flag: 'r+' });
  }
}

describe('an agent', () => {
  it('goes on recording and telling while its disk is full, and pushes again after', { timeout: 90_000 }, async () => {
    const disk = folder.file('disk');
    mkdirSync(disk);
    const mount = `mount -t tmpfs -o size=12m,mode=700 none ${quoted(disk)} && exec "$@"`;
    const unshared = ['unshare', process.getuid?.() === 0 ? '-m' : '-rm', 'sh', '-c', mount, 'sh'];
    let isAway = true;
    await using store = await Store.start(() => (isAway ? 500 : 204));
    await using host = await startNamespace([{ name: 'steady', count: 4, mib: 4 }]);
    await using agent = await startAgentBy(
      unshared,
      ...['--ring', `${disk}/ring`, '--procfs', host.root, '--group', 'comm', '--hz', '10', '--budget', '10%'],
      ...['--remote-write', store.url, '--push-every', '1s'],
    );
    const inside = `/proc/${agent.child.pid}/root${disk}`;
    const hog = openSync(`${inside}/hog`, 'w');
    const bytes = Buffer.alloc(4096, 1);
    expect(() => {
      for (;;) writeSync(hog, bytes);
    }).toThrow('ENOSPC');
    closeSync(hog);
    const dropped = 'tidemark_push_samples_total{to="remote-write",result="dropped"}';
    await rises(agent, dropped, 0);
    agent.child.kill('SIGUSR1');
    await rises(agent, 'tidemark_captures_total{result="failed"}', 0);
    const ticks = await told(agent, 'tidemark_ticks_total');
    await rises(agent, 'tidemark_ticks_total', ticks + 10);
    expect((await get(`${agent.origin}/-/healthy`)).status).toBe(200);
    expect(byGroup(await metricsOf(agent), RSS).get('steady')).toBe(host.resident().get('steady'));

    rmSync(`${inside}/hog`);
    isAway = false;
    await rises(agent, 'tidemark_push_samples_total{to="remote-write",result="sent"}', 0);
    const lost = await told(agent, dropped);
    await pause(1500);
    expect(await told(agent, dropped)).toBe(lost);
    expect(await told(agent, 'tidemark_lost_frames_total')).toBe(0);
    expect(await agent.end()).toBe(0);
  });

  it('goes on while the clock is put back and forth', { timeout: 60_000 }, async () => {
    const clock = new SteppedClock(folder.file('clock'));
    await using store = await Store.start();
    await using host = await startNamespace([{ name: 'grows', count: 1, mib: 16 }]);
    await using agent = await startAgentBy(
      clock.before,
      ...['--ring', folder.file('ring'), '--procfs', host.root, '--group', 'comm', '--hz', '10', '--budget', '10%'],
      ...['--remote-write', store.url, '--push-every', '1s'],
    );
    const sent = async (more: number) => {
      const count = store.taken.length;
      await until(() => store.taken.length >= count + more, 'more pushes', MOST_MS);
    };
    await sent(2);
    const before = host.resident().get('grows')!;
    for (const seconds of [-3600, 7200, 0]) {
      clock.step(seconds);
      await host.grow('grows');
      const ticks = await told(agent, 'tidemark_ticks_total');
      await rises(agent, 'tidemark_ticks_total', ticks + 5);
      const text = await metricsOf(agent);
      const grown = host.resident().get('grows')!;
      expect([byGroup(text, RSS).get('grows'), byGroup(text, MAX).get('grows')]).toEqual([grown, grown]);
      await sent(2);
    }
    expect(host.resident().get('grows')).toBeGreaterThan(before);
    expect(await agent.end()).toBe(0);
    // As far as the steps went, and about a second apart between them.
    const times = store.taken.map(({ series }) => series[0]!.unixMs);
    const steps = times.slice(1).map((time, index) => Math.round((time - times[index]!) / 1000));
    const large = steps.filter((seconds) => Math.abs(seconds) > 60);
    expect(large.map((seconds) => Math.round(seconds / 3600))).toEqual([-1, 3, -2]);
    expect(steps.filter((seconds) => Math.abs(seconds) <= 60).every((seconds) => seconds >= 0 && seconds <= 3)).toBe(
      true,
    );
    expect(ringMisses(folder.file('ring/ring.tide'))).toBeLessThan(0.2);
  });

  it('is refused by a Prometheus while the clock is behind, counts that, and goes on after', {
    timeout: 60_000,
  }, async () => {
    const data = folder.file('prometheus');
    mkdirSync(data);
    await using prometheus = await Prometheus.over(data, undefined, undefined, ['--web.enable-remote-write-receiver']);
    await using host = await startNamespace([{ name: 'steady', count: 1, mib: 4 }]);
    const clock = new SteppedClock(folder.file('clock-of-prometheus'));
    await using agent = await startAgentBy(
      clock.before,
      ...['--ring', folder.file('refused'), '--procfs', host.root, '--group', 'comm', '--hz', '5', '--host', 'a'],
      ...['--remote-write', `${prometheus.origin}/api/v1/write`, '--push-every', '1s'],
    );
    const of = (result: string) => `tidemark_push_samples_total{host="a",to="remote-write",result="${result}"}`;
    await rises(agent, of('sent'), 0);
    clock.step(-600);
    await rises(agent, of('refused'), 0);
    clock.step(0);
    const sent = await told(agent, of('sent'));
    await rises(agent, of('sent'), sent);
    expect(await told(agent, of('dropped'))).toBe(0);
    expect(agent.stderr()).toContain('A push was refused');
    const now = await prometheus.now(`sum(${RSS})`);
    const truth = [...host.resident().values()].reduce((sum, bytes) => sum + bytes, 0);
    expect([...now.values()]).toEqual([truth]);
  });
});

/** The part of its sweeps that a recording misses. */
function ringMisses(file: string): number {
  using recording = openRecording(file);
  const { recorded, missed } = recording.summary().ticks;
  return missed / (recorded + missed);
}
