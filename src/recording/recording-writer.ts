/**
 * The writing end of a recording: what the sampler saw, put into the right ring.
 *
 * The trap: what cannot be stored must still be counted. A frame that is dropped becomes an event with its reason and its
 * number of rows, so that attempted = stored + dropped holds for every reader.
 */
import type { ClockReading } from '../engine/clocks.js';
import { encodeIdentity, type ProcessIdentity } from '../engine/identity.js';
import type { MappingSweep } from '../engine/mapping-sweep.js';
import type { TierColumns } from '../engine/tier-columns.js';
import type { RingStats } from '../ring/append-result.js';
import { RingWriter } from '../ring/ring-writer.js';
import type { Storage } from '../ring/storage.js';
import { arrivalOf, EventType, encodeEvent, type TideEvent } from './events.js';
import { COUNTER_SCALARS, type RecordingMetadata, Rings, ROLLUP_SCALARS, ringSpecs } from './format.js';
import { MappingWriter } from './mapping-writer.js';

/** The numbers of one counters frame, in the order of `COUNTER_SCALARS`. */
export type CounterScalars = Record<(typeof COUNTER_SCALARS)[number], number>;

/** What a fork storm makes thousands of. */
const LIFE_EVENTS: ReadonlySet<TideEvent['type']> = new Set(['arrive', 'depart', 'rename']);

export interface RecordingWriterOptions {
  readonly metadata: RecordingMetadata;
  readonly blockBytes: number;
  readonly maxSlots: number;
}

export class RecordingWriter {
  readonly hasMappings: boolean;
  readonly #ring: RingWriter;
  readonly #counterScalars = new Float64Array(COUNTER_SCALARS.length);
  readonly #rollupScalars = new Float64Array(ROLLUP_SCALARS.length);
  readonly #rows: { slots: Uint32Array; count: number } = { slots: new Uint32Array(0), count: 0 };
  readonly #mappings: MappingWriter | undefined;
  #live = 0;

  constructor(storage: Storage, options: RecordingWriterOptions) {
    const { metadata, blockBytes, maxSlots } = options;
    this.hasMappings = metadata.mappings !== 'off';
    this.#ring = RingWriter.create(storage, {
      rings: ringSpecs(metadata.host, this.hasMappings),
      metadata,
      blockBytes,
      maxSlots,
    });
    if (this.hasMappings) this.#mappings = new MappingWriter(this.#ring, Rings.mappings, metadata.host.pageSize);
  }

  /** Counts of each ring, live. */
  get stats(): readonly RingStats[] {
    return this.#ring.stats;
  }

  /** The error of the disk behind a frame that was dropped as `write-failed`. */
  get lastError(): unknown {
    return this.#ring.lastError;
  }

  /** A process takes a slot; its values are stored from the next frame on. */
  arrive(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    const label = encodeIdentity(identity);
    this.#ring.setLabel(Rings.counters, slot, label);
    this.#ring.setLabel(Rings.rollup, slot, label);
    this.#live++;
    this.event(timeNs, arrivalOf(identity));
  }

  /** A process has another name since an exec or `prctl`. */
  rename(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    const label = encodeIdentity(identity);
    this.#ring.setLabel(Rings.counters, slot, label);
    this.#ring.setLabel(Rings.rollup, slot, label);
    const {
      type: _,
      kernelThread: __,
      parentPid: ___,
      ...parts
    } = arrivalOf(identity) as TideEvent & {
      type: 'arrive';
    };
    this.event(timeNs, { type: 'rename', ...parts });
  }

  /** A process has gone; its slot is free from the next frame on. */
  depart(timeNs: bigint, slot: number, identity: ProcessIdentity): void {
    this.#ring.clearLabel(Rings.counters, slot);
    this.#ring.clearLabel(Rings.rollup, slot);
    this.#live--;
    this.event(timeNs, { type: 'depart', pid: identity.pid, startTicks: identity.startTicks });
  }

  /** Stores a sweep of all live slots. Returns whether it was stored. */
  counters(startNs: bigint, endNs: bigint, scalars: CounterScalars, columns: TierColumns): boolean {
    COUNTER_SCALARS.forEach((name, index) => {
      this.#counterScalars[index] = scalars[name];
    });
    const result = this.#ring.appendColumns(Rings.counters, {
      startNs,
      endNs,
      scalars: this.#counterScalars,
      rows: 'all',
      status: columns.status,
      columns: columns.columns,
    });
    if (!result.ok) this.dropped(startNs, 'counters', result.reason, this.#live);
    return result.ok;
  }

  /** Stores the deep reads that one tick made. */
  rollup(
    startNs: bigint,
    endNs: bigint,
    tick: number,
    slots: Uint32Array,
    count: number,
    columns: TierColumns,
  ): boolean {
    this.#rollupScalars[0] = tick;
    this.#rows.slots = slots;
    this.#rows.count = count;
    const result = this.#ring.appendColumns(Rings.rollup, {
      startNs,
      endNs,
      scalars: this.#rollupScalars,
      rows: this.#rows,
      status: columns.status,
      columns: columns.columns,
    });
    if (!result.ok) this.dropped(startNs, 'rollup', result.reason, count);
    return result.ok;
  }

  /** Stores the mappings of a process: `rows` rows of the sweep from `first` on. */
  mappings(
    timeNs: bigint,
    identity: ProcessIdentity,
    tick: number,
    status: number,
    holdNs: bigint,
    sweep: MappingSweep,
    first: number,
    rows: number,
  ): void {
    this.#mappings?.write(timeNs, identity, tick, status, holdNs, sweep, first, rows, (reason) =>
      this.dropped(timeNs, 'mappings', reason, 1),
    );
  }

  /** Something was attempted and not stored. */
  dropped(timeNs: bigint, tier: string, reason: string, rows: number): void {
    this.event(timeNs, { type: 'drop', tier, reason, rows });
  }

  /** The clocks, so that readers can turn monotonic times into times of day. */
  clock(reading: ClockReading): void {
    const { monotonicNs, realNs, boottimeNs } = reading;
    this.event(monotonicNs, { type: 'clock', realNs: `${realNs}`, boottimeNs: `${boottimeNs}` });
  }

  event(timeNs: bigint, event: TideEvent): void {
    const ring = LIFE_EVENTS.has(event.type) ? Rings.lives : Rings.events;
    this.#ring.appendRecord(ring, timeNs, EventType[event.type], encodeEvent(event));
  }

  /** Ends the recording. With `trim`, space that was never used is given back. */
  close(timeNs: bigint, reason: string, trim: boolean): void {
    this.event(timeNs, { type: 'close', reason });
    this.#ring.close({ trim });
  }
}
