/**
 * A frame that a walk has passed, with the counters that somebody wants of it: the way back is dear, a copy is not.
 *
 * The trap: no deep reads are joined with it.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import { COUNTER_COLUMNS, IS_FROM_STAT, Status } from '../schema.js';
import { COUNTER_SCALARS } from './format.js';
import { type FrameWalk, isStatTurn } from './frame-walk.js';
import type { SlotProcesses } from './slot-processes.js';

/** What can be asked of a frame, whether a walk stands on it or it was kept. */
export type StandingFrame = Pick<
  FrameWalk,
  | 'startNs'
  | 'endNs'
  | 'tick'
  | 'stepNs'
  | 'rows'
  | 'scalar'
  | 'identity'
  | 'key'
  | 'slotOf'
  | 'status'
  | 'counter'
  | 'heldCounter'
  | 'isRead'
  | 'rollup'
  | 'rollupStatus'
  | 'rollupAgeNs'
>;

export class KeptFrame implements StandingFrame {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly tick: number;
  readonly stepNs: bigint;
  readonly rows: { readonly slots: Uint32Array; readonly count: number };
  readonly #processes: SlotProcesses;
  readonly #scalars: readonly number[];
  readonly #status: Uint8Array;
  /** By place in `COUNTER_COLUMNS`: the values by slot. */
  readonly #columns: readonly (Float64Array | undefined)[];
  readonly #statEvery: number;

  /** Of the frame that a walk stands on; of the counters those at these places in `COUNTER_COLUMNS`. */
  constructor(walk: FrameWalk, wanted: readonly number[]) {
    const { slots, count } = walk.rows;
    const end = count === 0 ? 0 : slots[count - 1]! + 1;
    this.startNs = walk.startNs;
    this.endNs = walk.endNs;
    this.tick = walk.tick;
    this.stepNs = walk.stepNs;
    this.rows = { slots: slots.slice(0, count), count };
    this.#processes = walk.shareProcesses();
    this.#scalars = COUNTER_SCALARS.map((name) => walk.scalar(name));
    this.#status = walk.statuses.slice(0, end);
    const columns: (Float64Array | undefined)[] = [];
    for (const column of wanted) columns[column] = walk.heldColumn(column)?.slice(0, end);
    this.#columns = columns;
    this.#statEvery = walk.scalar('statEvery') || 1;
  }

  scalar(name: (typeof COUNTER_SCALARS)[number]): number {
    return this.#scalars[COUNTER_SCALARS.indexOf(name)]!;
  }

  identity(slot: number): ProcessIdentity | undefined {
    return this.#processes.identities[slot];
  }

  key(slot: number): string | undefined {
    return this.#processes.keys[slot];
  }

  slotOf(key: string): number {
    return this.#processes.slotOfKey.get(key) ?? -1;
  }

  status(slot: number): number {
    return this.#status[slot]!;
  }

  counter(column: number, slot: number): number {
    const isLeftOut = IS_FROM_STAT[column]! && !isStatTurn(slot, this.tick, this.#statEvery);
    return isLeftOut ? Number.NaN : this.heldCounter(column, slot);
  }

  heldCounter(column: number, slot: number): number {
    return this.#columns[column]?.[slot] ?? Number.NaN;
  }

  isRead(): boolean {
    return false;
  }

  rollup(): number {
    return Number.NaN;
  }

  rollupStatus(): number {
    return Status.notDue;
  }

  rollupAgeNs(): undefined {
    return undefined;
  }
}

/** The frames that a walk has passed, the last ones. */
export class KeptFrames {
  /** By start; in the order in which they were passed. */
  readonly #frames = new Map<bigint, KeptFrame>();
  readonly #columns: readonly number[];

  constructor(
    private readonly most: number,
    private readonly metrics: readonly string[],
  ) {
    this.#columns = metrics.map((name) => COUNTER_COLUMNS.indexOf(name)).filter((place) => place >= 0);
  }

  /** Keeps the frame that a walk stands on before it goes on. */
  pass(walk: FrameWalk): void {
    if (this.most === 0 || !walk.isOnFrame || this.#frames.has(walk.startNs)) return;
    this.#frames.set(walk.startNs, new KeptFrame(walk, this.#columns));
    if (this.#frames.size > this.most) this.#frames.delete(this.#frames.keys().next().value!);
  }

  at(startNs: bigint): KeptFrame | undefined {
    return this.#frames.get(startNs);
  }

  /** The one that came behind a frame. */
  after(startNs: bigint): KeptFrame | undefined {
    for (const frame of this.#frames.values()) if (frame.startNs > startNs) return frame;
    return undefined;
  }

  clear(): void {
    this.#frames.clear();
  }

  /** For another walk: as many, and none yet. */
  emptied(): KeptFrames {
    return new KeptFrames(this.most, this.metrics);
  }
}
