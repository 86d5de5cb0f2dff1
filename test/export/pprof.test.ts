/** pprof profiles of a recording whose mappings are known, judged by `go tool pprof`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExportRequest } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import type { Recording } from '../../src/recording/recording.js';
import { Author, someone, unixOf } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { knownRecording, NAMES, pidOf, writeMappings } from './known-recording.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const recording = knownRecording();
const KIB = 1024;

async function written(
  name: string,
  request: Partial<ExportRequest> = {},
  from: Recording = recording,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(from, { format: 'pprof', ...request })) pieces.push(piece);
  writeFileSync(folder.file(name), Buffer.concat(pieces));
  return folder.file(name);
}

function pprof(...words: string[]): string {
  // A home of its own, since pprof keeps its settings there.
  const env = { ...process.env, HOME: folder.path, PPROF_TMPDIR: folder.path };
  return execFileSync('go', ['tool', 'pprof', ...words], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** By name, what `-top` says in bytes: own and with all below. */
function top(file: string, sample: string): Map<string, { flat: number; cum: number }> {
  const text = pprof('-top', '-nodecount=100', '-nodefraction=0', '-unit=b', `-sample_index=${sample}`, file);
  const lines = text.split('\n').slice(text.split('\n').findIndex((line) => /flat%/.test(line)) + 1);
  return new Map(
    lines.flatMap((line) => {
      const match = /^ *(-?[\d.]+)B? +\S+ +\S+ +(-?[\d.]+)B? +\S+ +(.*)$/.exec(line);
      return match ? [[match[3]!, { flat: Number(match[1]), cum: Number(match[2]) }]] : [];
    }),
  );
}

/** What is mapped after tick 25 by each of the three processes, in KiB. */
const PSS = { '/usr/bin/prog': 8, '[heap]': 108, '[stack]': 16, '/tmp/="\\xFF\\x1B[': 2 };

describe('a profile', () => {
  it('is the mappings of the last reads by process, class, file and mapping', async () => {
    const file = await written('all.pb.gz');
    const found = top(file, 'pss');
    for (const [name, kib] of Object.entries(PSS)) expect([name, found.get(name)?.cum]).toEqual([name, 3 * kib * KIB]);
    const whole = Object.values(PSS).reduce((sum, kib) => sum + kib, 0) * KIB;
    for (const name of ['plain [100]', '=cmd|calc [101]', 'a\\xC3 [111]']) {
      expect([name, found.get(name)]).toEqual([name, { flat: 0, cum: whole }]);
    }
    expect(found.get('heap')).toEqual({ flat: 0, cum: 3 * 108 * KIB });
    expect(found.get('1000000-1039000 rw-p [heap]')).toEqual({ flat: 3 * 108 * KIB, cum: 3 * 108 * KIB });
    expect(top(file, 'rss').get('text')!.cum).toBe(3 * 32 * KIB);
    expect(top(file, 'uss').get('text')!.cum).toBe(3 * 4 * KIB);
    expect(top(file, 'swap').get('[heap]')!.cum).toBe((0 + 1 + 11) * KIB);
  });

  it('has its samples, stacks and types raw, and pss is what is shown unless another is asked for', async () => {
    const raw = pprof('-raw', await written('raw.pb.gz', { pids: [100], metrics: ['rss', 'pss'] }));
    expect(raw).toMatch(/^Time: 2023-11-14 \d\d:13:23/m);
    expect(raw).toMatch(/Samples:\nrss\/bytes\[dflt\] pss\/bytes\n/);
    const names = new Map([...raw.matchAll(/^ +(\d+): 0x0 M=\d+ (.*) :0/gm)].map((match) => [match[1], match[2]]));
    const stacks = [...raw.matchAll(/^ +(\d+) +(\d+): ((?:\d+ )+)/gm)].map(([, rss, pss, ids]) => [
      Number(rss),
      Number(pss),
      ids!
        .trim()
        .split(' ')
        .map((id) => names.get(id)!),
    ]);
    expect(stacks).toContainEqual([
      32 * KIB,
      8 * KIB,
      ['400000-410000 r-xp /usr/bin/prog', '/usr/bin/prog', 'text', 'plain [100]'],
    ]);
    expect(stacks).toHaveLength(4);
    expect(pprof('-raw', await written('dflt.pb.gz'))).toContain('pss/bytes[dflt] rss/bytes uss/bytes swap/bytes');
  });

  it('is of an instant, and the difference of two', async () => {
    const early = top(await written('early.pb.gz', { to: unixOf(10) }), 'rss');
    expect(early.get('[heap]')!.cum).toBe(3 * 28 * KIB);
    const diff = top(await written('diff.pb.gz', { from: unixOf(10), to: unixOf(29), diff: true }), 'rss');
    expect(diff.get('[heap]')!.cum).toBe(3 * (108 - 28) * KIB);
    expect(diff.has('[stack]')).toBe(false);
    const back = top(await written('back.pb.gz', { from: unixOf(29), to: unixOf(10), diff: true }), 'rss');
    expect(back.get('heap')!.cum).toBe(-3 * (108 - 28) * KIB);
  });

  it('counts no process that had gone by then', async () => {
    const { mappings, mappingColumns } = recording.metadata;
    const author = new Author({ metadata: { mappings, ...(mappingColumns ? { mappingColumns } : {}) } });
    for (const name of [0, 1]) author.arrive(name, someone(pidOf(name), NAMES[name]));
    author.sweep();
    for (const name of [0, 1]) writeMappings(author, name, 0);
    author.sweep();
    author.depart(1);
    for (let tick = 2; tick < 6; tick++) author.sweep();
    const shownAt = async (tick?: number) =>
      [
        ...top(
          await written('gone.pb.gz', tick === undefined ? {} : { to: unixOf(tick) }, author.open()),
          'rss',
        ).keys(),
      ].filter((name) => /\[\d+\]$/.test(name));
    expect(await shownAt()).toEqual(['plain [100]']);
    // A command has ended by the end of its recording: who was there last is told.
    author.depart(0);
    author.sweep();
    author.close();
    expect(await shownAt()).toEqual(['plain [100]']);
    expect(await shownAt(0)).toEqual([]);
    expect((await shownAt(1)).sort()).toEqual(['=cmd|calc [101]', 'plain [100]']);
    expect(await shownAt(4)).toEqual(['plain [100]']);
  });
});

describe('what cannot be told', () => {
  it('is refused with the way out', async () => {
    const author = new Author();
    author.arrive(0, someone(5, 'x'));
    author.sweep();
    author.close();
    const refused = (request: Partial<ExportRequest>, from?: Recording) => expect(written('no', request, from)).rejects;
    await refused({}, author.open()).toThrow(/no mappings were recorded.*--mappings/);
    await refused({ metrics: ['threads'] }).toThrow(/can tell pss, rss/);
    await refused({ every: 5n }).toThrow(/"every"/);
    await refused({ diff: true }).toThrow(/"from"/);
  });
});
