/**
 * Walks the frames of the host's ring or of that of control groups.
 *
 * The trap: a value that a sweep did not read still stands in its column. Which were read is told by a number beside the
 * columns (of the host) or by the row itself (of a group), so whoever wants what was measured asks `isRead` first.
 */
import type { RingCursor } from '../ring/ring-cursor.js';
import type { RingReader } from '../ring/ring-reader.js';
import { CGROUP_COLUMNS, CGROUP_DEPTHS, HOST_COLUMNS, HOST_SOURCE_BITS, HOST_SOURCES, Status } from '../schema.js';
import { type GROUP_RING, HOST_RING } from './tier-format.js';

export interface TierRange {
  /** Monotonic nanoseconds; frames that start earlier are left out. */
  readonly fromNs?: bigint;
  /** Frames that start later end the walk. */
  readonly toNs?: bigint;
  /** Begin with the whole block that this time lies in, and the one before it, instead of the oldest. */
  readonly fromBlockAt?: bigint;
  /** The only metrics that are wanted: the others are NaN. */
  readonly metrics?: readonly string[];
}

const ALL_SOURCES = 2 ** HOST_SOURCES.length - 1;
const DEPTH = CGROUP_COLUMNS.indexOf('cgroupDepth');

export class TierWalk {
  /** Monotonic nanoseconds at the start and end of the sweep. */
  startNs = 0n;
  endNs = 0n;
  /** After `gap`: frames that are lost between the last one and the next. */
  lost = 0;
  /** Frames walked so far. */
  frames = 0;
  /** Changes with every label. */
  labelChanges = 0;
  readonly #cursor: RingCursor;
  readonly #toNs: bigint | undefined;
  readonly #isHost: boolean;
  /** By column of the tier: the number of the column in the ring, or -1. */
  readonly #places: readonly number[];
  readonly #input: number;
  readonly #sourcesPlace: number;
  /** Of the host: which of `HOST_SOURCES` this sweep read, in bits. */
  sources = 0;

  private constructor(reader: RingReader, ring: number, range: TierRange) {
    const { columns, scalars, name } = reader.rings[ring]!;
    this.#isHost = name === HOST_RING;
    const names: readonly string[] = this.#isHost ? HOST_COLUMNS : CGROUP_COLUMNS;
    this.#places = names.map((one) => columns.findIndex((column) => column.name === one));
    this.#input = scalars.indexOf('input');
    this.#sourcesPlace = scalars.indexOf('sources');
    this.#toNs = range.toNs;
    const { fromBlockAt, fromNs, metrics } = range;
    const first =
      fromBlockAt === undefined
        ? undefined
        : reader.blocks(ring).findLast(({ baseTimeNs }) => baseTimeNs <= fromBlockAt)?.sequence;
    const start =
      first !== undefined ? { fromBlock: Math.max(1, first - 1) } : fromNs === undefined ? {} : { fromTimeNs: fromNs };
    this.#cursor = reader.cursor(ring, { ...start, columns: metrics && [...metrics, CGROUP_COLUMNS[DEPTH]!] });
  }

  /** Undefined where the recording has no such ring. */
  static over(
    reader: RingReader,
    tier: typeof HOST_RING | typeof GROUP_RING,
    range: TierRange = {},
  ): TierWalk | undefined {
    const ring = reader.ringId(tier);
    // A ring of another shape by that name is of a version that nobody here knows.
    return ring < 0 || reader.rings[ring]!.rows === 'none' ? undefined : new TierWalk(reader, ring, range);
  }

  /** Goes to the next frame, or to a gap before it; null when nothing more is committed now or the range is over. */
  next(): 'frame' | 'gap' | null {
    const cursor = this.#cursor;
    for (;;) {
      const step = cursor.next();
      if (step === null) return null;
      if (step === 'block' || step === 'labels') this.labelChanges++;
      if (step === 'gap') {
        this.lost = cursor.lost;
        return 'gap';
      }
      if (step !== 'columns') continue;
      if (this.#toNs !== undefined && cursor.startNs > this.#toNs) return null;
      this.startNs = cursor.startNs;
      this.endNs = cursor.endNs;
      this.frames++;
      // Where nothing tells, all was read.
      this.sources = this.#scalar(this.#sourcesPlace) || ALL_SOURCES;
      return 'frame';
    }
  }

  /** The slots of this frame, ascending. */
  get rows(): { readonly slots: Uint32Array; readonly count: number } {
    return this.#cursor.updated;
  }

  /** Slots are below this. */
  get slots(): number {
    return this.#cursor.slotsHighWater;
  }

  label(slot: number): Uint8Array | undefined {
    return this.#cursor.labels[slot];
  }

  /** Of a merged recording: the number of the recording that this frame comes from. */
  get input(): number {
    return this.#input < 0 ? 0 : this.#scalar(this.#input);
  }

  /** `Status` of a row. */
  status(slot: number): number {
    return this.#cursor.status[slot]!;
  }

  /** By its place in `HOST_COLUMNS` or `CGROUP_COLUMNS`: as it was read last, NaN when it was not measured. */
  held(column: number, slot: number): number {
    const place = this.#places[column]!;
    return place < 0 ? Number.NaN : this.#cursor.columns[place]![slot]!;
  }

  /** How much of a group's row this sweep read, as `GroupDepth` has it; below 0: nothing. */
  depth(slot: number): number {
    if (this.status(slot) === Status.notDue) return -1;
    const depth = this.held(DEPTH, slot);
    // Where nothing tells, all was read.
    return Number.isNaN(depth) ? Number.POSITIVE_INFINITY : depth;
  }

  /** Whether this sweep looked at that value of the row. */
  isRead(column: number, slot: number): boolean {
    if (!this.#isHost) return this.depth(slot) >= CGROUP_DEPTHS[column]!;
    return (this.sources & (1 << HOST_SOURCE_BITS[column]!)) !== 0;
  }

  /** What this sweep measured; NaN for what it did not look at, or looked at in vain. */
  value(column: number, slot: number): number {
    return this.status(slot) === Status.ok && this.isRead(column, slot) ? this.held(column, slot) : Number.NaN;
  }

  #scalar(place: number): number {
    return place < 0 ? Number.NaN : this.#cursor.scalars[place]!;
  }
}
