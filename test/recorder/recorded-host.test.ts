/** `tidemark host --in`: the balance of a host as it was recorded, of recordings whose content is known. */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { mergeRecordings } from '../../src/recording/merge.js';
import { openRecording } from '../../src/recording/recording.js';
import { formatTime } from '../../src/text/time.js';
import { runTidemark } from '../tidemark-process.js';
import { Author, METADATA, someone, unixOf } from './synthetic.js';
import { ALL, MEMINFO, TierAuthor } from './synthetic-tiers.js';
import { scratch } from './workload.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const MiB = 2 ** 20;
const TICKS = 100;

/** The shmem of a host grows by 10 MiB at each tick, up to 30 ticks; its slab is read at each tenth. Tick 0 to 9 have no host. */
function recorded(name: string, hostname: string, totalMiB = 8000): string {
  const author = new TierAuthor({ host: { ...METADATA.host, hostname, bootId: `boot of ${hostname}` } });
  author.arrive(0, someone(100, 'mapper'));
  for (let tick = 0; tick < TICKS; tick++) {
    const shmem = Math.max(0, Math.min(30, tick - 20)) * 10;
    author.setHost({
      hostMemTotal: totalMiB * MiB,
      hostMemFree: (5000 - shmem) * MiB,
      hostAnonPages: 1000 * MiB,
      hostCached: (1000 + shmem) * MiB,
      hostBuffers: 0,
      hostShmem: shmem * MiB,
      hostMapped: 400 * MiB,
      hostSlabReclaimable: 100 * MiB,
      hostSlabUnreclaimable: 50 * MiB,
      hostKReclaimable: 100 * MiB,
    });
    if (tick % 10 === 0) author.setHost({ hostPcpFree: (tick / 10) * MiB, hostOomKills: tick >= 50 ? 1 : 0 });
    if (tick >= 10) author.sweepHost(tick % 10 === 0 ? ALL : MEMINFO);
    author.set(0, { rss: 300 * MiB });
    author.sweep();
    if (tick === 60) author.deep([0], { pss: 200 * MiB, pssShmem: 100 * MiB });
  }
  author.close();
  const file = folder.file(name);
  writeFileSync(file, new Uint8Array(author.buffer));
  return file;
}

const file = recorded('one.tide', 'one');

async function hostJson(...words: string[]) {
  const { code, stdout, stderr } = await runTidemark(['host', '--in', file, '--json', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const answer = JSON.parse(stdout);
  const parts = Object.fromEntries(
    (answer.parts as { name: string; bytes: number | null; change?: number }[]).map(({ name, ...part }) => [
      name,
      part,
    ]),
  ) as Record<string, { bytes: number; change?: number; low?: number; high?: number }>;
  return { ...answer, parts };
}

it('is the last reading at or before a time, what a sweep did not read being of an earlier one', async () => {
  const { timeNs, total, parts } = await hostJson('--at', `${unixOf(45) + 5n}ns`);
  expect([timeNs, total]).toEqual([String(unixOf(45)), 8000 * MiB]);
  expect(parts.shmem!.bytes).toBe(250 * MiB);
  expect(parts.free!.bytes).toBe((5000 - 250 + 4) * MiB);
  expect(parts.unaccounted!.bytes).toBe((8000 - 4754 - 1000 - 1000 - 250 - 150) * MiB);
});

it('bounds the shmem that is mapped by what processes had of it', async () => {
  const { parts } = await hostJson();
  // Of 400 MiB mapped at least 100 are shmem, and all of them may be.
  expect(parts.processFile).toMatchObject({ low: 100 * MiB, high: 300 * MiB, bytes: 200 * MiB });
  expect((await hostJson('--at', `${unixOf(45)}ns`)).parts.processFile).toMatchObject({
    low: 150 * MiB,
    high: 400 * MiB,
  });
});

it('tells what changed since, and the course of each part', async () => {
  const { parts, sinceSeconds, course } = await hostJson('--since', `${unixOf(30)}ns`, '--at', `${unixOf(80)}ns`);
  expect(sinceSeconds).toBe(5);
  expect(parts.shmem!.change).toBe(200 * MiB);
  expect(parts.free!.change).toBe((-200 + 5) * MiB);
  expect(parts.processAnon!.change).toBe(0);
  expect(course.timesNs).toEqual(Array.from({ length: 51 }, (_, tick) => String(unixOf(30 + tick))));
  expect(course.shmem).toEqual(Array.from({ length: 51 }, (_, tick) => Math.min(30, tick + 10) * 10 * MiB));
  const table = await runTidemark(['host', '--in', file, '--since', '-7s']);
  expect(table.stdout).toContain(`${file}, ${formatTime(unixOf(99))}`);
  expect(table.stdout).toMatch(/shmem and tmpfs +300M +3\.8 +\+210M +▁.*█ +Shmem/);
  expect(table.stdout).toContain('in 7.0 s: killed for want of memory 1');
});

it.each([
  [['--at', '2001-01-01T00:00:00Z'], 2, 'is outside the recording, which is from'],
  [['--at', '-5s', '--since', '-4s'], 2, 'is not before'],
  [['--at', `${unixOf(5)}ns`], 1, `the host was not read before ${formatTime(unixOf(5))}; the first reading is of`],
  [['--for', '1s'], 2, '--for is of this host, --in of a recording: give one of them'],
  [['--hostname', 'other'], 2, '--hostname: there is no "other" in this recording, but one'],
])('refuses %j', async (words, code, sentence) => {
  const outcome = await runTidemark(['host', '--in', file, ...words]);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toContain(sentence);
});

it('says that a recording has nothing of its host, and needs one for its options', async () => {
  const without = new Author();
  without.sweep();
  without.close();
  const bare = folder.file('bare.tide');
  writeFileSync(bare, new Uint8Array(without.buffer));
  const none = await runTidemark(['host', '--in', bare]);
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('this recording has nothing of its host');
  const live = await runTidemark(['host', '--since', '-1m']);
  expect(live).toMatchObject({ code: 2, stdout: '' });
  expect(live.stderr).toContain('--since needs --in, a recording to look into');
});

it('asks of which host, where a recording is of several', async () => {
  const two = recorded('two.tide', 'two', 16_000);
  const merged = folder.file('merged.tide');
  using first = openRecording(file);
  using second = openRecording(two);
  mergeRecordings([first, second], merged);
  const refused = await runTidemark(['host', '--in', merged]);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('this recording is of several hosts, name one with --hostname: one, two');
  const { stdout } = await runTidemark(['host', '--in', merged, '--hostname', 'two', '--json']);
  expect(JSON.parse(stdout).total).toBe(16_000 * MiB);
});

it('is in the frames of top -b, where it was recorded', async () => {
  const { stdout } = await runTidemark(['top', '-b', '--in', file]);
  expect(stdout).toMatch(/^Tasks: .*\nMiB Mem : {3}8000\.0 total, {3}4700\.0 free, .*\nMiB Swap: .*\n\n +PID /m);
  const json = JSON.parse((await runTidemark(['top', '-b', '--json', '--in', file])).stdout);
  expect(json.memory).toMatchObject({ total: 8000 * MiB, free: 4700 * MiB, buffersAndCache: 1400 * MiB });
  const first = await runTidemark(['top', '-b', '--json', '-n', '2', '-d', '9.9', '--in', file]);
  expect(JSON.parse(first.stdout.split('\n')[0]!)).not.toHaveProperty('memory');
});
