/**
 * Whether resident memory is watched between ticks.
 *
 * The trap: the kernel's tracepoint fires at every page that anybody gets or gives back, so a host that faults a lot would
 * pay for it in every fault. What it costs is known by the number of events; beyond a share of one core it is turned off,
 * and tried again later. The recording says which.
 */
import type { EngineName, PeakWatch } from '../engine/engine.js';
import type { RecordingWriter } from '../recording/recording-writer.js';

/** What one event costs on a slow machine, most of them only counting. */
const EVENT_NS = 40;
const MOST_SHARE_OF_A_CORE = 0.01;
/** At higher rates a tick is as short as a spike that matters. */
const MOST_HZ = 100;
const CHECK_EVERY_NS = 1_000_000_000n;
const REST_NS = 30_000_000_000n;

export class PeakBudget {
  #checkedNs = 0n;
  #events = 0;
  #restUntilNs: bigint | undefined;

  constructor(
    private readonly hz: number,
    private readonly watch: PeakWatch | undefined,
    private readonly engine: EngineName,
    private readonly writer: RecordingWriter,
  ) {}

  begin(nowNs: bigint): void {
    if (!this.watch) this.#say(nowNs, `the ${this.engine} engine cannot watch between ticks here`);
    else if (this.hz > MOST_HZ) this.#say(nowNs, `above ${MOST_HZ} Hz the ticks are close enough`);
    else this.#turnOn(nowNs);
  }

  /** To be called at each tick. */
  check(nowNs: bigint): void {
    const { watch } = this;
    if (!watch) return;
    if (this.#restUntilNs !== undefined && nowNs >= this.#restUntilNs) this.#turnOn(nowNs);
    if (!watch.isOn || nowNs - this.#checkedNs < CHECK_EVERY_NS) return;
    const events = watch.events();
    const share = ((events - this.#events) * EVENT_NS) / Number(nowNs - this.#checkedNs);
    this.#events = events;
    this.#checkedNs = nowNs;
    if (share <= MOST_SHARE_OF_A_CORE) return;
    watch.turn(false);
    this.#restUntilNs = nowNs + REST_NS;
    this.#say(nowNs, `watching took ${(share * 100).toFixed(1)} % of one core`);
  }

  #turnOn(nowNs: bigint): void {
    this.#restUntilNs = undefined;
    const refusal = this.watch!.turn(true);
    this.#checkedNs = nowNs;
    this.#events = this.watch!.events();
    this.#say(nowNs, refusal ?? 'watched');
  }

  #say(nowNs: bigint, reason: string): void {
    this.writer.event(nowNs, { type: 'peaks', isOn: this.watch?.isOn ?? false, reason });
  }
}
