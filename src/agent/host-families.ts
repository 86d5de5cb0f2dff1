/**
 * What is told of the host itself: in the small set what an operator alerts on, in the full one where all of its memory is.
 *
 * The trap: the balance of a moment is made of files that are read one after the other, so memory that moves meanwhile shows in
 * `unaccounted` for one scrape: alert on what stays there.
 */
import { type Balance, balanceOf, type HostValues } from '../analyze/balance.js';
import { HostReader } from '../engine/host-values.js';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import { findMetric, HOST_COLUMNS, type HostMetricName, Status } from '../schema.js';
import type { Family } from './exposition.js';

const SMALL: readonly HostMetricName[] = [
  ...(['hostMemTotal', 'hostMemAvailable', 'hostSwapTotal', 'hostSwapFree'] as const),
  ...(['hostOomKills', 'hostMemorySome'] as const),
];
const FULL: readonly HostMetricName[] = [
  ...(['hostMemoryFull', 'hostIoSome', 'hostIoFull', 'hostCpuSome'] as const),
  ...(['hostSwappedIn', 'hostSwappedOut', 'hostMajorFaults', 'hostCommitted'] as const),
];

export class HostTold {
  readonly #reader: HostReader;

  constructor(
    procfs: string,
    public constant: string,
    private readonly isFull: boolean,
  ) {
    const units = readTreeUnits(procfs) ?? readHostUnits();
    this.#reader = new HostReader(procfs, procfs === '/proc' ? '/sys' : undefined, units);
  }

  /** Reads anew. Empty where the host cannot be read. */
  families(): Family[] {
    const { values } = this.#reader;
    if (this.#reader.read(Number(process.hrtime.bigint())) !== Status.ok) return [];
    const read: HostValues = (name) => values[HOST_COLUMNS.indexOf(name)]!;
    const balance = balanceOf(read);
    const names = this.isFull ? [...SMALL, ...FULL] : SMALL;
    return [...names.map((name) => this.#family(name, read(name))), ...(balance ? [this.#balance(balance)] : [])];
  }

  /** Processes killed for want of memory since the boot, and percent of ten seconds in which a task waited; NaN: not told. */
  trouble(): { readonly oomKills: number; readonly pressure: number } {
    const { values } = this.#reader;
    this.#reader.read(Number(process.hrtime.bigint()));
    const at = (name: HostMetricName) => values[HOST_COLUMNS.indexOf(name)]!;
    return { oomKills: at('hostOomKills'), pressure: at('hostMemorySome10') };
  }

  close(): void {
    this.#reader.close();
  }

  #family(name: HostMetricName, value: number): Family {
    const { prometheus, kind, unit, help } = findMetric(name)!;
    const isTime = unit === 'nanoseconds';
    return {
      ...{ name: prometheus.replace('nanoseconds', 'seconds'), type: kind, help },
      samples: [{ labels: this.constant.replace(/,$/, ''), value: isTime ? value / 1e9 : value }],
    };
  }

  #balance({ parts }: Balance): Family {
    const told = this.isFull ? parts : parts.filter(({ name }) => name === 'unaccounted');
    return {
      ...{ name: 'host_memory_bytes', type: 'gauge' },
      help: 'Where the memory of the host is: parts that add up to all of it, and what no counter tells of',
      samples: told.map(({ name, bytes }) => ({ labels: `${this.constant}part="${name}"`, value: bytes })),
    };
  }
}
