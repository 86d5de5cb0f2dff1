import { describe, expect, it } from 'vitest';
import { parseHostStat, readHostStat } from './host-stat.js';
import { readHostUnits } from './host-units.js';

const HOST = { pageSize: 4096, clockTicksPerSecond: 100 };
const parse = (text: string, host = HOST) => parseHostStat(Buffer.from(text), host);

const TEXT = `cpu  11 2 3 400 5 6 7 8 9 10
cpu0 1 2 3 4 5 6 7 8 9 10
cpu3 10 0 0 396 0 0 0 0 0 0
intr 123 4 5
ctxt 99
btime 1700000000
processes 1234
`;

describe('parseHostStat', () => {
  it('has the times of all CPUs and of each, in nanoseconds', () => {
    const { all, cpus, bootTimeSeconds } = parse(TEXT);
    expect(all).toMatchObject({ user: 11e7, nice: 2e7, idle: 400e7, steal: 8e7, guest: 9e7, guestNice: 10e7 });
    expect(cpus.map(({ id }) => id)).toEqual([0, 3]);
    expect(cpus[1]!.times).toMatchObject({ user: 10e7, idle: 396e7 });
    expect(bootTimeSeconds).toBe(1_700_000_000);
  });

  it("counts with the host's own clock tick", () => {
    expect(parse(TEXT, { pageSize: 4096, clockTicksPerSecond: 1000 }).all.user).toBe(11e6);
  });

  it('takes a text of an older kernel, without guests', () => {
    expect(parse('cpu  1 2 3 4 5 6 7 8\nbtime 5\n').all).toMatchObject({ steal: 8e7, guest: 0, guestNice: 0 });
  });

  it('takes a text that ends with the times, and a time of boot behind any CPU', () => {
    expect(parse('cpu  1 2 3 4 5 6 7 8').all.steal).toBe(8e7);
    expect(parse('cpu  1 2 3 4 5 6 7 8\nbtime 77').bootTimeSeconds).toBe(77);
    expect(parse('cpu  1 2 3 4 5 6 7 8\nxbtime 77\n')).not.toHaveProperty('bootTimeSeconds');
    // As a part of a larger buffer.
    const around = Buffer.from('btime 5\ncpu  1 2 3 4 5 6 7 8\nbtime 6\n');
    expect(parseHostStat(around.subarray(8), HOST)).toMatchObject({ bootTimeSeconds: 6, cpus: [] });
  });

  it('does not know what the text does not tell', () => {
    expect(parse('cpu  1 2 3 4 5 6 7 8 9 10\n')).not.toHaveProperty('bootTimeSeconds');
    expect(parse('cpu  1 2 3 4 5 6 7 8 9 10\nbtime \n')).not.toHaveProperty('bootTimeSeconds');
  });

  it.each(['', 'cpu', 'cpu  1 2 3\n', 'intr 1\n', 'cpu0 1 2 3 4 5 6 7 8\n'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(/no line of all CPUs/);
  });
});

it('reads this host', () => {
  const { all, cpus, bootTimeSeconds } = readHostStat('/proc', readHostUnits());
  expect(all.idle + all.user).toBeGreaterThan(0);
  expect(cpus.length).toBeGreaterThan(0);
  expect(bootTimeSeconds).toBeGreaterThan(1e9);
});
