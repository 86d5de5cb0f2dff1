/**
 * Which files of a control group hold which columns of the cgroup tier, in both versions, and how each is read.
 *
 * The traps: version 1 counts a group without those below it but for the `total_` fields; a file that a kernel does not
 * have, or a group does not (version 2 gives the root few), leaves its columns NaN; and not all is worth reading each
 * time: `memory.stat` makes the kernel sum up all CPUs, and limits are changed by people.
 */
import { CGROUP_COLUMNS, CGROUP_METRICS, type CgroupMetricName } from '../schema.js';
import { decimal, scan } from './digits.js';
import { KeyedLines } from './keyed-lines.js';
import { parseMemoryLimit } from './memory-limit.js';
import { parsePressure } from './pressure.js';

/** How much of a group is read: its charge; what moves with it too; all. */
export const GroupDepth = { charge: 0, moving: 1, whole: 2 } as const;

export interface GroupFile {
  readonly name: string;
  /** It is read with this depth and those above it. */
  readonly depth: number;
  /** Those that it fills, by their index in `CGROUP_COLUMNS`. */
  readonly columns: readonly number[];
  /** Puts what its text tells into `row`, by column; whose columns must hold NaN. */
  readonly read: (bytes: Uint8Array, start: number, length: number, row: Float64Array) => void;
}

type Version = 1 | 2;

/** The first file is the one without which there is no row. */
export function groupFilesOf(version: Version): readonly GroupFile[] {
  return version === 1 ? version1() : version2();
}

function version1(): GroupFile[] {
  const { charge, moving, whole } = GroupDepth;
  return [
    numberFile('memory.usage_in_bytes', charge, 'cgroupCurrent'),
    keyedFile('memory.stat', moving, columnsBySource(1, 'memory.stat ')),
    numberFile('memory.max_usage_in_bytes', moving, 'cgroupPeak'),
    numberFile('memory.kmem.usage_in_bytes', moving, 'cgroupKernel'),
    limitFile('memory.limit_in_bytes', 'cgroupMax'),
    numberFile('memory.failcnt', whole, 'cgroupMaxEvents'),
    keyedFile('memory.oom_control', whole, columnsBySource(1, 'memory.oom_control ')),
    numberFile('memory.kmem.tcp.usage_in_bytes', whole, 'cgroupSocket'),
  ];
}

function version2(): GroupFile[] {
  const { charge, moving, whole } = GroupDepth;
  return [
    numberFile('memory.current', charge, 'cgroupCurrent'),
    keyedFile('memory.stat', moving, columnsBySource(2, 'memory.stat ')),
    keyedFile('memory.events', moving, columnsBySource(2, 'memory.events ')),
    numberFile('memory.peak', moving, 'cgroupPeak'),
    numberFile('memory.swap.current', moving, 'cgroupSwap'),
    pressureFile('memory.pressure', moving, 'cgroupMemorySome', 'cgroupMemoryFull'),
    limitFile('memory.max', 'cgroupMax'),
    limitFile('memory.high', 'cgroupHigh'),
    limitFile('memory.low', 'cgroupLow'),
    limitFile('memory.min', 'cgroupMin'),
    limitFile('memory.swap.max', 'cgroupSwapMax'),
    numberFile('memory.zswap.current', whole, 'cgroupZswap'),
  ];
}

function indexOf(name: CgroupMetricName): number {
  return CGROUP_COLUMNS.indexOf(name);
}

/** By key of a text: the column, of the metrics whose source in that version begins with `file`. */
function columnsBySource(version: Version, file: string): Map<string, number> {
  const columns = new Map<string, number>();
  CGROUP_METRICS.forEach(({ source }, column) => {
    const [second = '', first = ''] = source.split('; ');
    const told = version === 2 ? second : first.replace(/^of version 1 /, '');
    if (told.startsWith(file)) columns.set(told.slice(file.length), column);
  });
  return columns;
}

function keyedFile(name: string, depth: number, columns: ReadonlyMap<string, number>): GroupFile {
  const lines = new KeyedLines((key) => columns.get(key) ?? -1);
  return {
    ...{ name, depth, columns: [...columns.values()] },
    read: (bytes, start, length, row) => lines.addTo(row, bytes.subarray(start, start + length), length),
  };
}

function numberFile(name: string, depth: number, column: CgroupMetricName): GroupFile {
  const index = indexOf(column);
  return {
    ...{ name, depth, columns: [index] },
    read: (bytes, start, length, row) => {
      const value = decimal(bytes, start, start + length);
      if (scan.end > start) row[index] = value;
    },
  };
}

function limitFile(name: string, column: CgroupMetricName): GroupFile {
  const index = indexOf(column);
  return {
    ...{ name, depth: GroupDepth.whole, columns: [index] },
    read: (bytes, start, length, row) => {
      row[index] = parseMemoryLimit(bytes, start, start + length);
    },
  };
}

function pressureFile(name: string, depth: number, some: CgroupMetricName, full: CgroupMetricName): GroupFile {
  const [first, second] = [indexOf(some), indexOf(full)];
  return {
    ...{ name, depth, columns: [first, second] },
    read: (bytes, start, length, row) => {
      const told = parsePressure(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'));
      row[first] = told.some?.totalNs ?? Number.NaN;
      row[second] = told.full?.totalNs ?? Number.NaN;
    },
  };
}
