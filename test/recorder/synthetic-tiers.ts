/**
 * Sweeps of the host and of control groups that are made by hand, beside those of processes.
 */
import type { GroupIdentity } from '../../src/engine/group-identity.js';
import { TierColumns } from '../../src/engine/tier-columns.js';
import type { Recording } from '../../src/recording/recording.js';
import {
  CGROUP_COLUMNS,
  type CgroupMetricName,
  GroupDepth,
  HOST_COLUMNS,
  type HostMetricName,
  Status,
} from '../../src/schema.js';
import { Author, type METADATA } from './synthetic.js';

export const TIERS = { hostTier: 'auto', cgroupTier: 'auto' };
export const MEMINFO = 1;
export const ALL = 0b11111;

export function group(inode: number, path: string | Uint8Array, hierarchy: 1 | 2 = 2): GroupIdentity {
  return { hierarchy, inode: BigInt(inode), path: typeof path === 'string' ? new TextEncoder().encode(path) : path };
}

/** Writes sweeps of 100 ms of host and groups, beside those of processes. */
export class TierAuthor extends Author {
  readonly host = new Float64Array(HOST_COLUMNS.length).fill(Number.NaN);
  readonly groups = new TierColumns(CGROUP_COLUMNS, 600);

  constructor(metadata: Partial<typeof METADATA> = TIERS, sizeBytes = 2 ** 22) {
    super({ metadata: { ...TIERS, ...metadata }, sizeBytes });
  }

  setHost(values: Partial<Record<HostMetricName, number>>): void {
    for (const [name, value] of Object.entries(values)) this.host[HOST_COLUMNS.indexOf(name as HostMetricName)] = value;
  }

  setGroup(row: number, values: Partial<Record<CgroupMetricName, number>>, status: number = Status.ok): void {
    for (const [name, value] of Object.entries(values)) {
      this.groups.columns[CGROUP_COLUMNS.indexOf(name as CgroupMetricName)]![row] = value;
    }
    this.groups.status[row] = status;
  }

  sweepHost(sources = ALL, status: number = Status.ok): void {
    this.writer.host!.write(this.nowNs, this.nowNs + 1000n, status, this.host, sources);
  }

  sweepGroups(): void {
    this.writer.groups!.sweep(this.nowNs, this.nowNs + 1000n, this.groups);
  }
}

/** 200 ticks: `vmstat` every tenth, a group that goes at tick 120 and comes anew under the same path at tick 130. */
export function recordTiers(metadata: Partial<typeof METADATA> = {}, base = 0): TierAuthor {
  const author = new TierAuthor(metadata);
  const rows = [group(1, '/'), group(70, '/user.slice/zanzibar'), group(71, '/pod')].map((one) =>
    author.writer.groups!.arrive(one),
  );
  for (let tick = 0; tick < 200; tick++) {
    author.setHost({ hostMemTotal: 2 ** 34, hostMemFree: (base + tick) * 4096 });
    if (tick % 10 === 0) author.setHost({ hostOomKills: tick, hostMemorySome10: tick / 100 });
    author.sweepHost(tick % 10 === 0 ? ALL : MEMINFO);
    if (tick === 121) author.writer.groups!.depart(rows[1]!);
    if (tick === 130) rows[1] = author.writer.groups!.arrive(group(90, '/user.slice/zanzibar'));
    rows.forEach((row, index) => {
      if (index === 1 && tick > 120 && tick < 130) return;
      const gone = index === 1 && tick === 120;
      author.setGroup(
        row,
        {
          ...(gone ? {} : { cgroupCurrent: (base + tick * 3 + index) * 4096 }),
          cgroupMax: Number.POSITIVE_INFINITY,
          cgroupDepth: GroupDepth.whole,
        },
        gone ? Status.gone : Status.ok,
      );
    });
    author.sweepGroups();
    author.sweep();
  }
  author.close();
  return author;
}

/** The free memory of the host at each sweep of `recordTiers`. */
export const free = (recording: Recording, options = {}) => [...recording.hostSeries('hostMemFree', options).value];
/** What was charged to each group of that path, at each sweep. */
export const current = (recording: Recording, path: string, options = {}) =>
  recording
    .groups()
    .filter((one) => one.path === path)
    .map((one) => [...recording.groupSeries(one, 'cgroupCurrent', options).value]);
