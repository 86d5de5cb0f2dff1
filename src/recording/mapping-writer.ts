/**
 * Puts the mappings of a process into their ring: as differences where that can be, else as they are, in parts.
 *
 * The trap: differences build on what stands in the same block. So whoever begins a block, for whatever reason, makes the
 * encoder forget, and a record that was not stored does so too.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import type { MappingRows } from '../engine/mapping-sweep.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { DIFFERENCES_RECORD, MappingEncoder } from './mapping-differences.js';
import { encodeMappings, MAPPINGS_RECORD } from './mapping-record.js';

export class MappingWriter {
  readonly #encoder: MappingEncoder;
  #block = -1;
  #scratch = new Uint8Array(0);

  constructor(
    private readonly ring: RingWriter,
    private readonly number: number,
    pageSize: number,
  ) {
    this.#encoder = new MappingEncoder(pageSize);
  }

  /** Stores `rows` rows of the sweep from `first` on; `failed` hears the reason of each record that was not stored. */
  write(
    timeNs: bigint,
    identity: ProcessIdentity,
    tick: number,
    status: number,
    holdNs: bigint,
    sweep: MappingRows,
    first: number,
    rows: number,
    failed: (reason: string) => void,
  ): void {
    const store = (type: number, payload: Uint8Array) => {
      const result = this.ring.appendRecord(this.number, timeNs, type, payload);
      if (!result.ok) {
        this.#block = -1;
        failed(result.reason);
      }
    };
    const encode = (most: number) =>
      this.#encoder.encode(this.#scratch.subarray(0, most), identity, tick, status, holdNs, sweep, first, rows);
    const { open, empty, block } = this.ring.recordRoom(this.number);
    if (this.#scratch.length < empty) this.#scratch = new Uint8Array(empty);
    let length = -1;
    if (block === this.#block) length = encode(open);
    if (length === -1) {
      // What it builds on from here on begins a block of its own.
      this.#encoder.reset();
      length = encode(empty);
      this.ring.endBlock(this.number);
      this.#block = block + 1;
    }
    if (length !== -1) {
      store(DIFFERENCES_RECORD, this.#scratch.subarray(0, length));
      return;
    }
    this.#block = -1;
    for (const record of encodeMappings(identity, tick, status, holdNs, sweep, first, rows)) {
      store(MAPPINGS_RECORD, record);
    }
  }
}
