/**
 * Which files of a control group hold which columns of the cgroup tier, in both versions, and how each is read.
 *
 * The traps: version 1 counts a group without those below it but for the `total_` fields; a file that a kernel does not
 * have, or a group does not (version 2 gives the root few), leaves its columns NaN; and not all is worth reading each
 * time: `memory.stat` makes the kernel sum up all CPUs, and limits are changed by people.
 */
import { CGROUP_COLUMNS, CGROUP_DEPTHS, CGROUP_METRICS, type CgroupMetricName } from '../schema.js';
import { decimal, scan } from './digits.js';
import { KeyedLines } from './keyed-lines.js';
import { parseMemoryLimit } from './memory-limit.js';
import { parsePressure } from './pressure.js';

export interface GroupFile {
  readonly name: string;
  /** It is read with this `GroupDepth` and those above it. */
  readonly depth: number;
  /** Those that it fills, by their index in `CGROUP_COLUMNS`. */
  readonly columns: readonly number[];
  /** Puts what its text tells into its columns of `row`, which must hold NaN. */
  readonly read: (bytes: Uint8Array, start: number, length: number, row: Float64Array) => void;
}

type Version = 1 | 2;

/** In the order of their depths: the first is the one without which there is no row. */
export function groupFilesOf(version: Version): readonly GroupFile[] {
  return version === 1 ? version1() : version2();
}

function version1(): GroupFile[] {
  return [
    numberFile('memory.usage_in_bytes', 'cgroupCurrent'),
    keyedFile('memory.stat', columnsBySource(1, 'memory.stat ')),
    numberFile('memory.max_usage_in_bytes', 'cgroupPeak'),
    numberFile('memory.kmem.usage_in_bytes', 'cgroupKernel'),
    numberFile('memory.failcnt', 'cgroupMaxEvents'),
    keyedFile('memory.oom_control', columnsBySource(1, 'memory.oom_control ')),
    numberFile('memory.kmem.tcp.usage_in_bytes', 'cgroupSocket'),
    limitFile('memory.limit_in_bytes', 'cgroupMax'),
  ];
}

function version2(): GroupFile[] {
  return [
    numberFile('memory.current', 'cgroupCurrent'),
    keyedFile('memory.stat', columnsBySource(2, 'memory.stat ')),
    keyedFile('memory.events', columnsBySource(2, 'memory.events ')),
    numberFile('memory.peak', 'cgroupPeak'),
    numberFile('memory.swap.current', 'cgroupSwap'),
    pressureFile('memory.pressure', 'cgroupMemorySome', 'cgroupMemoryFull'),
    limitFile('memory.max', 'cgroupMax'),
    limitFile('memory.high', 'cgroupHigh'),
    limitFile('memory.low', 'cgroupLow'),
    limitFile('memory.min', 'cgroupMin'),
    limitFile('memory.swap.max', 'cgroupSwapMax'),
    numberFile('memory.zswap.current', 'cgroupZswap'),
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

/** A file is read as soon as one of its columns is. */
function fileOf(name: string, columns: readonly number[], read: GroupFile['read']): GroupFile {
  return { name, depth: Math.min(...columns.map((column) => CGROUP_DEPTHS[column]!)), columns, read };
}

function keyedFile(name: string, columns: ReadonlyMap<string, number>): GroupFile {
  const lines = new KeyedLines((key) => columns.get(key) ?? -1);
  return fileOf(name, [...columns.values()], (bytes, start, length, row) => {
    lines.addTo(row, bytes.subarray(start, start + length), length);
  });
}

function numberFile(name: string, column: CgroupMetricName): GroupFile {
  const index = indexOf(column);
  return fileOf(name, [index], (bytes, start, length, row) => {
    const value = decimal(bytes, start, start + length);
    if (scan.end > start) row[index] = value;
  });
}

function limitFile(name: string, column: CgroupMetricName): GroupFile {
  const index = indexOf(column);
  return fileOf(name, [index], (bytes, start, length, row) => {
    row[index] = parseMemoryLimit(bytes, start, start + length);
  });
}

function pressureFile(name: string, some: CgroupMetricName, full: CgroupMetricName): GroupFile {
  const [first, second] = [indexOf(some), indexOf(full)];
  return fileOf(name, [first, second], (bytes, start, length, row) => {
    const told = parsePressure(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'));
    row[first] = told.some?.totalNs ?? Number.NaN;
    row[second] = told.full?.totalNs ?? Number.NaN;
  });
}
