/** What is told of groups, over recordings whose content is known. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { MOST_GROUPS } from '../../src/agent/group-table.js';
import { scratch } from '../recorder/workload.js';
import { SyntheticAgent, toldOf } from './synthetic-agent.js';

const folder = scratch();
// Of tens of thousands of files.
afterAll(() => folder[Symbol.dispose](), 60_000);
let agent: SyntheticAgent;
let trees = 0;
beforeEach(() => {
  agent = new SyntheticAgent(folder.file(`tree-${++trees}`));
});

const RSS = 'process_group_resident_memory_bytes';
const MOST = 'process_group_resident_memory_max_bytes';
const FAULTS = 'process_group_minor_page_faults_total';
const mib = (count: number) => count * 2 ** 20;
const of = (rss: number, minorFaults = 1) => ({ rss: mib(rss), rssAnon: mib(rss) / 2, minorFaults });

describe('sums', () => {
  it('are those of the members, and the rest is other', () => {
    agent.arrive(0, 'a', of(100));
    agent.arrive(1, 'a', of(50));
    agent.arrive(2, 'b', of(30));
    agent.arrive(3, 'c', of(20));
    agent.arrive(4, 'd', of(10));
    agent.tick();
    const families = agent.collect(2);
    const told = (name: string) => families.get(name)!.samples.map(({ labels, value }) => [labels, value]);
    expect(told('process_group_processes')).toEqual([
      ...[
        ['group="a"', 2],
        ['group="b"', 1],
        ['group="other"', 2],
      ],
    ]);
    expect(told(RSS)).toEqual([
      ...[
        ['group="a"', mib(150)],
        ['group="b"', mib(30)],
        ['group="other"', mib(30)],
      ],
    ]);
    expect(told(MOST).at(-1)).toEqual(['group="other"', mib(30)]);
    expect(toldOf(families, 'process_group_resident_anon_bytes', 'a')).toBe(mib(75));
    // Nothing was read of anybody.
    expect(toldOf(families, 'process_group_pss_bytes', 'a')).toBeUndefined();
    expect(agent.readings).toMatchObject({ processes: 5, withoutPss: 5, folded: 2 });
  });

  it('carry the proportional share on from the last read', () => {
    agent.arrive(0, 'a', of(100));
    agent.arrive(1, 'a', of(100));
    agent.author.sweep();
    agent.author.deep([0], { pss: mib(60), uss: mib(40), rollupDuration: 5 });
    agent.tick();
    expect(toldOf(agent.collect(), 'process_group_pss_bytes', 'a')).toBe(mib(60));
    expect(agent.readings.withoutPss).toBe(1);
    agent.author.set(0, of(130));
    agent.tick();
    const families = agent.collect();
    // What has come is its own.
    expect(toldOf(families, 'process_group_uss_bytes', 'a')).toBe(mib(70));
    expect(toldOf(families, 'process_group_pss_bytes', 'a')).toBe(mib(90));
  });

  it('have sizes of processes in powers of two', () => {
    agent.arrive(0, 'a', of(1));
    agent.arrive(1, 'a', of(3));
    agent.arrive(2, 'a', of(500));
    agent.tick();
    const { samples } = agent.collect().get('process_group_size_bytes')!;
    const told = (le: string) => samples.find(({ labels }) => labels === `group="a",le="${le}"`)?.value;
    expect([2 ** 20, 2 ** 21, 2 ** 22, 2 ** 28, 2 ** 29].map((bytes) => told(String(bytes)))).toEqual([1, 1, 2, 2, 3]);
    expect(told('+Inf')).toBe(3);
    expect(samples.filter(({ suffix }) => suffix !== '_bucket').map(({ value }) => value)).toEqual([mib(504), 3, 0, 0]);
  });
});

describe('a process that has ended before it is asked', () => {
  const GROUPED = `0::/system.slice/web.service\n`;
  const start = (by = 'unit') => {
    const metadata = { engine: { name: 'bpf', reason: 'by the test' } } as const;
    agent = new SyntheticAgent(folder.file(`tree-${++trees}`), { by, metadata });
  };
  const putCgroup = (slot: number, text: string) => writeFileSync(join(agent.root, String(slot + 1), 'cgroup'), text);
  const groups = () =>
    agent
      .collect()
      .get(RSS)!
      .samples.map(({ labels, value }) => [labels, value])
      .filter(([labels]) => labels !== 'group="other"');

  it('is of the group whose number others have told the name of', () => {
    start();
    agent.arrive(0, 'main', { ...of(100), cgroupId: 7 });
    putCgroup(0, GROUPED);
    agent.tick();
    agent.arrive(1, 'short', { ...of(50), cgroupId: 7 });
    agent.arrive(2, 'else', { ...of(5), cgroupId: 8 });
    agent.arrive(3, 'untold', of(3));
    agent.tick();
    expect(groups()).toEqual([
      ['group="web.service"', mib(150)],
      ['group="else"', mib(5)],
      ['group="untold"', mib(3)],
    ]);
  });

  it('stays where it was, and is in none where a number stands for several', () => {
    start();
    agent.arrive(0, 'first', { ...of(100), cgroupId: 1 });
    putCgroup(0, GROUPED);
    agent.arrive(1, 'second', { ...of(90), cgroupId: 1 });
    putCgroup(1, '0::/system.slice/db.service\n');
    agent.tick();
    rmSync(join(agent.root, '1', 'cgroup'));
    agent.arrive(2, 'short', { ...of(50), cgroupId: 1 });
    for (let tick = 0; tick < 40; tick++) agent.tick();
    expect(groups()).toEqual([
      ['group="web.service"', mib(100)],
      ['group="db.service"', mib(90)],
      ['group="short"', mib(50)],
    ]);
  });
});

describe('counters', () => {
  it('never go back when a member leaves, nor count what was before us', () => {
    agent.arrive(0, 'a', of(10, 1000));
    agent.arrive(1, 'a', of(10, 5000));
    agent.tick();
    expect(toldOf(agent.collect(), FAULTS, 'a')).toBe(0);
    agent.author.set(0, of(10, 1010));
    agent.author.set(1, of(10, 5500));
    agent.tick();
    agent.depart(1);
    agent.tick();
    expect(toldOf(agent.collect(), FAULTS, 'a')).toBe(510);
    // Whoever comes while we look counts with all that it has.
    agent.arrive(2, 'a', of(10, 70));
    agent.tick();
    expect(toldOf(agent.collect(), FAULTS, 'a')).toBe(580);
  });

  it('of the rest go on when a group gets a name', () => {
    agent.arrive(0, 'a', of(100, 0));
    agent.arrive(1, 'b', of(10, 0));
    agent.tick();
    agent.collect(1);
    agent.author.set(1, of(10, 40));
    agent.tick();
    const before = agent.collect(1);
    expect([toldOf(before, FAULTS, 'other'), toldOf(before, FAULTS, 'b')]).toEqual([40, undefined]);
    agent.author.set(1, of(500, 50));
    agent.tick();
    agent.collect(1);
    agent.author.set(1, of(500, 51));
    agent.tick();
    const after = agent.collect(1);
    expect([toldOf(after, FAULTS, 'other'), toldOf(after, FAULTS, 'b')]).toEqual([50, 51]);
  });
});

describe('the maximum', () => {
  it('tells of a spike between sweeps that exceeds the peak of its process', () => {
    agent.arrive(0, 'a', of(100, 1), mib(120));
    agent.arrive(1, 'a', of(10, 1), mib(10));
    agent.tick();
    // The peaks of before us are of times that nobody asked for.
    expect(toldOf(agent.collect(), MOST, 'a')).toBe(mib(110));
    agent.mark(0, mib(400));
    agent.author.set(0, of(100, 2));
    agent.tick();
    expect(toldOf(agent.collect(), MOST, 'a')).toBe(mib(410));
    expect(toldOf(agent.collect(), RSS, 'a')).toBe(mib(110));
  });

  it('is the same for every scraper, and as old as each likes', () => {
    agent.arrive(0, 'a', of(300), mib(300));
    agent.tick();
    agent.author.set(0, of(100));
    for (let tick = 0; tick < 200; tick++) agent.tick();
    expect([1, 2].map(() => toldOf(agent.collect(), MOST, 'a'))).toEqual([mib(300), mib(300)]);
    expect(toldOf(agent.collect(20, 10_000_000_000n), MOST, 'a')).toBe(mib(100));
    expect(toldOf(agent.collect(), 'process_group_resident_memory_min_bytes', 'a')).toBe(mib(100));
    expect(toldOf(agent.collect(), 'process_group_growth_bytes_per_second', 'a')).toBeCloseTo(-mib(200) / 20, -3);
  });

  it('names a group that has ended until its peak has been seen, then no longer', () => {
    agent.arrive(0, 'a', of(300), mib(300));
    agent.arrive(1, 'b', of(1), mib(1));
    agent.tick();
    agent.collect(1);
    agent.depart(0);
    agent.tick();
    expect(toldOf(agent.collect(1), MOST, 'a')).toBe(mib(300));
    expect(toldOf(agent.collect(1), 'process_group_processes', 'a')).toBe(0);
    for (let tick = 0; tick < 1400; tick++) agent.tick();
    expect(toldOf(agent.collect(1), RSS, 'a')).toBeUndefined();
    expect(toldOf(agent.collect(1), RSS, 'b')).toBe(mib(1));
    expect(agent.meter.table.count).toBe(1);
  });
});

describe('groups', () => {
  it('keep their names while others are about as large', () => {
    agent.arrive(0, 'a', of(100));
    agent.arrive(1, 'b', of(99));
    agent.tick();
    expect(toldOf(agent.collect(1), RSS, 'a')).toBe(mib(100));
    agent.author.set(1, of(110));
    agent.tick();
    expect(toldOf(agent.collect(1), RSS, 'a')).toBe(mib(100));
    agent.author.set(1, of(200));
    agent.tick();
    expect(toldOf(agent.collect(1), RSS, 'a')).toBeUndefined();
  });

  it('move with a process that gets another name', () => {
    agent.arrive(0, 'a', of(100));
    agent.tick();
    agent.arrive(0, 'renamed', of(100));
    agent.tick();
    const families = agent.collect();
    expect([toldOf(families, RSS, 'a'), toldOf(families, RSS, 'renamed')]).toEqual([0, mib(100)]);
  });

  it('have hostile names only as labels may have them', () => {
    agent.arrive(0, Buffer.from('\x1b[2J"} 1\n\\', 'latin1'), of(100));
    agent.arrive(1, Buffer.from([0xff, 0x41]), of(50));
    agent.tick();
    const labels = agent
      .collect()
      .get(RSS)!
      .samples.map((sample) => sample.labels);
    expect(labels).toEqual(['group="\\\\x1B[2J\\"} 1\\\\x0A\\\\"', 'group="\\\\xFFA"', 'group="other"']);
  });

  it('of 50,000 processes with a name each are one beyond a number, and nothing is lost', () => {
    const processes = 50_000;
    agent = new SyntheticAgent(folder.file(`tree-${++trees}`), { sizeBytes: 2 ** 28, crowd: processes + 8 });
    for (let slot = 0; slot < processes; slot++) agent.arrive(slot, `group-${slot}`, of(slot < 20 ? 3 : 1));
    agent.tick();
    const families = agent.collect(20);
    expect(agent.meter.table.count).toBe(MOST_GROUPS);
    const { samples } = families.get(RSS)!;
    expect(samples).toHaveLength(21);
    const all = samples.reduce((sum, { value }) => sum + value, 0);
    expect(all).toBe(mib(processes + 2 * 20));
    expect(toldOf(families, RSS, 'other')).toBe(mib(processes - 20));
    expect(toldOf(families, 'process_group_processes', 'other')).toBe(processes - 20);
    expect(agent.readings.processes).toBe(processes);
    // Who ends makes room for another.
    agent.depart(19_999);
    agent.tick();
    expect(toldOf(agent.collect(20), RSS, 'other')).toBe(mib(processes - 21));
  });

  it('are one beyond a number, whoever belongs to them', () => {
    const { table } = agent.meter;
    for (let group = 0; group < 50_000; group++) table.placeOf(`group-${group}`);
    expect(table.count).toBe(MOST_GROUPS);
    expect(table.placeOf('group-40000')).toBe(0);
    agent.arrive(0, 'beyond', of(100));
    agent.arrive(1, 'group-7', of(10));
    agent.tick();
    const families = agent.collect(1);
    expect(toldOf(families, RSS, 'group-7')).toBe(mib(10));
    expect(toldOf(families, RSS, 'other')).toBe(mib(100));
    expect(toldOf(families, 'process_group_processes', 'other')).toBe(1);
  });
});
