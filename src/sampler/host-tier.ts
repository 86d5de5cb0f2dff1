/**
 * Reads the host beside the ticks: at a pace of its own, ten times a second at most.
 *
 * The traps: ticks may come a thousand times a second, and a host is not read that often for nothing; a tick that comes a
 * little early is the one that was meant, or every other sweep would be left out; and on a host with hundreds of CPUs these
 * files are slow, so where nobody asked for a rate the sweeps are as far apart as a part of the budget has it.
 */
import { threadCpuNs } from '../engine/clocks.js';
import { HostReader, sysfsOf } from '../engine/host-values.js';
import type { HostTierWriter } from '../recording/host-tier-writer.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { HOST_COLUMNS, HOST_SOURCES } from '../schema.js';
import { HOST_PART } from './budget.js';
import type { SamplerConfig } from './config.js';

const OOM_KILLS = HOST_COLUMNS.indexOf('hostOomKills');
/** `meminfo` and the pressure of memory alone. */
const QUICK = 1 << HOST_SOURCES.indexOf('meminfo');
const MOST_HZ = 10;
/** The least of its part of the budget that is left to sweeps by what is read once a second. */
const LEAST_PART = 0.25;
/** How much the newest sweep counts in what a sweep is taken to cost. */
const NEWEST = 0.1;

export class HostTier {
  readonly #leastPeriodNs: number;
  /** CPU time that it may take, of one core. */
  readonly #share: number;
  #dueNs = Number.NEGATIVE_INFINITY;
  /**
   * Of a sweep that reads nothing but what each does. The others would make sweeps so rare that each of them reads all, and
   * none was ever cheap again.
   */
  #costNs: number | undefined;
  /** What the others take besides, of one core, and when one was last. */
  #slowShare = 0;
  #slowAtNs = Number.NaN;

  private constructor(
    private readonly reader: HostReader,
    private readonly writer: HostTierWriter,
    { hostTier, budget }: Pick<SamplerConfig, 'hostTier' | 'budget'>,
  ) {
    this.#leastPeriodNs = 1e9 / (typeof hostTier === 'number' ? hostTier : MOST_HZ);
    this.#share = typeof hostTier === 'number' ? Number.POSITIVE_INFINITY : budget * HOST_PART;
  }

  /** Undefined where nobody asked for it, or the recording has no ring for it. */
  static open(config: SamplerConfig, { host }: RecordingWriter): HostTier | undefined {
    if (config.hostTier === 'off' || host === undefined) return undefined;
    return new HostTier(new HostReader(config.root, sysfsOf(config.root), config.host), host, config);
  }

  /** Makes a sweep if one is due at this tick or before the middle of the next. */
  tick(nowNs: bigint, tickPeriodNs: number): void {
    const now = Number(nowNs);
    if (now + tickPeriodNs / 2 < this.#dueNs) return;
    this.#sweep();
    const share = Math.max(this.#share * LEAST_PART, this.#share - this.#slowShare);
    const periodNs = Math.max(this.#leastPeriodNs, (this.#costNs ?? 0) / share);
    // On the beat that was begun, but for one that was missed.
    this.#dueNs = this.#dueNs + periodNs > now ? this.#dueNs + periodNs : now + periodNs;
  }

  /** Processes killed for want of memory since boot, as they were read last; NaN where the kernel does not tell. */
  get oomKills(): number {
    return this.reader.values[OOM_KILLS]!;
  }

  /** The last sweep: how the host was at the end. */
  close(): void {
    this.#sweep();
    this.reader.close();
  }

  #sweep(): void {
    const begunNs = threadCpuNs();
    const startNs = process.hrtime.bigint();
    const status = this.reader.read(Number(startNs));
    this.writer.write(startNs, process.hrtime.bigint(), status, this.reader.values, this.reader.sources);
    const costNs = threadCpuNs() - begunNs;
    if (this.reader.sources !== QUICK) this.#slow(Number(startNs), costNs);
    else this.#costNs = this.#costNs === undefined ? costNs : this.#costNs + NEWEST * (costNs - this.#costNs);
  }

  #slow(nowNs: number, costNs: number): void {
    const passedNs = nowNs - this.#slowAtNs;
    this.#slowAtNs = nowNs;
    if (this.#costNs === undefined || !(passedNs > 0)) return;
    this.#slowShare += NEWEST * (Math.max(0, costNs - this.#costNs) / passedNs - this.#slowShare);
  }
}
