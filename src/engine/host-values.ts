/**
 * The host tier: one row of what the kernel tells of the whole host, by `HOST_COLUMNS`.
 *
 * The traps: these files cost 2 to 25 us each, several times that where a tenth of a second lies between reads, and
 * `zoneinfo` milliseconds on a large host, so what changes slowly or costs much is read less often and told apart; and a
 * file that is not there (PSI, zram) leaves its columns NaN. There is no native twin: a few kilobytes of text are tokenized
 * here in a fraction of the time in which the kernel makes them.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import { LearnedLines } from '../procfs/learned-lines.js';
import { type PressureSums, pressureSums } from '../procfs/pressure.js';
import { parseZoneinfo } from '../procfs/zoneinfo.js';
import { readZram } from '../procfs/zram.js';
import {
  HOST_COLUMNS,
  HOST_METRICS,
  HOST_SOURCE_BITS,
  HOST_SOURCES,
  type HostMetricName,
  type HostSource,
  type HostUnits,
  Status,
} from '../schema.js';
import { statusOfError } from './errno-status.js';
import { KeptText } from './kept-text.js';

/** Between two reads of what is not read at every sweep. */
const SLOW_NS = 1_000_000_000;
/** A read that takes long is made less often, so that it takes a twentieth of a percent of a core at most. */
const REST_PER_COST = 2000;
/** What is due within so much is read now: the sweeps have a rhythm of their own. */
const EARLY_NS = 1_000_000;

/** Where the sysfs tree is that belongs to a procfs tree: beside it, as where both of a host are mounted into a container. */
export function sysfsOf(procfs: string): string | undefined {
  const beside = path.join(path.resolve(procfs), '..', 'sys');
  return existsSync(path.join(beside, 'block')) ? beside : undefined;
}

/**
 * Reads the host tier once: values by `HOST_COLUMNS`, in the units of the schema, NaN where the kernel does not tell. Throws
 * the errno when `meminfo` cannot be read. `sysfs` is where zram is looked for; undefined: nowhere.
 */
export function readHostValues(
  procfs = '/proc',
  sysfs = sysfsOf(procfs),
  host: Pick<HostUnits, 'pageSize'> = readTreeUnits(procfs) ?? readHostUnits(),
): Float64Array {
  const reader = new HostReader(procfs, sysfs, host);
  try {
    if (reader.read(0) !== Status.ok) throw reader.error;
    return reader.values;
  } finally {
    reader.close();
  }
}

/** What is read less often than at every sweep. */
interface SlowSource {
  readonly name: HostSource;
  readonly columns: readonly number[];
  readonly fill: (values: Float64Array) => void;
  dueNs: number;
}

/** Reads the host tier again and again, from descriptors that stay open until `close`. */
export class HostReader {
  /** By `HOST_COLUMNS`; NaN: not measured. */
  readonly values = new Float64Array(HOST_COLUMNS.length).fill(Number.NaN);
  /** What the last `read` looked at: 1 << i for the i-th of `HOST_SOURCES`. */
  sources = 0;
  readonly #meminfo: KeptText;
  readonly #meminfoLines = new LearnedLines(keysOf('meminfo '));
  readonly #memoryPressure: KeptText;
  readonly #slow: readonly SlowSource[];
  readonly #texts: readonly KeptText[];
  #hasPressure = true;

  /** `sysfs`: undefined where there is none to look for zram in. */
  constructor(procfs: string, sysfs: string | undefined, { pageSize }: Pick<HostUnits, 'pageSize'>) {
    const text = (name: string) => new KeptText(path.join(procfs, name));
    const whole = (name: string) => new KeptText(path.join(procfs, name), true);
    this.#meminfo = whole('meminfo');
    this.#memoryPressure = whole('pressure/memory');
    const [vmstat, zoneinfo] = [text('vmstat'), text('zoneinfo')];
    const [io, cpu] = [whole('pressure/io'), whole('pressure/cpu')];
    this.#texts = [this.#meminfo, this.#memoryPressure, vmstat, zoneinfo, io, cpu];
    const vmstatLines = new LearnedLines(keysOf('vmstat '));
    this.#slow = [
      slowSource('vmstat', (values) => fillLines(vmstat, vmstatLines, values)),
      slowSource('pressure', (values) => {
        fillPressure(io, values, IO_PRESSURE_COLUMNS);
        fillPressure(cpu, values, CPU_PRESSURE_COLUMNS);
        this.#hasPressure = true;
      }),
      slowSource('zoneinfo', (values) => fillZones(zoneinfo, values, pageSize)),
      ...(sysfs === undefined ? [] : [slowSource('zram', (values) => fillZram(sysfs, values))]),
    ];
  }

  /**
   * Reads into `values` what is due at that time of a monotonic clock. Returns `ok`, or why `meminfo` could not be read, which
   * leaves nothing but NaN. What is not due keeps what an earlier sweep read; `sources` tells which were due.
   */
  read(nowNs: number): number {
    const { values } = this;
    clear(values, MEMINFO);
    if (!fillLines(this.#meminfo, this.#meminfoLines, values)) {
      values.fill(Number.NaN);
      this.sources = bitOf('meminfo');
      for (const source of this.#slow) source.dueNs = Number.NEGATIVE_INFINITY;
      return this.#meminfo.error === undefined ? Status.unsupported : statusOfError(this.#meminfo.error);
    }
    this.sources = bitOf('meminfo');
    for (const source of this.#slow) {
      if (nowNs + EARLY_NS < source.dueNs) continue;
      readSlow(source, values, nowNs);
      this.sources |= bitOf(source.name);
    }
    if (this.#hasPressure) {
      clear(values, MEMORY_PRESSURE);
      this.#hasPressure = fillPressure(this.#memoryPressure, values, MEMORY_PRESSURE_COLUMNS);
    }
    return Status.ok;
  }

  /** Why `read` returned another status than `ok`. */
  get error(): unknown {
    return this.#meminfo.error ?? new Error(`${this.#meminfo.path} has no line that is known here`);
  }

  close(): void {
    for (const text of this.#texts) text.close();
  }
}

const COLUMN = Object.fromEntries(HOST_COLUMNS.map((name, column) => [name, column])) as Record<HostMetricName, number>;
const MEMINFO = columnsFrom('meminfo ');
const MEMORY_PRESSURE = columnsFrom('pressure/memory ');
const MEMORY_PRESSURE_COLUMNS: PressureColumns = [
  ['some', 'hostMemorySome'],
  ['full', 'hostMemoryFull'],
  ['some10', 'hostMemorySome10'],
  ['full10', 'hostMemoryFull10'],
];
const IO_PRESSURE_COLUMNS: PressureColumns = [
  ['some', 'hostIoSome'],
  ['full', 'hostIoFull'],
];
const CPU_PRESSURE_COLUMNS: PressureColumns = [['some', 'hostCpuSome']];

type PressureColumns = readonly (readonly [kind: keyof PressureSums, name: HostMetricName])[];

function slowSource(name: HostSource, fill: SlowSource['fill']): SlowSource {
  const columns = HOST_SOURCE_BITS.flatMap((bit, column) => (HOST_SOURCES[bit] === name ? [column] : []));
  return { name, columns, fill, dueNs: Number.NEGATIVE_INFINITY };
}

function readSlow(source: SlowSource, values: Float64Array, nowNs: number): void {
  const begunNs = process.hrtime.bigint();
  clear(values, source.columns);
  source.fill(values);
  source.dueNs = nowNs + Math.max(SLOW_NS, Number(process.hrtime.bigint() - begunNs) * REST_PER_COST);
}

function bitOf(source: HostSource): number {
  return 1 << HOST_SOURCES.indexOf(source);
}

/** The columns whose source begins so. */
function columnsFrom(start: string): number[] {
  return HOST_METRICS.flatMap(({ source }, column) => (source.startsWith(start) ? [column] : []));
}

/** The column of a key of the file; the key of a source that ends in `_*` stands for all that begin so, and for none. */
function keysOf(start: string): (key: string) => number {
  const columns = new Map<string, number>();
  for (const column of columnsFrom(start)) columns.set(HOST_METRICS[column]!.source.slice(start.length), column);
  return (key) => columns.get(key) ?? columns.get(`${/^[^_]+/.exec(key)?.[0]}_*`) ?? -1;
}

/** Returns whether there was any line. */
function fillLines(text: KeptText, lines: LearnedLines, values: Float64Array): boolean {
  const length = text.read();
  return length > 0 && lines.addTo(values, text.text(length)) > 0;
}

/** Returns whether it could be read. */
function fillPressure(text: KeptText, values: Float64Array, columns: PressureColumns): boolean {
  const length = text.read();
  if (length <= 0) return false;
  const sums = pressureSums(text.text(length));
  for (const [kind, name] of columns) values[COLUMN[name]] = sums[kind];
  return true;
}

function fillZones(text: KeptText, values: Float64Array, pageSize: number): void {
  const length = text.read();
  const sums = length > 0 ? parseZoneinfo(text.text(length)) : undefined;
  if (!sums) return;
  values[COLUMN.hostZoneMin] = sums.min * pageSize;
  values[COLUMN.hostZoneLow] = sums.low * pageSize;
  values[COLUMN.hostZoneHigh] = sums.high * pageSize;
  values[COLUMN.hostPcpFree] = sums.pcpFree * pageSize;
}

function fillZram(sysfs: string, values: Float64Array): void {
  const sums = readZram(sysfs);
  if (!sums) return;
  values[COLUMN.hostZramStored] = sums.stored;
  values[COLUMN.hostZramCompressed] = sums.compressed;
  values[COLUMN.hostZramUsed] = sums.used;
}

function clear(values: Float64Array, columns: readonly number[]): void {
  for (const column of columns) values[column] = Number.NaN;
}
