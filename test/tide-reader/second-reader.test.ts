/**
 * docs/tide-format.md is enough to write a reader: the one in python here was written from it, and says the same as the
 * library about every recording, sound or damaged.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { startRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { nameParts, type TideEvent } from '../../src/recording/events.js';
import { MappingRing } from '../../src/recording/mappings.fixture.js';
import { mergeRecordings } from '../../src/recording/merge.js';
import { encodeBlockHeader } from '../../src/ring/block-header.js';
import { fileSeedOf } from '../../src/ring/checksum.js';
import { BLOCK_HEADER } from '../../src/ring/layout.js';
import { RingWriter } from '../../src/ring/ring-writer.js';
import { EVENTS, FILE_ID, HEADER, memory, Recorder } from '../../src/ring/rings.fixture.js';
import { metricsOf } from '../../src/schema.js';
import { startTidemark } from '../recorder/command.js';
import { Author, METADATA, someone } from '../recorder/synthetic.js';
import { recordTiers } from '../recorder/synthetic-tiers.js';
import { MIB, startSleep, until, Workload } from '../recorder/workload.js';
import { busyRecording, bytesOf } from '../torture/busy-recording.js';
import { DAMAGE_KINDS, spoil } from '../torture/damages.js';
import { Random } from '../torture/random.js';
import { readTwice } from './second-reader.js';

const FIXTURES = new URL('../fixtures/recordings/', import.meta.url);
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-second-'));
const kept = readdirSync(FIXTURES).filter((name) => name.endsWith('.tide.gz'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keep(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** How many lines of each kind both readers have; they must not differ. */
function counts(file: string): Record<string, number> {
  const { lines, difference } = readTwice(file);
  expect(difference).toBeUndefined();
  const counted: Record<string, number> = {};
  for (const [kind] of lines) counted[String(kind)] = (counted[String(kind)] ?? 0) + 1;
  return counted;
}

describe('both readers say the same of', { timeout: 120_000 }, () => {
  it.each(kept)('the kept file %s', (name) => {
    const { frame, tick, event, mappings } = counts(keep(name, gunzipSync(readFileSync(new URL(name, FIXTURES)))));
    expect([frame, tick, event, mappings].map((count) => count! > 3)).toEqual([true, true, true, true]);
  });

  it('a storm of comings and goings, told in packs', () => {
    const author = new Author({ sizeBytes: 2 ** 22 });
    for (let pid = 1; pid < 3000; pid++) {
      author.arrive(1, someone(pid, pid % 7 === 0 ? Uint8Array.of(0xff, pid & 0xff) : `p${pid}`));
      author.depart(1);
      if (pid % 100 === 0 || pid < 5) author.sweep();
    }
    author.sweep();
    const file = keep('storm.tide', new Uint8Array(author.buffer));
    expect(counts(file).event).toBe(2 * 2999);
    expect(counts(file).record).toBeLessThan(100);
  });

  it.each(['ts', 'native'] as const)('a fresh recording by the engine %s', async (engine) => {
    await using workload = await Workload.start();
    const sleep = startSleep();
    const file = path.join(folder, `${engine}.tide`);
    try {
      const target = { pids: [workload.pid, sleep.pid!] };
      const recorder = await startRecording({
        target,
        file,
        engine,
        hz: 100,
        rollup: 20,
        mappings: 10,
        sizeBytes: 4 * MIB,
        keep: 'full:1h,1s:3h',
        cmdline: 'full',
      });
      for (let round = 0; round < 5; round++) {
        await workload.tell(`map ${(round + 1) * 100_000}`);
        await workload.tell(`name ${Buffer.from(`\u001b[${round}"\xff`, 'latin1').toString('hex')}`);
        recorder.mark(`round ${round}`);
        await pause(120);
        if (round % 2 === 1) await workload.tell('unmap');
      }
      await recorder.stop();
    } finally {
      sleep.kill();
    }
    const { frame, tick, event, mappings, finding } = counts(file);
    expect(tick).toBeGreaterThan(20);
    expect(frame!).toBeGreaterThan(tick! + 3);
    expect(event).toBeGreaterThan(10);
    expect(mappings).toBeGreaterThan(6);
    expect(finding).toBeUndefined();
  });

  it('what V8 tells of a program that records itself', async () => {
    const file = path.join(folder, 'v8.tide');
    const recorder = await startRecording({ target: 'self', file, hz: 50, sizeBytes: 4 * MIB, v8: true });
    await recorder.span('work', () => Array.from({ length: 500_000 }, (_, at) => ({ at })).length);
    await recorder.stop();
    await recorder[Symbol.asyncDispose]();
    expect(counts(file).v8).toBeGreaterThan(4);
  });

  it('what only the engine in the kernel tells, over a ladder', () => {
    const author = new Author({
      metadata: { engine: { name: 'bpf', reason: 'test' }, keep: 'full:1h,1s:3h', cmdline: 'full' },
    });
    const comm = Buffer.from('\u001b[1m\xff', 'latin1');
    const named = { pid: 9, startTicks: 10, ...nameParts(comm) };
    const told: TideEvent[] = [
      { type: 'fork', parentPid: 1, ...named },
      { type: 'ran', ...named },
      { type: 'exit', exitStatus: 256, peak: 2 ** 40, cpuNs: 12_345, ...named },
      { type: 'exit', exitStatus: 9, cpuNs: 0, ...named },
      { type: 'exec', ...named, exe: '/bin/\u00e9 (deleted)', args: ['', 'a b'], argsCut: true },
      { type: 'lives', isHeard: true, reason: '', told: 9, lost: 1, byEvent: 3, mayBeMissed: 0 },
      { type: 'peaks', isOn: false, reason: 'above 100 Hz' },
    ];
    for (let slot = 0; slot < 5; slot++) author.arrive(slot, someone(100 + slot));
    for (let tick = 0; tick < 60; tick++) {
      for (let slot = 0; slot < 5; slot++) {
        const pages = (tick * 7 + slot * 13) % 31;
        const values = { rss: pages * 4096, rssLow: pages * 2048, rssHigh: pages * 8192, hwm: 4096 * tick, uid: slot };
        author.set(slot, { ...values, cgroupId: 2 ** 40 + slot, pidNamespace: 4026531836 });
      }
      author.sweep();
      author.deep([tick % 5], { pss: tick * 1024 });
      const event = told[tick % told.length]!;
      author.writer.event(author.nowNs, event);
    }
    author.close();
    const file = keep('kernel.tide', new Uint8Array(author.buffer));
    expect(counts(file)).toMatchObject({ tick: 60 });
    const { lines } = readTwice(file);
    const types = new Set(lines.filter(([kind]) => kind === 'event').map((line) => line[2]));
    for (const { type } of told) expect(types).toContain(type);
    // The newest columns are among the values, not only those that every engine reads.
    const ticks = lines.filter(([kind]) => kind === 'tick');
    expect((ticks[0]![3] as unknown[][])[0]!.at(-1)).toHaveLength(metricsOf('counters', 'bpf').length);
  });

  it('the host and control groups, whole, merged and damaged', () => {
    const author = recordTiers();
    const file = keep('tiers.tide', new Uint8Array(author.buffer));
    expect(counts(file)).toMatchObject({ host: 200, groups: 200 });
    const merged = path.join(folder, 'tiers-merged.tide');
    const boot = { host: { ...METADATA.host, hostname: 'other', bootId: 'other' } };
    mergeRecordings([author.open(), recordTiers(boot, 7000).open()], merged);
    expect(counts(merged)).toMatchObject({ host: 400, groups: 400 });
    const damaged = new Uint8Array(author.buffer.slice(0));
    const { ring } = author.open();
    for (const name of ['host', 'cgroup']) {
      const { offset } = ring.blocks(ring.ringId(name))[0]!;
      damaged.fill(0x5a, offset + 3000, offset + 3050);
    }
    expect(counts(keep('tiers-damaged.tide', damaged)).finding).toBe(2);
  });

  it('a recording whose writer was killed', async () => {
    const words = ['record', '--hz', '200', '--mappings', '5', '--size', '4M', '-o', 'killed.tide'];
    const sleep = startSleep();
    try {
      const { child } = startTidemark([...words, '--pid', String(sleep.pid)], folder);
      const file = path.join(folder, 'killed.tide');
      await until(() => recordedBytes(file) > 0 && readTwice(file).lines.some(([kind]) => kind === 'tick'), 'a frame');
      await pause(200);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(counts(file).tick).toBeGreaterThan(5);
    } finally {
      sleep.kill();
    }
  });

  it('rings that were overwritten many times', () => {
    const { storage } = busyRecording(1, { ticks: 1500, sizeBytes: 600_000 });
    const { tick, frame, event, finding } = counts(keep('wrapped.tide', bytesOf(storage)));
    expect(tick).toBeGreaterThan(50);
    expect(tick).toBeLessThan(1000);
    expect(frame!).toBeGreaterThan(tick!);
    expect(event).toBeGreaterThan(100);
    expect(finding).toBeUndefined();
  });

  it('mappings of both types, through many laps, and with what others build on damaged', () => {
    const rings = new MappingRing();
    for (let tick = 0; tick < 600; tick++) rings.write(1 + (tick % 3), tick, 12 + (tick % 7), tick % 100 === 99);
    const sound = new Uint8Array(rings.storage.buffer);
    expect(counts(keep('mappings.tide', sound)).mappings).toBeGreaterThan(50);
    const spoilt = sound.slice();
    for (let block = 0; block < 6; block++)
      spoilt.fill(0, HEADER + block * 65536 + 2048, HEADER + block * 65536 + 2100);
    const { unusable, finding } = counts(keep('mappings.tide', spoilt));
    expect(finding).toBeGreaterThan(1);
    expect(unusable).toBeGreaterThan(0);
  });

  it('damaged files, with the same findings', () => {
    const { storage, older } = busyRecording(2, { ticks: 150, sizeBytes: 600_000 });
    const random = new Random(3);
    let findings = 0;
    for (const kind of DAMAGE_KINDS) {
      const { bytes, how } = spoil(kind, bytesOf(storage), older, random, HEADER, HEADER + 3 * 65536);
      const { lines, difference } = readTwice(keep('damaged.tide', bytes));
      expect([how, difference]).toEqual([how, undefined]);
      findings += lines.filter(([line]) => line === 'finding').length;
    }
    expect(findings).toBeGreaterThan(3);
  });

  it('frames that are numbered beyond 32 bits', () => {
    const storage = memory(8);
    const { writer } = new Recorder(storage);
    writer.appendRecord(EVENTS, 1n, 1, new Uint8Array(1));
    const header = new Uint8Array(BLOCK_HEADER.bytes);
    const fields = { ring: EVENTS, sequence: 2 ** 33, firstFrameSequence: 2 ** 32 - 3, baseTimeNs: 0n };
    encodeBlockHeader(header, fields, fileSeedOf(FILE_ID));
    storage.write(HEADER, header, 0, header.length);
    const later = RingWriter.resume(storage);
    for (let at = 0; at < 9; at++) later.appendRecord(EVENTS, BigInt(at), at, new Uint8Array(900).fill(at));
    const sound = new Uint8Array(storage.buffer);
    expect(counts(keep('numbers.tide', sound)).record).toBe(9);
    sound[HEADER + 65536 + 64 + 4 * 928 + 100]! ^= 1;
    expect(counts(keep('numbers.tide', sound))).toMatchObject({ record: 8, lost: 1, finding: 1 });
  });

  it('what is no ring of theirs', () => {
    const { storage } = busyRecording(4, { ticks: 3, sizeBytes: 2 ** 20 });
    const sound = bytesOf(storage);
    const refusal = (change: (bytes: Uint8Array) => Uint8Array) => {
      const { lines, difference } = readTwice(keep('refused.tide', change(sound.slice())));
      expect(difference).toBeUndefined();
      return lines[0];
    };
    const set = (at: number, value: number) => (bytes: Uint8Array) => bytes.fill(value, at, at + 1);
    expect(refusal(set(0, 0))).toEqual(['refused', 'not-a-ring']);
    expect(refusal(set(8, 0))).toEqual(['refused', 'damaged-header']);
    expect(refusal(set(30, 1))).toEqual(['refused', 'damaged-header']);
    expect(refusal(set(18, 0))).toEqual(['refused', 'damaged-header']);
    expect(refusal((bytes) => bytes.subarray(0, 100))).toEqual(['refused', 'damaged-header']);
    expect(refusal((bytes) => bytes.subarray(0, 0))).toEqual(['refused', 'not-a-ring']);
  });
});

function recordedBytes(file: string): number {
  try {
    return readFileSync(file).length;
  } catch {
    return 0;
  }
}
