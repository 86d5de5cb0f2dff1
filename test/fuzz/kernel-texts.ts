/**
 * Kernel text that TypeScript alone reads, and the objects that people see: any text is read or refused as its docstring says,
 * at once, nothing else is thrown, and what is read can be JSON.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseCgroups, unitOf } from '../../src/procfs/cgroup.js';
import { groupNameOf } from '../../src/procfs/group-name.js';
import { parseHostStat } from '../../src/procfs/host-stat.js';
import { oomVictimIn } from '../../src/procfs/kmsg.js';
import { parseMemoryLimits } from '../../src/procfs/limits.js';
import { lastPidOf, parseLoadAverages } from '../../src/procfs/loadavg.js';
import { parseMaps, parseSmaps, parseSmapsRollup } from '../../src/procfs/mapping-objects.js';
import { parseMeminfo } from '../../src/procfs/meminfo.js';
import { memoryHierarchyOf } from '../../src/procfs/memory-group.js';
import { KernelTextError } from '../../src/procfs/object-values.js';
import { parsePressure } from '../../src/procfs/pressure.js';
import { parseStat, parseStatm, parseStatus } from '../../src/procfs/stat-objects.js';
import { parseUptime } from '../../src/procfs/uptime.js';
import { parseVmstat } from '../../src/procfs/vmstat.js';
import { parseZoneinfo } from '../../src/procfs/zoneinfo.js';
import { parseZram } from '../../src/procfs/zram.js';
import { edit } from '../tokenizers/edits.js';
import type { FuzzContext, FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';
import { seedsOf } from './seeds.js';

const UNITS = { pageSize: 4096, clockTicksPerSecond: 100 };
const MOST_MS = 500;
const MOST_BYTES = 3000;

interface Reader {
  readonly name: string;
  readonly texts: () => Uint8Array[];
  readonly read: (text: Buffer) => unknown;
  /** What it throws for text of another form. */
  readonly refusal?: RegExp;
}

const file = (path: string) => () => {
  try {
    return [readFileSync(path).subarray(0, MOST_BYTES)];
  } catch {
    return [];
  }
};
const written =
  (...texts: string[]) =>
  () =>
    texts.map((text) => Buffer.from(text, 'latin1'));
const latin1 = (read: (text: string) => unknown) => (text: Buffer) => read(text.toString('latin1'));

const READERS: readonly Reader[] = [
  { name: 'meminfo', texts: file('/proc/meminfo'), read: latin1(parseMeminfo) },
  { name: 'vmstat', texts: file('/proc/vmstat'), read: latin1(parseVmstat) },
  { name: 'zoneinfo', texts: file('/proc/zoneinfo'), read: latin1(parseZoneinfo) },
  { name: 'pressure', texts: file('/proc/pressure/memory'), read: latin1(parsePressure) },
  {
    name: 'zram',
    texts: written('1 2 3 4 5 6 7 8 9\n', '       0        0        0 0 0 0 0 0 0\n'),
    read: latin1(parseZram),
  },
  { name: 'uptime', texts: file('/proc/uptime'), read: latin1(parseUptime), refusal: /uptime|number/i },
  { name: 'host stat', texts: file('/proc/stat'), read: (text) => parseHostStat(text, UNITS), refusal: /cpu/i },
  { name: 'loadavg', texts: file('/proc/loadavg'), read: (text) => lastPidOf(text, text.length) },
  { name: 'load averages', texts: file('/proc/loadavg'), read: latin1(parseLoadAverages) },
  { name: 'limits', texts: file('/proc/self/limits'), read: latin1(parseMemoryLimits) },
  {
    ...{ name: 'cgroup', read: latin1((text) => [parseCgroups(text), unitOf(text), groupNameOf(text)]) },
    texts: written(
      '0::/system.slice/nginx.service\n',
      '12:memory:/kubepods/burstable/pod0123abcd-0123-0123-0123-0123456789ab/0123456789abcdef\n0::/\n',
      `0::/system.slice/docker-${'0123456789abcdef'.repeat(4)}.scope\n`,
    ),
  },
  { name: 'mountinfo', texts: file('/proc/self/mountinfo'), read: latin1(memoryHierarchyOf) },
  {
    ...{ name: 'kmsg', read: latin1(oomVictimIn) },
    texts: written(
      '3,1234,5678901,-;Out of memory: Killed process 77 (a) b) total-vm:1kB, anon-rss:2kB\n',
      '3,1,2,-;Memory cgroup out of memory: Killed process 4 (\\x1b[2J), UID 0\n',
    ),
  },
  { name: 'maps as objects', texts: () => seedsOf('maps', MOST_BYTES), read: (text) => parseMaps(text) },
  { name: 'smaps as objects', texts: () => seedsOf('smaps', MOST_BYTES), read: (text) => parseSmaps(text) },
  {
    name: 'rollup as an object',
    texts: () => seedsOf('smaps_rollup', MOST_BYTES),
    read: (text) => parseSmapsRollup(text),
  },
  { name: 'stat as an object', texts: () => seedsOf('stat', MOST_BYTES), read: (text) => parseStat(text, UNITS) },
  { name: 'statm as an object', texts: () => seedsOf('statm', MOST_BYTES), read: (text) => parseStatm(text, UNITS) },
  { name: 'status as an object', texts: () => seedsOf('status', MOST_BYTES), read: (text) => parseStatus(text) },
];

export function runKernelTexts(context: FuzzContext): Promise<FuzzFigures> {
  const cases = READERS.flatMap((reader) => reader.texts().map((text) => ({ reader, text })));
  const inputs = fc
    .tuple(fc.constantFrom(...READERS), fc.nat(), fc.array(edit, { maxLength: 5 }))
    .map(([reader, which, edits]) => {
      const own = cases.filter((one) => one.reader === reader);
      const text = own.length === 0 ? Buffer.alloc(0) : own[which % own.length]!.text;
      return { reader, text: edits.reduce<Buffer>((text, change) => change(text), Buffer.from(text)) };
    });
  const show = ({ reader, text }: { reader: Reader; text: Buffer }) =>
    `${reader.name}: ${JSON.stringify(text.toString('latin1'))}`;
  return runProperty('kernel-texts', inputs, ({ reader, text }) => check(reader, text), context, show);
}

function check({ read, refusal }: Reader, text: Buffer): void {
  const from = performance.now();
  try {
    checkNumbers(read(text));
  } catch (error) {
    const isTold = error instanceof KernelTextError || (refusal?.test((error as Error).message) ?? false);
    if (!isTold) throw error;
  }
  const ms = performance.now() - from;
  if (ms > MOST_MS) throw new Error(`it takes ${Math.round(ms)} ms`);
}

/** What has no limit is infinite; nothing is infinitely small. */
function checkNumbers(value: unknown): void {
  JSON.stringify(value instanceof Map ? [...value] : value, (key, one) => {
    if (typeof one === 'bigint') return String(one);
    if (typeof one === 'number' && one === Number.NEGATIVE_INFINITY) throw new Error(`${key} is ${one}`);
    return one;
  });
}
