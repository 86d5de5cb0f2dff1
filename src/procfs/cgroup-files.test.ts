import { describe, expect, it } from 'vitest';
import { CGROUP_COLUMNS, CGROUP_DEPTHS, CGROUP_METRICS, type CgroupMetricName, GroupDepth } from '../schema.js';
import { groupFilesOf } from './cgroup-files.js';

const PADDING = 64;

function readAll(version: 1 | 2, texts: Record<string, string>): Partial<Record<CgroupMetricName, number>> {
  const row = new Float64Array(CGROUP_COLUMNS.length).fill(Number.NaN);
  for (const file of groupFilesOf(version)) {
    const text = texts[file.name];
    if (text === undefined) continue;
    // In the middle of others, as a sweep has it.
    const bytes = Buffer.from(`99 8\n${text}${'7'.repeat(PADDING)}`, 'latin1');
    file.read(bytes, 5, text.length, row);
  }
  return Object.fromEntries(
    CGROUP_COLUMNS.map((name, index) => [name, row[index]!]).filter(([, value]) => !Number.isNaN(value)),
  );
}

describe('the files of a group', () => {
  it.each([1, 2] as const)('of version %i hold every column that the schema says they do, once', (version) => {
    const filled = groupFilesOf(version).flatMap(({ columns }) => columns.map((column) => CGROUP_COLUMNS[column]!));
    const told = CGROUP_METRICS.filter(({ source }) =>
      version === 2 ? source !== 'the read itself' : source.includes('of version 1'),
    ).map(({ name }) => name);
    expect(filled.toSorted()).toEqual(told.toSorted());
    for (const { name, depth, columns } of groupFilesOf(version)) {
      for (const column of columns) expect(CGROUP_METRICS[column]!.source).toContain(name);
      for (const column of columns) expect(CGROUP_DEPTHS[column]).toBe(depth);
    }
  });

  it('are read from the charge down', () => {
    for (const version of [1, 2] as const) {
      const depths = groupFilesOf(version).map(({ depth }) => depth);
      expect(depths[0]).toBe(GroupDepth.charge);
      expect(depths).toEqual(depths.toSorted());
    }
  });

  it('of version 2 become numbers in the units of the schema', () => {
    expect(
      readAll(2, {
        'memory.current': '1048576\n',
        'memory.max': '2097152\n',
        'memory.high': 'max\n',
        'memory.low': '0\n',
        'memory.min': 'max',
        'memory.peak': '1572864\n',
        'memory.swap.max': 'max\n',
        'memory.stat': 'anon 4096\nfile 8192\nkernel 12288\nanon_thp 2097152\npgscan 7\npgscan_kswapd 6\nnew_key 5\n',
        'memory.events': 'low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n',
        'memory.pressure':
          'some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=11\n',
      }),
    ).toEqual({
      ...{ cgroupCurrent: 2 ** 20, cgroupMax: 2 ** 21, cgroupHigh: Number.POSITIVE_INFINITY, cgroupLow: 0 },
      ...{ cgroupMin: Number.POSITIVE_INFINITY, cgroupPeak: 1572864, cgroupSwapMax: Number.POSITIVE_INFINITY },
      ...{ cgroupAnon: 4096, cgroupFile: 8192, cgroupKernel: 12288, cgroupAnonHugePages: 2 ** 21, cgroupScanned: 7 },
      ...{ cgroupLowEvents: 1, cgroupHighEvents: 2, cgroupMaxEvents: 3, cgroupOomEvents: 4, cgroupOomKills: 5 },
      ...{ cgroupMemorySome: 12_000, cgroupMemoryFull: 11_000 },
    });
  });

  it('of version 1 count what is below the group too', () => {
    expect(
      readAll(1, {
        'memory.usage_in_bytes': '1048576\n',
        'memory.limit_in_bytes': '9223372036854771712\n',
        'memory.max_usage_in_bytes': '1572864\n',
        'memory.kmem.usage_in_bytes': '4096\n',
        'memory.failcnt': '9\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
        'memory.stat': 'cache 1\nrss 2\ntotal_cache 8192\ntotal_rss 4096\ntotal_swap 4096\ntotal_inactive_file 512\n',
      }),
    ).toEqual({
      ...{ cgroupCurrent: 2 ** 20, cgroupMax: Number.POSITIVE_INFINITY, cgroupPeak: 1572864, cgroupKernel: 4096 },
      ...{ cgroupMaxEvents: 9, cgroupOomKills: 3, cgroupFile: 8192, cgroupAnon: 4096, cgroupSwap: 4096 },
      cgroupInactiveFile: 512,
    });
  });

  it('of a text that is none tell nothing', () => {
    for (const version of [1, 2] as const) {
      for (const text of ['', '\n', 'x', '-5\n', '\0'.repeat(20), 'some\n']) {
        const texts = Object.fromEntries(groupFilesOf(version).map(({ name }) => [name, text]));
        expect(readAll(version, texts)).toEqual({});
      }
    }
  });

  it('take a limit of another page size for none too', () => {
    for (const none of ['9223372036854771712', '9223372036854710272', '18446744073709551615']) {
      expect(readAll(1, { 'memory.limit_in_bytes': none })).toEqual({ cgroupMax: Number.POSITIVE_INFINITY });
    }
  });
});
