/**
 * What the kernel tells of processes between ticks, put into the recording, and how much of it was heard.
 *
 * The traps: a process may be told of before it has a slot, while it has one, and after it has lost it, so those that just
 * departed are remembered for a while; and an engine that hears nothing must say how much it may have missed.
 */
import path from 'node:path';
import type { Engine } from '../engine/engine.js';
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
import type { Life } from '../engine/lives.js';
import { readBoundedText } from '../procfs/bounded-file.js';
import { nameParts } from '../recording/events.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { SamplerConfig } from './config.js';
import { kernelSelection } from './kernel-selection.js';
import { LatelyDeparted } from './lately-departed.js';
import type { ProcessTable } from './process-table.js';

export class LifeLog {
  readonly #config: SamplerConfig;
  readonly #engine: Engine;
  readonly #writer: RecordingWriter;
  readonly #table: ProcessTable;
  readonly #departed = new LatelyDeparted();
  #reason = '';
  #isHeard = false;
  #seen = 0;
  #byEvent = 0;
  #begunAtFirst = 0;
  /** Forks and execs that were told of. */
  #begun = 0;

  /** `ran`: the process of a slot has become another program. */
  constructor(
    config: SamplerConfig,
    engine: Engine,
    writer: RecordingWriter,
    table: ProcessTable,
    private readonly ran: (slot: number) => void,
  ) {
    this.#table = table;
    this.#config = config;
    this.#engine = engine;
    this.#writer = writer;
  }

  /** Whether the kernel tells of every fork, exec and exit of the target. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Begins to listen, where the engine can. */
  open(): void {
    const { lives } = this.#engine;
    if (!lives) {
      this.#reason = `the ${this.#engine.name} engine hears of no event`;
      return;
    }
    const selection = kernelSelection(this.#config.target);
    const refusal = typeof selection === 'string' ? selection : lives.open(selection);
    this.#isHeard = refusal === undefined;
    this.#reason = refusal ?? '';
  }

  /** The processes that are there at the start have arrived. */
  begin(nowNs: bigint): void {
    this.#seen = 0;
    this.#begunAtFirst = this.#begunOnHost();
    this.report(nowNs);
  }

  arrived(identity: ProcessIdentity): void {
    this.#seen++;
    const { kind } = this.#config.target;
    if (this.#isHeard && (kind === 'tree' || kind === 'descendants' || kind === 'pids'))
      this.#engine.lives!.add(identity.pid);
  }

  departed(identity: ProcessIdentity, nowNs: bigint): void {
    if (this.#isHeard) this.#departed.add(identityKey(identity), nowNs);
  }

  /** Stores what has been told since the last time. Returns how many events. */
  drain(): number {
    let count = 0;
    if (!this.#isHeard) return count;
    this.#engine.lives!.drain((life) => {
      count++;
      this.#store(life);
    });
    return count;
  }

  /**
   * A number that changes when somebody may have come who belongs to the target. Where the kernel tells of the target, threads and
   * the comings of others leave it as it is.
   */
  lastBegun(): number {
    if (!this.#isHeard) return this.#engine.lastPid();
    return this.#begun + this.#engine.lives!.counts().lost;
  }

  /** Stores how much was heard so far. */
  report(nowNs: bigint): void {
    const { told, lost } = this.#isHeard ? this.#engine.lives!.counts() : { told: 0, lost: 0 };
    const missed = this.#begunOnHost() - this.#begunAtFirst - this.#seen;
    this.#writer.event(nowNs, {
      type: 'lives',
      isHeard: this.#isHeard,
      reason: this.#reason,
      told,
      lost,
      byEvent: this.#byEvent,
      mayBeMissed: this.#isHeard ? 0 : Math.max(0, missed),
    });
  }

  #store(life: Life): void {
    const { type, timeNs, pid, startTicks, parentPid, comm, exitStatus, peakBytes, cpuNs } = life;
    if (type === 'fork' || type === 'exec') this.#begun++;
    const who = { pid, startTicks, ...nameParts(comm) };
    if (type === 'fork') this.#writer.event(timeNs, { type, ...who, parentPid });
    else if (type === 'exec') {
      this.#writer.event(timeNs, { type: 'ran', ...who });
      const slot = this.#table.slotOf(life);
      if (slot !== undefined) this.ran(slot);
    } else if (type === 'oom') this.#writer.event(timeNs, { type: 'mark', name: 'oom', ...who });
    else {
      if (this.#table.slotOf(life) === undefined && !this.#departed.has(identityKey(life))) this.#byEvent++;
      const peak = peakBytes === undefined ? {} : { peak: peakBytes };
      this.#writer.event(timeNs, { type, ...who, exitStatus, cpuNs, ...peak });
    }
  }

  /** Processes and threads that were begun since boot; 0 where the tree does not tell. */
  #begunOnHost(): number {
    if (this.#isHeard) return 0;
    try {
      const text = readBoundedText(path.join(this.#config.root, 'stat'));
      return Number(/^processes (\d+)$/m.exec(text)?.[1] ?? 0);
    } catch {
      return 0;
    }
  }
}
