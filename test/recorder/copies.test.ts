/** Parts of recordings, several in one, and what is left of damaged ones: read as any other, compared with what was put in. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { exportCsv } from '../../src/export/csv.js';
import { cutRecording, salvageRecording } from '../../src/recording/cut.js';
import type { TideEvent } from '../../src/recording/events.js';
import { mergeRecordings } from '../../src/recording/merge.js';
import { openRecording, type Recording } from '../../src/recording/recording.js';
import { Redactor } from '../../src/recording/redact.js';
import { copyRing } from '../../src/ring/copy-ring.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { Author, METADATA, MONOTONIC, SECOND, START, someone, unixOf } from './synthetic.js';
import { scratch } from './workload.js';

const SECRETS = ['zanzibar', '/opt/zanzibar/bin/zanzibar', '--token=mombasa', 'libkilifi', 'mombasa', 'kilifi', 'lamu'];

function record(options: { metadata?: Partial<typeof METADATA>; startPid?: number; ticks?: number } = {}): Author {
  const { startPid = 100, ticks = 300 } = options;
  const author = new Author({
    sizeBytes: 2 ** 22,
    metadata: { keep: 'full:1h,1s:3h', cmdline: 'full', target: 'comm matches /zanzibar/', ...options.metadata },
  });
  const at = () => author.nowNs;
  for (let slot = 0; slot < 5; slot++)
    author.arrive(slot, someone(startPid + slot, slot === 0 ? 'zanzibar' : `p${slot}`));
  author.writer.command(at(), {
    ...{ pid: startPid, startTicks: 100 + startPid },
    ...{ exe: '/opt/zanzibar/bin/zanzibar', args: ['zanzibar', '--token=mombasa'] },
  });
  for (let tick = 0; tick < ticks; tick++) {
    if (tick === 40) author.writer.event(at(), { type: 'begin', name: 'early', span: 1 });
    if (tick === 50) author.writer.event(at(), { type: 'mark', name: 'before' });
    if (tick === 150) author.writer.event(at(), { type: 'mark', name: 'middle' });
    if (tick === 160) author.writer.event(at(), { type: 'end', span: 1 });
    if (tick === 155) {
      author.writer.exec(at(), someone(startPid, 'kilifi'), { exe: '/opt/libkilifi', args: ['kilifi'] });
      author.writer.rename(at(), 0, someone(startPid, 'kilifi'));
    }
    if (tick === 156) {
      const who = { pid: startPid + 70, startTicks: 900, comm: 'lamu' };
      author.writer.event(at(), { type: 'fork', ...who, parentPid: startPid });
      author.writer.event(at(), { type: 'ran', ...who });
      author.writer.event(at(), { type: 'mark', name: 'oom', ...who });
      author.writer.event(at(), { type: 'exit', ...who, exitStatus: 9, cpuNs: 5, peak: 4096 });
    }
    if (tick === 170) {
      author.depart(4);
      author.arrive(4, someone(startPid + 50));
    }
    for (let slot = 0; slot < 5; slot++) author.set(slot, { rss: (tick * 5 + slot) * 4096, threads: slot });
    author.sweep();
    if (tick % 20 === 7) author.deep([2], { pss: tick * 1024 });
    if (tick % 100 === 0) {
      const now = author.nowNs;
      author.writer.clock({ monotonicNs: now, realNs: now - MONOTONIC + START, boottimeNs: now });
    }
  }
  author.close();
  return author;
}

const rows = (recording: Recording, options = {}) => [...exportCsv(recording, options)].join('').trimEnd().split('\n');

describe('a cut', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const author = record();
  const whole = author.open();
  const from = unixOf(100);
  const to = unixOf(199);
  const file = folder.file('cut.tide');
  cutRecording(whole, file, { from, to });
  const part = openRecording(file);

  it('has the ticks of its range, as the whole has them', () => {
    // Ages of deep reads count from reads that may lie before the range.
    const short = (lines: string[]) => lines.map((line) => line.replace(/,[^,]*,0$/, ''));
    expect(short(rows(part))).toEqual(short(rows(whole, { from, to })));
    expect(rows(part).length).toBe(1 + 100 * 5);
  });

  it('begins and ends where it was cut', () => {
    expect(part.metadata.startedAt.realNs).toBe(`${from}`);
    expect(part.endNs).toBe(to);
    expect(part.summary()).toMatchObject({ ticks: { expected: 100, recorded: 100, missed: 0 }, damage: [] });
    expect(part.at(unixOf(150))!.processes).toEqual(whole.at(unixOf(150))!.processes);
    expect(part.at(unixOf(99))).toBeUndefined();
  });

  it('has the marks of its range and the spans that reach into it, processes and their programs', () => {
    expect(part.marks()).toEqual(whole.marks().filter(({ name }) => name !== 'before'));
    expect(part.marks().map(({ name }) => name)).toEqual(['early', 'middle', 'oom']);
    const named = (recording: Recording) =>
      recording.processes({ aliveAt: unixOf(180) }).map(({ pid, comm }) => [pid, comm]);
    expect(named(part)).toEqual(named(whole));
    expect(part.processes({ pid: 100 })[0]!.program).toEqual(whole.processes({ pid: 100 })[0]!.program);
    expect(part.events().some(({ event }) => event.type === 'exec')).toBe(true);
  });

  it('has the steps of its range', () => {
    expect(part.steps).toEqual(whole.steps);
    const steps = (recording: Recording) => {
      const walk = recording.walks({ toNs: MONOTONIC + 5n * SECOND });
      return walk.length;
    };
    expect(steps(whole)).toBe(1);
    const ring = part.ring;
    const cursor = ring.cursor(ring.ringId('counters/1s'));
    let frames = 0;
    for (let step = cursor.next(); step !== null; step = cursor.next()) if (step === 'columns') frames++;
    expect(frames).toBe(10);
  });

  it('is small, and closed to others', () => {
    expect(statSync(file).size).toBeLessThan(2 ** 20);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('can be cut again, and whole it is the same', () => {
    const again = folder.file('again.tide');
    cutRecording(part, again, { from: unixOf(120), to: unixOf(129) });
    using smaller = openRecording(again);
    expect(rows(smaller).length).toBe(1 + 10 * 5);
    const all = folder.file('all.tide');
    cutRecording(whole, all);
    using copy = openRecording(all);
    expect(rows(copy)).toEqual(rows(whole));
    expect(copy.events().length).toBe(whole.events().length);
  });
});

describe('a redacted cut', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const whole = record().open();
  const file = folder.file('redacted.tide');
  cutRecording(whole, file, { redactor: new Redactor(['args', 'paths', 'comm']) });
  const hidden = openRecording(file);

  it('has nothing of the original left in its bytes', () => {
    const plain = folder.file('plain.tide');
    cutRecording(whole, plain);
    for (const secret of SECRETS) {
      expect(readFileSync(plain).includes(secret)).toBe(true);
      expect(readFileSync(file).includes(secret)).toBe(false);
    }
  });

  it('keeps equal what was equal, and every number', () => {
    const numbers = (lines: string[]) => lines.slice(1).map((line) => line.split(',').toSpliced(3, 1).join(','));
    expect(numbers(rows(hidden))).toEqual(numbers(rows(whole)));
    const [process] = hidden.processes({ pid: 100 });
    const exec = hidden.events().find(({ event }) => event.type === 'exec')!.event as {
      comm: string;
      args: readonly string[];
    };
    expect(process!.comm).toMatch(/^p-[0-9a-f]{12}$/);
    expect(exec.comm).toBe(process!.comm);
    expect(exec.args).toEqual([process!.comm]);
    expect(new Set(hidden.processes().map(({ comm }) => comm)).size).toBe(whole.processes().length);
  });

  it('of names alone has none of them in any event', () => {
    const redactor = new Redactor(['comm']);
    const who = { pid: 7, startTicks: 8, comm: 'zanzibar' };
    const events: TideEvent[] = [
      { type: 'arrive', ...who, parentPid: 1, kernelThread: false },
      { type: 'rename', ...who },
      { type: 'exec', ...who },
      { type: 'fork', ...who, parentPid: 1 },
      { type: 'ran', ...who },
      { type: 'exit', ...who, exitStatus: 0, cpuNs: 1 },
      { type: 'mark', name: 'oom', ...who },
      { type: 'highWater', ...who, peak: 4096 },
      { type: 'processLimit', ...who, addressSpace: 4096 },
    ];
    const hidden = events.map((event) => redactor.event(event));
    expect(JSON.stringify(hidden)).not.toContain('zanzibar');
    expect(new Set(hidden.map((event) => (event as typeof who).comm)).size).toBe(1);
    expect(hidden.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  });

  it('tells of forks, execs, exits and kills without the names', () => {
    const told = hidden.events().flatMap(({ event }) => ('pid' in event && event.pid === 170 ? [event] : []));
    const comm = (told[0] as { comm: string }).comm;
    expect(comm).toMatch(/^p-[0-9a-f]{12}$/);
    expect(told).toEqual([
      { type: 'fork', pid: 170, startTicks: 900, parentPid: 100, comm },
      { type: 'ran', pid: 170, startTicks: 900, comm },
      { type: 'exit', pid: 170, startTicks: 900, exitStatus: 9, cpuNs: 5, peak: 4096, comm },
      { type: 'mark', name: 'oom', pid: 170, startTicks: 900, comm },
    ]);
  });

  it('has other pseudonyms the next time', () => {
    const other = folder.file('other.tide');
    cutRecording(whole, other, { redactor: new Redactor(['comm']) });
    using recording = openRecording(other);
    expect(recording.processes({ pid: 100 })[0]!.comm).not.toBe(hidden.processes({ pid: 100 })[0]!.comm);
    expect(recording.processes({ pid: 100 })[0]!.program!.args).toEqual(['zanzibar', '--token=mombasa']);
  });
});

describe('a merge', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const host = (hostname: string, bootId: string) => ({ metadata: { host: { ...METADATA.host, hostname, bootId } } });
  const one = record(host('one', 'boot-1')).open();
  const two = record(host('two', 'boot-2')).open();
  const file = folder.file('merged.tide');
  mergeRecordings([one, two], file);
  const merged = openRecording(file);

  it('keeps apart the processes of two hosts that share pid and start', () => {
    const found = merged.processes({ pid: 101 });
    expect(found.map(({ source }) => merged.metadata.sources![source!]!.hostname)).toEqual(['one', 'two']);
    for (const process of found) {
      const { timeNs, value, status } = merged.series(process, 'rss', { from: START });
      const original = (process.source === 0 ? one : two).series(someone(101), 'rss');
      expect([...timeNs]).toEqual([...original.timeNs]);
      expect([...value]).toEqual([...original.value]);
      expect([...status]).toEqual([...original.status]);
    }
  });

  it('has the rows of all, with the host of each', () => {
    const strip = (lines: string[], host?: string) =>
      lines
        .filter((line) => host === undefined || line.endsWith(`,${host}`))
        .map((line) => line.replace(/,(?:one|two)$/, ''));
    const lines = rows(merged, { metrics: ['rss', 'pss'] });
    expect(lines[0]).toMatch(/,step_ns,host$/);
    expect(strip(lines, 'one')).toEqual(rows(one, { metrics: ['rss', 'pss'] }).slice(1));
    expect(strip(lines, 'two')).toEqual(rows(two, { metrics: ['rss', 'pss'] }).slice(1));
    expect(lines.length).toBe(1 + 2 * 300 * 5);
  });

  it('answers for an instant with the processes of all hosts', () => {
    const { processes } = merged.at(unixOf(150))!;
    expect(processes.length).toBe(10);
    expect(processes.filter(({ pid }) => pid === 100).map(({ comm }) => comm)).toEqual(['zanzibar', 'zanzibar']);
    expect(merged.summary()).toMatchObject({
      ticks: { expected: 600, recorded: 600, missed: 0 },
      processes: { seen: 12, max: 10 },
    });
    expect(
      merged
        .marks()
        .filter(({ kind }) => kind === 'span')
        .map(({ endNs }) => endNs),
    ).toEqual([unixOf(160), unixOf(160)]);
  });

  it('takes two runs on one boot for the same processes', () => {
    const later = new Author({ metadata: { host: { ...METADATA.host, hostname: 'one', bootId: 'boot-1' } } });
    later.arrive(0, someone(101));
    later.tick = 400;
    for (let tick = 0; tick < 5; tick++) {
      later.set(0, { rss: 77 * 4096 });
      later.sweep();
    }
    later.close();
    const both = folder.file('runs.tide');
    mergeRecordings([one, later.open()], both);
    using runs = openRecording(both);
    const [process, ...others] = runs.processes({ pid: 101 });
    expect(others).toEqual([]);
    expect(runs.series(process!, 'rss', { from: unixOf(400) }).value.length).toBe(5);
    expect(runs.metadata.sources!.length).toBe(1);
    // And a merged recording is one to merge.
    const three = folder.file('three.tide');
    mergeRecordings([runs, two], three);
    using all = openRecording(three);
    expect(all.metadata.sources!.map(({ hostname }) => hostname)).toEqual(['one', 'two']);
    expect(all.processes({ pid: 101 }).length).toBe(2);
  });

  it('can be cut', () => {
    const part = folder.file('part.tide');
    cutRecording(merged, part, { from: unixOf(100), to: unixOf(109), redactor: new Redactor(['comm']) });
    using recording = openRecording(part);
    expect(rows(recording).length).toBe(1 + 2 * 10 * 5);
    expect(recording.processes().length).toBe(10);
  });
});

describe('a repair', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const author = record({ ticks: 2000 });
  const sound = folder.file('sound.tide');
  copyRing(new SharedStorage(author.buffer), sound);
  const whole = author.open();

  it('of a sound recording is the recording', () => {
    const file = folder.file('same.tide');
    const lost = salvageRecording(whole, file);
    expect(Object.values(lost).every((frames) => frames === 0)).toBe(true);
    using copy = openRecording(file);
    expect(rows(copy)).toEqual(rows(whole));
  });

  it('gives all that is not damaged, and nothing that was not there', () => {
    const bytes = readFileSync(sound);
    const at = bytes.length / 16;
    // A stretch in the middle of a block of ticks.
    const { offset } = whole.ring.blocks(0)[0]!;
    bytes.fill(0x5a, offset + 30_000, offset + 30_100);
    const damaged = folder.file('damaged.tide');
    writeFileSync(damaged, bytes);
    expect(at).toBeGreaterThan(0);
    using broken = openRecording(damaged);
    const file = folder.file('repaired.tide');
    const lost = salvageRecording(broken, file);
    expect(broken.damage).toMatchObject([{ ring: 0, reason: 'bad-frame' }]);
    expect(lost.counters).toBeGreaterThan(0);
    using repaired = openRecording(file);
    expect(repaired.summary().damage).toEqual([]);
    // A deep read whose tick is lost is told with the next tick, as in any recording.
    const rss = (recording: Recording) =>
      rows(recording, { metrics: ['rss'] }).map((line) => line.split(',').slice(0, 6).join());
    const originals = new Set(rss(whole));
    const salvaged = rss(repaired);
    for (const line of salvaged) expect(originals.has(line)).toBe(true);
    expect(salvaged.length).toBe(originals.size - lost.counters! * 5);
    expect(repaired.summary().ticks.missed).toBe(lost.counters);
  });

  it('of a file that was cut short gives what is left', () => {
    const bytes = readFileSync(sound);
    const short = folder.file('short.tide');
    writeFileSync(short, bytes.subarray(0, Math.floor(whole.usedBytes * 0.6)));
    using broken = openRecording(short);
    const file = folder.file('short-repaired.tide');
    salvageRecording(broken, file);
    expect(broken.damage.some(({ reason }) => reason === 'truncated')).toBe(true);
    using repaired = openRecording(file);
    expect(repaired.summary().damage).toEqual([]);
    expect(repaired.summary().ticks.recorded).toBeGreaterThan(100);
  });
});
