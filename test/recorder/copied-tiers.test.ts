/** Parts, merges and repairs of recordings with a host and groups, and writers that go on with them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { TierColumns } from '../../src/engine/tier-columns.js';
import { cutRecording, salvageRecording } from '../../src/recording/cut.js';
import { mergeRecordings } from '../../src/recording/merge.js';
import { openRecording, Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { Redactor } from '../../src/recording/redact.js';
import { copyRing } from '../../src/ring/copy-ring.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { CGROUP_COLUMNS, HOST_COLUMNS, Status } from '../../src/schema.js';
import { Author, METADATA, MONOTONIC, SECOND, START, unixOf } from './synthetic.js';
import { ALL, current, free, group, recordTiers, TIERS } from './synthetic-tiers.js';
import { scratch } from './workload.js';

describe('copies', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const author = recordTiers();
  const whole = author.open();

  it('of a part have both tiers of it', () => {
    const range = { from: unixOf(100), to: unixOf(139) };
    const file = folder.file('cut.tide');
    cutRecording(whole, file, range);
    using part = openRecording(file);
    expect(free(part)).toEqual(free(whole, range));
    expect(free(part).length).toBe(40);
    for (const path of ['/', '/pod', '/user.slice/zanzibar']) {
      expect(current(part, path)).toEqual(current(whole, path, range));
    }
    // What had been read last before the part begins is in it, as a value whose age nobody knows.
    const later = folder.file('later.tide');
    cutRecording(whole, later, { from: unixOf(105) });
    using rest = openRecording(later);
    const first = rest.hostAt(unixOf(105))!;
    expect([first.value('hostOomKills'), first.ageNs('hostOomKills')]).toEqual([100, null]);
  });

  it('that are redacted have no path left, and the same numbers', () => {
    const file = folder.file('redacted.tide');
    cutRecording(whole, file, { redactor: new Redactor(['paths']) });
    expect(readFileSync(file).includes('zanzibar')).toBe(false);
    expect(Buffer.from(author.buffer).includes('zanzibar')).toBe(true);
    using hidden = openRecording(file);
    const paths = hidden.groups().map(({ path }) => path);
    expect(paths[0]).toBe('/');
    expect(paths[1]).toMatch(/^\/p-[0-9a-f]{12}\/p-[0-9a-f]{12}$/);
    expect(paths[3]).toBe(paths[1]);
    expect(free(hidden)).toEqual(free(whole));
    expect(current(hidden, paths[1]!)).toEqual(current(whole, '/user.slice/zanzibar'));
  });

  it('of several keep apart hosts, and groups that share path and number', () => {
    const host = (hostname: string, bootId: string) => ({ host: { ...METADATA.host, hostname, bootId } });
    const one = recordTiers(host('one', 'boot-1')).open();
    const two = recordTiers(host('two', 'boot-2'), 7000).open();
    const file = folder.file('merged.tide');
    mergeRecordings([one, two], file);
    using merged = openRecording(file);
    expect(merged.metadata).toMatchObject(TIERS);
    expect([...merged.hostSeries('hostMemFree', { source: 0 }).value]).toEqual(free(one));
    expect([...merged.hostSeries('hostMemFree', { source: 1 }).value]).toEqual(free(two));
    expect(merged.hostAt(unixOf(57), { source: 1 })!.value('hostMemFree')).toBe(7057 * 4096);
    expect(merged.hostAt(unixOf(57), { source: 1 })!.ageNs('hostOomKills')).toBe((7n * SECOND) / 10n);
    expect(merged.hostAt(unixOf(57), { source: 2 })).toBeUndefined();
    expect(merged.groups().length).toBe(8);
    const [first, second] = merged.groups().filter(({ path }) => path === '/pod');
    expect([first!.source, second!.source]).toEqual([0, 1]);
    expect([...merged.groupSeries(second!, 'cgroupCurrent').value]).toEqual(current(two, '/pod')[0]);
    const at = merged.groupsAt(unixOf(125))!.groups;
    expect(at.map(({ path, source }) => `${source} ${path}`).sort()).toEqual(['0 /', '0 /pod', '1 /', '1 /pod']);
    expect(at.find(({ path, source }) => path === '/pod' && source === 1)!.value('cgroupCurrent')).toBe(
      (7000 + 125 * 3 + 2) * 4096,
    );
    // A merged recording is one to merge, and one to cut.
    const again = folder.file('again.tide');
    mergeRecordings([merged, recordTiers(host('three', 'boot-3'), 90).open()], again);
    using three = openRecording(again);
    expect([...three.hostSeries('hostMemFree', { source: 1 }).value]).toEqual(free(two));
    expect(three.hostSeries('hostMemFree', { source: 2 }).value[0]).toBe(90 * 4096);
    const part = folder.file('part.tide');
    cutRecording(three, part, { from: unixOf(10), to: unixOf(19) });
    using small = openRecording(part);
    expect(small.hostSeries('hostMemFree', { source: 1 }).value.length).toBe(10);
  });

  it('of a damaged one have all but what is damaged', () => {
    const sound = folder.file('sound.tide');
    copyRing(new SharedStorage(author.buffer), sound);
    const bytes = readFileSync(sound);
    const ring = whole.ring.ringId('host');
    const { offset } = whole.ring.blocks(ring)[0]!;
    bytes.fill(0x5a, offset + 2000, offset + 2060);
    const damaged = folder.file('damaged.tide');
    writeFileSync(damaged, bytes);
    using broken = openRecording(damaged);
    const file = folder.file('repaired.tide');
    const lost = salvageRecording(broken, file);
    expect(lost.host).toBeGreaterThan(0);
    expect(lost.cgroup).toBe(0);
    using repaired = openRecording(file);
    const originals = new Set(free(whole));
    const left = free(repaired).filter((value) => !Number.isNaN(value));
    expect(left.every((value) => originals.has(value))).toBe(true);
    expect(left.length).toBeGreaterThan(0);
    expect(current(repaired, '/pod')).toEqual(current(whole, '/pod'));
  });
});

describe('a writer that goes on', () => {
  const goOn = (metadata: Partial<typeof METADATA>, earlier: Author) => {
    const now = { monotonicNs: MONOTONIC + 60n * SECOND, realNs: START + 60n * SECOND, boottimeNs: 0n };
    const storage = new SharedStorage(earlier.buffer);
    const writer = RecordingWriter.resume(storage, { ...METADATA, ...metadata }, now, () => {});
    return { writer, now, open: () => Recording.open(new SharedStorage(earlier.buffer)) };
  };

  it('goes on with both tiers', () => {
    const { writer, now, open } = goOn(TIERS, recordTiers());
    const host = new Float64Array(HOST_COLUMNS.length).fill(Number.NaN);
    host[HOST_COLUMNS.indexOf('hostMemFree')] = 5 * 4096;
    writer.host!.write(now.monotonicNs, now.monotonicNs, Status.ok, host, ALL);
    const row = writer.groups!.arrive(group(71, '/pod'));
    const columns = new TierColumns(CGROUP_COLUMNS, 8);
    columns.columns[0]![row] = 4096;
    writer.groups!.sweep(now.monotonicNs, now.monotonicNs, columns);
    using recording = open();
    expect(free(recording).length).toBe(201);
    expect(recording.hostAt()!.timeNs).toBe(START + 60n * SECOND);
    const pods = current(recording, '/pod');
    expect(pods.length).toBe(1);
    expect(pods[0]!.length).toBe(201);
    expect(recording.groups().map(({ departed }) => departed)).toEqual([true, true, false, true]);
  });

  it('leaves out a tier that the recording has no ring for, and a ring that nobody asks for alone', () => {
    const before = new Author();
    before.sweep();
    const { writer } = goOn(TIERS, before);
    expect([writer.host, writer.groups]).toEqual([undefined, undefined]);
    const { writer: other, open } = goOn({}, recordTiers());
    expect(other.host).toBeDefined();
    using recording = open();
    expect(free(recording).length).toBe(200);
  });
});
