/** The host and control groups in a recording: read back as they were put in. */
import { describe, expect, it } from 'vitest';
import type { GroupReading, GroupRef } from '../../src/recording/group-reading.js';
import { CGROUP_COLUMNS, type CgroupMetricName, GroupDepth, Status } from '../../src/schema.js';
import { Author, SECOND, START, unixOf } from './synthetic.js';
import { current, free, group, MEMINFO, recordTiers, TierAuthor } from './synthetic-tiers.js';

describe('the host', () => {
  const recording = recordTiers().open();

  it('has every value that was measured, at its time', () => {
    const { timeNs, value, status } = recording.hostSeries('hostMemFree');
    expect([...value]).toEqual(Array.from({ length: 200 }, (_, tick) => tick * 4096));
    expect([...timeNs]).toEqual(Array.from({ length: 200 }, (_, tick) => unixOf(tick)));
    expect(new Set(status)).toEqual(new Set([Status.ok]));
  });

  it('has what is read less often only where it was read', () => {
    const kills = recording.hostSeries('hostOomKills');
    expect([...kills.value]).toEqual(Array.from({ length: 20 }, (_, index) => index * 10));
    expect([...kills.timeNs].at(1)).toBe(unixOf(10));
    // Beside meminfo, so at each sweep.
    expect(recording.hostSeries('hostMemorySome10').value.length).toBe(200);
    // No file told of it: a point that says so.
    const bounce = recording.hostSeries('hostBounce');
    expect([bounce.value.every(Number.isNaN), new Set(bounce.status)]).toEqual([true, new Set([Status.unsupported])]);
  });

  it('answers for an instant, with the age of what is older', () => {
    const reading = recording.hostAt(unixOf(57))!;
    expect(reading.timeNs).toBe(unixOf(57));
    expect(reading.status).toBe('ok');
    expect([reading.value('hostMemFree'), reading.ageNs('hostMemFree')]).toEqual([57 * 4096, 0n]);
    expect([reading.value('hostOomKills'), reading.ageNs('hostOomKills')]).toEqual([50, (7n * SECOND) / 10n]);
    expect(reading.values.hostBounce).toBeNull();
    expect(reading.values.hostMemTotal).toBe(2 ** 34);
    expect(recording.hostAt(unixOf(57) + 99_999_999n)!.timeNs).toBe(unixOf(57));
    expect(recording.hostAt()!.timeNs).toBe(unixOf(199));
    expect(recording.hostAt(START - 1n)).toBeUndefined();
    expect(() => recording.hostSeries('rss' as never)).toThrow('There is no metric "rss" of the host');
    expect(() => recording.hostAt(5 as never)).toThrow('Expected a time as a bigint');
  });

  it('is reduced to intervals and ranges', () => {
    const range = { from: unixOf(100), to: unixOf(119) };
    expect(free(recording, { ...range, every: SECOND, agg: 'max' })).toEqual([109 * 4096, 119 * 4096]);
    expect(free(recording, range).length).toBe(20);
  });

  it('is there in what was read while it could not be read', () => {
    const author = new TierAuthor();
    author.sweepHost(MEMINFO, Status.denied);
    author.close();
    const series = author.open().hostSeries('hostMemFree');
    expect([...series.value, ...series.status]).toEqual([Number.NaN, Status.denied]);
    expect(author.open().hostAt()!.status).toBe('denied');
  });
});

describe('control groups', () => {
  const recording = recordTiers().open();

  it('are each with the time that they were there', () => {
    expect(
      recording.groups().map(({ path, inode, firstNs, lastNs, departed }) => [path, inode, firstNs, lastNs, departed]),
    ).toEqual([
      ['/', 1n, unixOf(0), unixOf(199), false],
      ['/user.slice/zanzibar', 70n, unixOf(0), unixOf(120), true],
      ['/pod', 71n, unixOf(0), unixOf(199), false],
      ['/user.slice/zanzibar', 90n, unixOf(130), unixOf(199), false],
    ]);
  });

  it('of one path are told apart when one was made anew', () => {
    const [before, after] = recording.groups().filter(({ path }) => path === '/user.slice/zanzibar');
    const series = recording.groupSeries(before!, 'cgroupCurrent');
    expect([...series.value].slice(-2)).toEqual([(119 * 3 + 1) * 4096, Number.NaN]);
    expect([...series.status].slice(-2)).toEqual([Status.ok, Status.gone]);
    expect(recording.groupSeries(after!, 'cgroupCurrent').value[0]).toBe((130 * 3 + 1) * 4096);
    const none = { ...before!, inode: 5n };
    expect(recording.groupSeries(none, 'cgroupCurrent').value.length).toBe(0);
  });

  it('have gone when the last sweep says so, and leave their row to others', () => {
    const author = new TierAuthor();
    const writer = author.writer.groups!;
    const row = writer.arrive(group(1, '/a'));
    author.setGroup(row, { cgroupCurrent: 4096 }, Status.gone);
    author.sweepGroups();
    expect(author.open().groups()[0]!.departed).toBe(true);
    writer.depart(row);
    expect(writer.count).toBe(0);
    expect(writer.arrive(group(2, '/b'))).toBe(row);
    expect([writer.highWater, writer.count]).toEqual([1, 1]);
  });

  it('answer for an instant', () => {
    const { timeNs, groups } = recording.groupsAt(unixOf(125))!;
    expect(timeNs).toBe(unixOf(125));
    expect(groups.map(({ path, status }) => [path, status])).toEqual([
      ['/', 'ok'],
      ['/pod', 'ok'],
    ]);
    expect(groups[1]!.value('cgroupCurrent')).toBe((125 * 3 + 2) * 4096);
    expect(groups[1]!.value('cgroupMax')).toBe(Number.POSITIVE_INFINITY);
    expect(groups[1]!.values.cgroupHigh).toBeNull();
    expect(recording.groupsAt(START - 1n)).toBeUndefined();
    expect(recording.groupsAt()!.groups.length).toBe(3);
  });

  it('say what a sweep did not read, and how old what they hold is', () => {
    const author = new TierAuthor();
    const rows = [0, 1].map((index) => author.writer.groups!.arrive(group(10 + index, `/g${index}`)));
    for (let tick = 0; tick < 40; tick++) {
      const depth = tick % 20 === 1 ? GroupDepth.whole : tick % 4 === 0 ? GroupDepth.moving : GroupDepth.charge;
      author.setGroup(rows[0]!, { cgroupDepth: depth, cgroupCurrent: tick });
      if (depth >= GroupDepth.moving) author.setGroup(rows[0]!, { cgroupAnon: tick * 2 });
      if (depth === GroupDepth.whole) author.setGroup(rows[0]!, { cgroupMax: tick * 3 });
      const isIdle = tick % 8 !== 0;
      if (!isIdle) author.setGroup(rows[1]!, { cgroupDepth: GroupDepth.charge, cgroupCurrent: tick });
      author.groups.status[rows[1]!] = isIdle ? Status.notDue : Status.ok;
      author.sweepGroups();
      author.tick++;
    }
    author.close();
    const told = author.open();
    const [busy, idle] = told.groups();
    const values = (ref: GroupRef, metric: CgroupMetricName) => [...told.groupSeries(ref, metric).value];
    expect(values(busy!, 'cgroupCurrent')).toEqual(Array.from({ length: 40 }, (_, tick) => tick));
    expect(values(busy!, 'cgroupAnon')).toEqual([0, 2, 8, 16, 24, 32, 40, 42, 48, 56, 64, 72]);
    expect(values(busy!, 'cgroupMax')).toEqual([3, 63]);
    expect(values(idle!, 'cgroupCurrent')).toEqual([0, 8, 16, 24, 32]);
    expect(values(idle!, 'cgroupAnon')).toEqual([]);
    const [first, second] = told.groupsAt(unixOf(38))!.groups;
    const ages = (reading: GroupReading) =>
      (['cgroupCurrent', 'cgroupAnon', 'cgroupMax'] as const).map((metric) => reading.ageNs(metric));
    expect([first!.status, ...ages(first!)]).toEqual(['ok', 0n, SECOND / 5n, (17n * SECOND) / 10n]);
    expect([first!.value('cgroupAnon'), first!.value('cgroupMax')]).toEqual([72, 63]);
    expect([second!.status, ...ages(second!)]).toEqual(['not-due', (6n * SECOND) / 10n, null, null]);
    expect(second!.value('cgroupCurrent')).toBe(32);
  });

  it('keep their row under another path, and raw bytes of it', () => {
    const author = new TierAuthor();
    const row = author.writer.groups!.arrive(group(5, '/old', 1));
    author.setGroup(row, { cgroupCurrent: 4096 });
    author.sweepGroups();
    author.writer.groups!.rename(row, group(5, Uint8Array.of(47, 0xff, 10), 1));
    author.tick++;
    author.sweepGroups();
    author.close();
    const groups = author.open().groups();
    expect(groups.map(({ path, pathHex, departed }) => [path, pathHex, departed])).toEqual([
      ['/old', undefined, true],
      ['/\ufffd\n', '2fff0a', false],
    ]);
    expect([...author.open().groupSeries(groups[1]!, 'cgroupCurrent').value]).toEqual([4096]);
  });

  it('for which a block has no room are counted, and the others are stored', () => {
    const author = new TierAuthor();
    const path = `/${'x'.repeat(200)}`;
    const rows = Array.from({ length: 300 }, (_, index) => author.writer.groups!.arrive(group(index, path + index)));
    const held = rows.filter((row) => row >= 0).length;
    expect(held).toBeGreaterThan(80);
    expect(held).toBeLessThan(300);
    for (let tick = 0; tick < 5; tick++) {
      for (let row = 0; row < held; row++) {
        for (const [column, name] of CGROUP_COLUMNS.entries()) {
          author.setGroup(row, { [name]: (tick + 1) * 4096 * (row + column) });
        }
      }
      author.sweepGroups();
      author.tick++;
    }
    author.close();
    const recording = author.open();
    expect(recording.groups().length).toBe(held);
    const drops = recording.events().flatMap(({ event }) => (event.type === 'drop' ? [event] : []));
    expect(drops).toEqual([{ type: 'drop', tier: 'ring/cgroup', reason: 'no-room', rows: 300 - held }]);
    expect(recording.summary().coverage.dropped).toEqual({});
  });
});

it('has rings for both only when asked, and reads recordings without', () => {
  const author = new Author();
  author.sweep();
  author.close();
  const recording = author.open();
  expect(author.writer.host).toBeUndefined();
  expect(author.writer.groups).toBeUndefined();
  expect(recording.rings.map(({ name }) => name)).toEqual(['counters', 'rollup', 'lives', 'events']);
  expect([recording.hostAt(), recording.groupsAt()]).toEqual([undefined, undefined]);
  expect([recording.groups(), recording.hostSeries('hostMemFree').value.length]).toEqual([[], 0]);
  expect(recording.groupSeries({ hierarchy: 2, inode: 1n, path: '/' }, 'cgroupMax').value.length).toBe(0);
});

it('keeps the history of each tier when another storms', () => {
  const author = new TierAuthor({}, 2 ** 21);
  author.setHost({ hostMemFree: 4096 });
  author.sweepHost();
  author.writer.groups!.arrive(group(1, '/'));
  author.setGroup(0, { cgroupCurrent: 4096 });
  author.sweepGroups();
  for (let slot = 0; slot < 200; slot++) author.arrive(slot, { ...METADATA_PROCESS, pid: slot + 1 });
  for (let tick = 0; tick < 3000; tick++) {
    for (let slot = 0; slot < 200; slot++)
      author.set(slot, { rss: tick * 4096 * (slot + 1), minorFaults: tick * slot });
    author.sweep();
  }
  author.close();
  const recording = author.open();
  expect(recording.ring.blocks(0)[0]!.sequence).toBeGreaterThan(1);
  expect(free(recording)).toEqual([4096]);
  expect(current(recording, '/')).toEqual([[4096]]);
});

const METADATA_PROCESS = { startTicks: 1, parentPid: 1, kernelThread: false, comm: new Uint8Array([112]) };
