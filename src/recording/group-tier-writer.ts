/**
 * The writing end of the cgroup tier: gives control groups rows, and stores sweeps of them.
 *
 * The traps: a block of a ring begins with all labels and values, and paths are long, so only so many groups have room; a
 * group without a row is counted. And a row is free again only once a sweep has said that its group has gone.
 */
import { encodeGroup, type GroupIdentity } from '../engine/group-identity.js';
import type { TierColumns } from '../engine/tier-columns.js';
import type { SlotList } from '../ring/moved-cells.js';
import type { RingWriter } from '../ring/ring-writer.js';
import type { TierDrop } from './host-tier-writer.js';
import { GROUP_RING } from './tier-format.js';

export const NO_ROW = -1;

/** Of a value in a key: most are told against the row before, in two bytes or three. */
const VALUE_BYTES = 3;
/** A block is so many times as large as its key at least. */
const KEYS_PER_BLOCK = 2;
const NO_SCALARS = new Float64Array(0);
/** In the events that count what was not stored. */
const TIER = 'ring/cgroup';

export class GroupTierWriter {
  readonly #labels: (Uint8Array | undefined)[] = [];
  readonly #free: number[] = [];
  /** Bytes of a key that the rows in use take, at most. */
  #keyBytes = 0;
  /** Groups that no row was left for since the last sweep. */
  #without = 0;
  /** Whether the last sweep was stored, so that the next is told against it. */
  #isStored = false;

  private constructor(
    private readonly ring: RingWriter,
    private readonly id: number,
    /** Added to the sampler's times. */
    private readonly offsetNs: bigint,
    private readonly dropped: TierDrop,
  ) {}

  /** Undefined where the recording has no ring for it. */
  static open(ring: RingWriter, offsetNs: bigint, dropped: TierDrop): GroupTierWriter | undefined {
    const id = ring.rings.findIndex(({ name }) => name === GROUP_RING);
    return id < 0 ? undefined : new GroupTierWriter(ring, id, offsetNs, dropped);
  }

  /** Rows are below this: what columns and status need room for. */
  get highWater(): number {
    return this.#labels.length;
  }

  /** Groups that have a row. */
  get count(): number {
    return this.#labels.length - this.#free.length;
  }

  /** Gives a group a row, with which it is in the sweeps from the next one on; `NO_ROW` where there is no room for it. */
  arrive(identity: GroupIdentity): number {
    const label = encodeGroup(identity);
    const row = this.#free.at(-1) ?? this.#labels.length;
    const bytes = this.#bytesOf(label);
    if (row >= this.ring.maxSlots || (this.#keyBytes + bytes) * KEYS_PER_BLOCK > this.ring.blockBytes) {
      this.#without++;
      return NO_ROW;
    }
    if (this.#free.length > 0) this.#free.pop();
    this.#keyBytes += bytes;
    this.#labels[row] = label;
    this.ring.setLabel(this.id, row, label);
    return row;
  }

  /** A group has another path; it keeps its row and its values. */
  rename(row: number, identity: GroupIdentity): void {
    const before = this.#labels[row];
    if (!before) return;
    const label = encodeGroup(identity);
    this.#keyBytes += label.length - before.length;
    this.#labels[row] = label;
    this.ring.setLabel(this.id, row, label);
  }

  /** A group has gone; its row is free from the next sweep on. Say so in a sweep before, with the status `gone`. */
  depart(row: number): void {
    const label = this.#labels[row];
    if (!label) return;
    this.#keyBytes -= this.#bytesOf(label);
    this.#labels[row] = undefined;
    this.#free.push(row);
    this.ring.clearLabel(this.id, row);
  }

  /**
   * Stores a sweep of all groups that have a row: columns in the order of `CGROUP_COLUMNS`. A row with the status `not-due` was
   * not read, the others as deep as `cgroupDepth` says; what was not read holds what an earlier sweep read. `moved`: the rows that
   * were read or got a group since the last sweep, in any order. Returns whether it was stored.
   */
  sweep(startNs: bigint, endNs: bigint, columns: TierColumns, moved?: SlotList): boolean {
    const result = this.ring.appendColumns(this.id, {
      startNs: startNs + this.offsetNs,
      endNs: endNs + this.offsetNs,
      scalars: NO_SCALARS,
      rows: 'all',
      status: columns.status,
      columns: columns.columns,
      ...(moved && this.#isStored ? { moved } : {}),
    });
    this.#isStored = result.ok;
    if (!result.ok) this.dropped(startNs, TIER, result.reason, this.count);
    if (this.#without > 0) this.dropped(startNs, TIER, 'no-room', this.#without);
    this.#without = 0;
    return result.ok;
  }

  #bytesOf(label: Uint8Array): number {
    return label.length + this.ring.rings[this.id]!.columns.length * VALUE_BYTES;
  }
}
