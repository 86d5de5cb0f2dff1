/**
 * Recordings that are made by hand, tick by tick: what is read back can be compared with what was put in, without a
 * process or a clock in between.
 */
import type { ProcessIdentity } from '../../src/engine/identity.js';
import { TierColumns } from '../../src/engine/tier-columns.js';
import { FORMAT, type RecordingMetadata } from '../../src/recording/format.js';
import { openSharedRecording, type Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import type { Storage } from '../../src/ring/storage.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS, Status } from '../../src/schema.js';

export const SECOND = 1_000_000_000n;
/** Unix time of tick 0, and the monotonic one. */
export const START = 1_700_000_000n * SECOND;
export const MONOTONIC = 5000n * SECOND;

export const METADATA: RecordingMetadata = {
  format: FORMAT,
  writer: { name: 'tidemark', version: '0.0.0', pid: 1 },
  host: {
    hostname: 'h',
    kernel: '6.0',
    architecture: 'x64',
    cpus: 1,
    bootId: '',
    pageSize: 4096,
    clockTicksPerSecond: 100,
  },
  engine: { name: 'ts', reason: 'test' },
  procfs: '/proc',
  target: 'host',
  hz: 10,
  rollup: 'auto',
  mappings: 'off',
  audit: 0,
  startedAt: { monotonicNs: `${MONOTONIC}`, realNs: `${START}`, boottimeNs: '0' },
};

export function someone(pid: number, comm: string | Uint8Array = `p${pid}`, startTicks = 100 + pid): ProcessIdentity {
  const bytes = typeof comm === 'string' ? new TextEncoder().encode(comm) : comm;
  return { pid, startTicks, parentPid: 1, kernelThread: false, comm: bytes };
}

export interface TickOptions {
  /** Ticks that were missed before this one. */
  readonly missed?: number;
  readonly latenessNs?: number;
  readonly ownCpuNs?: number;
  readonly deepCpuNs?: number;
  /** See `COUNTER_SCALARS`. */
  readonly statEvery?: number;
}

/** Writes ticks of 100 ms. Slots are the caller's; values are those that were set last. */
export class Author {
  readonly buffer: SharedArrayBuffer;
  readonly writer: RecordingWriter;
  readonly counters: TierColumns;
  readonly rollups: TierColumns;
  tick = 0;
  readonly #live = new Map<number, ProcessIdentity>();
  #missed = 0;

  /** `crowd`: so many slots at least. */
  constructor(
    options: { sizeBytes?: number; metadata?: Partial<RecordingMetadata>; storage?: Storage; crowd?: number } = {},
  ) {
    const slots = Math.max(4096, Math.ceil((options.crowd ?? 0) / 8) * 8);
    this.counters = new TierColumns(COUNTER_COLUMNS, slots - 8);
    this.rollups = new TierColumns(ROLLUP_COLUMNS, slots - 8);
    this.buffer = new SharedArrayBuffer(options.storage ? 8 : (options.sizeBytes ?? 2 ** 22));
    this.writer = RecordingWriter.create(options.storage ?? new SharedStorage(this.buffer), {
      metadata: { ...METADATA, ...options.metadata },
      // A key tells of each some two hundred bytes.
      blockBytes: Math.max(65536, 2 ** Math.ceil(Math.log2((options.crowd ?? 0) * 256))),
      maxSlots: slots,
    });
  }

  /** Monotonic time of the tick that is written next. */
  get nowNs(): bigint {
    return MONOTONIC + BigInt(this.tick) * (SECOND / 10n);
  }

  arrive(slot: number, identity: ProcessIdentity): void {
    this.#live.set(slot, identity);
    this.counters.clear(slot);
    this.rollups.clear(slot);
    this.writer.arrive(this.nowNs, slot, identity);
  }

  depart(slot: number): void {
    this.writer.depart(this.nowNs, slot, this.#live.get(slot)!);
    this.#live.delete(slot);
  }

  set(slot: number, values: Record<string, number>, status: number = Status.ok): void {
    setRow(this.counters, COUNTER_COLUMNS, slot, values, status);
  }

  /** Writes the counters of all live slots. Returns the tick's number. */
  sweep({ missed = 0, latenessNs = 1000, ownCpuNs = 0, deepCpuNs, statEvery = 1 }: TickOptions = {}): number {
    if (missed > 0) {
      this.writer.event(this.nowNs, { type: 'gap', reason: 'late', ticks: missed, rows: missed * this.#live.size });
      this.#missed += missed;
      this.tick += missed;
    }
    const { tick, nowNs } = this;
    const scalars = {
      tick,
      lateness: latenessNs,
      ownCpu: ownCpuNs,
      ownRss: 1e6,
      missedTicks: this.#missed,
      statEvery,
      ...(deepCpuNs === undefined ? {} : { deepCpu: deepCpuNs }),
    };
    this.writer.counters(nowNs, nowNs + 1000n, scalars, this.counters);
    this.tick++;
    return tick;
  }

  /** Writes the deep reads of some slots, made in the tick that was swept last. */
  deep(slots: readonly number[], values: Record<string, number>, status: number = Status.ok): void {
    for (const slot of slots) setRow(this.rollups, ROLLUP_COLUMNS, slot, values, status);
    const at = this.nowNs - SECOND / 10n + 5000n;
    this.writer.rollup(at, at + 1000n, this.tick - 1, Uint32Array.from(slots), slots.length, this.rollups);
  }

  close(trim = false): void {
    this.writer.close(this.nowNs, 'stopped', trim);
  }

  open(): Recording {
    return openSharedRecording(this.buffer);
  }
}

function setRow(
  columns: TierColumns,
  names: readonly string[],
  slot: number,
  values: Record<string, number>,
  status: number,
): void {
  names.forEach((name, index) => {
    columns.columns[index]![slot] = values[name] ?? Number.NaN;
  });
  columns.status[slot] = status;
}

/** Unix time of a tick. */
export function unixOf(tick: number): bigint {
  return START + BigInt(tick) * (SECOND / 10n);
}
