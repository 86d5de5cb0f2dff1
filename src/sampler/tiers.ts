/** What is read beside processes: the host, and its control groups. */
import type { RecordingWriter } from '../recording/recording-writer.js';
import { CgroupTier } from './cgroup-tier.js';
import type { SamplerConfig } from './config.js';
import { HostTier } from './host-tier.js';

export class Tiers {
  readonly #host: HostTier | undefined;
  readonly #groups: CgroupTier | undefined;
  #oomKills = Number.NaN;

  /** Of each what was asked for, as far as the recording has a ring for it. */
  constructor(config: SamplerConfig, writer: RecordingWriter) {
    this.#host = HostTier.open(config, writer);
    this.#groups = CgroupTier.open(config, writer);
  }

  begin(nowNs: bigint): void {
    this.#groups?.begin(nowNs);
  }

  /** Makes the sweeps that are due at this tick or before the middle of the next. */
  tick(nowNs: bigint, tickPeriodNs: number): void {
    this.#host?.tick(nowNs, tickPeriodNs);
    const oomKills = this.#host?.oomKills ?? Number.NaN;
    if (oomKills > this.#oomKills) this.#groups?.alarm(nowNs);
    this.#oomKills = oomKills;
    this.#groups?.tick(nowNs, tickPeriodNs);
  }

  /** The last sweeps: how all was at the end. */
  close(nowNs: bigint): void {
    this.#host?.close();
    this.#groups?.close(nowNs);
  }
}
