/** The writing end of the host tier: one row, at a pace of its own. */
import type { RingWriter } from '../ring/ring-writer.js';
import { HOST_RING, HOST_SCALARS, hostLabel } from './tier-format.js';

/** Hears of a sweep that could not be stored; the time is the sampler's. */
export type TierDrop = (timeNs: bigint, tier: string, reason: string, rows: number) => void;

const ROW = 0;

export class HostTierWriter {
  readonly #scalars = new Float64Array(HOST_SCALARS.length);
  readonly #status = new Uint8Array(1);

  private constructor(
    private readonly ring: RingWriter,
    private readonly id: number,
    /** Added to the sampler's times. */
    private readonly offsetNs: bigint,
    private readonly dropped: TierDrop,
  ) {
    ring.setLabel(id, ROW, hostLabel());
  }

  /** Undefined where the recording has no ring for it. */
  static open(ring: RingWriter, offsetNs: bigint, dropped: TierDrop): HostTierWriter | undefined {
    const id = ring.rings.findIndex(({ name }) => name === HOST_RING);
    return id < 0 ? undefined : new HostTierWriter(ring, id, offsetNs, dropped);
  }

  /** Stores a reading: values by `HOST_COLUMNS`, and which of `HOST_SOURCES` were read, in bits. Returns whether it was stored. */
  write(startNs: bigint, endNs: bigint, status: number, values: Float64Array, sources: number): boolean {
    this.#status[ROW] = status;
    this.#scalars[0] = sources;
    const result = this.ring.appendColumns(this.id, {
      startNs: startNs + this.offsetNs,
      endNs: endNs + this.offsetNs,
      scalars: this.#scalars,
      rows: 'all',
      status: this.#status,
      // One row: the value of a column is the column.
      columns: values,
      stride: 1,
    });
    if (!result.ok) this.dropped(startNs, 'ring/host', result.reason, 1);
    return result.ok;
  }
}
