import { describe, expect, it } from 'vitest';
import { GroupDepth } from '../schema.js';
import { GroupPace } from './group-pace.js';

const TICK = 100e6;
const MIB = 2 ** 20;
const COST = [3_000, 30_000, 80_000];

interface Made {
  /** By seconds. */
  readonly charge: (second: number) => number;
  readonly limit?: number;
}

/** Ticks over made groups. `reads[row]` has the seconds at which it was read, and how deep. */
function run(
  groups: readonly Made[],
  seconds: number,
  share = 0.0015,
  alarmAt?: number,
  readsAll = false,
  besideNs = 0,
) {
  const pace = new GroupPace(TICK, share, readsAll);
  for (let row = 0; row < groups.length; row++) pace.arrived(row);
  const live = Uint32Array.from(groups, (_, row) => row);
  const reads = groups.map(() => [] as { second: number; depth: number }[]);
  let cpuNs = 0;
  for (let tick = 0; tick < seconds * 10; tick++) {
    const now = 1e12 + tick * TICK + (tick % 3) * 1e6;
    const second = tick / 10;
    if (second === alarmAt) pace.alarm(now);
    const chosen = pace.plan(now, live, groups.length);
    expect(new Set(pace.slots.subarray(0, chosen)).size).toBe(chosen);
    let spent = 0;
    for (let index = 0; index < chosen; index++) {
      const [row, depth] = [pace.slots[index]!, pace.depths[index]!];
      const { charge, limit = Number.POSITIVE_INFINITY } = groups[row]!;
      reads[row]!.push({ second, depth });
      spent += COST[depth]!;
      pace.read(row, depth, now, charge(second), limit - charge(second), limit);
    }
    pace.spent(spent, besideNs);
    cpuNs += spent + besideNs;
  }
  return { reads, cpuNs };
}

const idle: Made = { charge: () => 100 * MIB };
const growing: Made = { charge: (second) => (100 + second) * MIB };

function longestGap(reads: readonly { second: number }[], from = 0): number {
  const times = reads.map(({ second }) => second).filter((second) => second >= from);
  return Math.max(...times.slice(1).map((second, index) => second - times[index]!));
}

describe('the pace of groups', () => {
  it('reads everything once at the start, as far as that is cheap', () => {
    const { reads } = run(
      Array.from({ length: 300 }, () => idle),
      0.1,
    );
    expect(reads.every((each) => each[0]?.depth === GroupDepth.whole)).toBe(true);
  });

  it('knows the charge of thousands soon, and the rest of them later', () => {
    const { reads } = run(
      Array.from({ length: 3000 }, () => idle),
      20,
    );
    expect(reads.filter((each) => each.length === 0)).toHaveLength(0);
    expect(Math.max(...reads.map((each) => each[0]!.second))).toBeLessThan(8);
  });

  it('reads one that lies still about once a second, and all of it within half a minute', () => {
    const [reads] = run([idle], 120).reads;
    expect(longestGap(reads!)).toBeLessThanOrEqual(1.1);
    expect(reads!.length).toBeLessThan(140);
    const whole = reads!.filter(({ depth }) => depth === GroupDepth.whole);
    expect(longestGap(whole)).toBeLessThanOrEqual(31);
    expect(reads!.filter(({ depth }) => depth === GroupDepth.moving)).toHaveLength(0);
  });

  it('reads one that moves at each tick, and what moves with it once a second', () => {
    const fast: Made = { charge: (second) => (100 + ((Math.round(second * 10) * 7) % 11) * 3) * MIB };
    const [reads] = run([fast], 30).reads;
    expect(reads!.length).toBeGreaterThan(290);
    const deep = reads!.filter(({ depth }) => depth >= GroupDepth.moving);
    expect(deep.length).toBeGreaterThan(25);
    expect(deep.length).toBeLessThan(35);
  });

  it('reads one less often that moves by little', () => {
    const slow: Made = { charge: (second) => (100 + second / 20) * MIB };
    const [fast] = run([growing], 60).reads;
    const [little] = run([slow], 60).reads;
    expect(little!.length).toBeLessThan(fast!.length / 1.5);
    expect(longestGap(little!)).toBeLessThanOrEqual(1.1);
  });

  it('reads what comes near its limit deep at each tick', () => {
    const near: Made = { charge: (second) => 950 * MIB + second * MIB, limit: 1024 * MIB };
    const soon: Made = { charge: (second) => (100 + second * 50) * MIB, limit: 1024 * MIB };
    const { reads } = run([near, soon], 15);
    const deepOf = (row: number, from: number) =>
      reads[row]!.filter(({ second, depth }) => second >= from && depth >= GroupDepth.moving).length;
    expect(deepOf(0, 0.2)).toBeGreaterThan(140);
    // At 50 MiB a second the limit is ten seconds away after eight and a half.
    expect(deepOf(1, 9)).toBeGreaterThan(55);
    expect(deepOf(1, 0) - deepOf(1, 8)).toBeLessThan(15);
  });

  it('leaves alone what lies still near its limit', () => {
    const full: Made = { charge: () => 1000 * MIB, limit: 1024 * MIB };
    expect(run([full], 60).reads[0]!.length).toBeLessThan(80);
  });

  it('stays inside its share, whatever groups do, and forgets none', () => {
    const busy = Array.from(
      { length: 500 },
      (_, row): Made => ({
        charge: (second) => 900 * MIB + ((second * 10 * (row + 1)) % 97) * MIB,
        limit: 1024 * MIB,
      }),
    );
    const seconds = 120;
    const { reads, cpuNs } = run(busy, seconds);
    expect((cpuNs - 60e6) / (seconds * 1e9)).toBeLessThan(0.002);
    expect(Math.min(...reads.map((each) => each.length))).toBeGreaterThan(0);
    const idlers = run(
      Array.from({ length: 5000 }, () => idle),
      seconds,
    );
    expect((idlers.cpuNs - 60e6) / (seconds * 1e9)).toBeLessThan(0.002);
    for (const each of idlers.reads) expect(longestGap(each)).toBeLessThan(60);
    // What is done besides, such as looking for groups, is of the share too.
    const beside = run(busy, seconds, undefined, undefined, undefined, 75e3);
    expect((beside.cpuNs - 60e6) / (seconds * 1e9)).toBeLessThan(0.002);
  });

  it('lets those that move fast not keep idle ones from being read', () => {
    const groups = [...Array.from({ length: 480 }, () => idle), ...Array.from({ length: 20 }, () => growing)];
    const { reads } = run(groups, 60);
    for (const each of reads.slice(0, 480)) expect(longestGap(each, 5)).toBeLessThan(5);
    for (const each of reads.slice(480)) expect(each.length).toBeGreaterThan(100);
  });

  it('reads the charge of all at each tick where that was asked for', () => {
    const { reads } = run([idle, growing, ...Array.from({ length: 200 }, () => idle)], 10, 1, undefined, true);
    for (const each of reads) expect(each.length).toBe(100);
    expect(reads[0]!.filter(({ depth }) => depth !== GroupDepth.charge)).toHaveLength(1);
  });

  it('looks at all of them when somebody was killed', () => {
    const groups = Array.from({ length: 400 }, () => idle);
    const { reads } = run(groups, 12, 0.0015, 10);
    for (const each of reads) {
      expect(each.some(({ second, depth }) => second >= 10 && second < 10.5 && depth >= GroupDepth.moving)).toBe(true);
    }
  });
});
