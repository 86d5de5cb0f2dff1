/** A decoder with its state, for payloads that the tests of this room write byte by byte. */
import { expect } from 'vitest';
import { ColumnState } from './column-state.js';
import { ColumnsDecoder } from './columns-decoder.js';
import { FORMAT_MAJOR } from './layout.js';
import type { RingSpec } from './ring-table.js';
import { ByteCursor } from './varint.js';

const SLOTS = 300;
export const SPEC: RingSpec = {
  name: 'r',
  share: 1,
  rows: 'all',
  columns: [
    { name: 'a', quantum: 1 },
    { name: 'b', quantum: 10 },
  ],
  scalars: ['s'],
};
export const LIST: RingSpec = { ...SPEC, rows: 'list' };

/** Tokens of a number of steps, of no value, and of one by its bits. */
export const step = (steps: number) => 2 + (steps < 0 ? -2 * steps - 1 : 2 * steps);
export const NAN = 0;
export const float = (value: number) => [1, ...new Uint8Array(Float64Array.of(value).buffer)];
/** Start 4, duration 3, the scalar 1. */
export const HEAD = [8, 6, step(1)];
export const NO_STATUS = [0];

export class Side {
  readonly state: ColumnState;
  readonly decoder: ColumnsDecoder;

  constructor(
    readonly spec: RingSpec,
    major = FORMAT_MAJOR,
    wanted?: boolean[],
  ) {
    this.state = new ColumnState(spec.columns.length, spec.scalars.length);
    this.decoder = new ColumnsDecoder(spec, SLOTS, this.state, major, wanted);
    this.decoder.reset();
  }

  over(payload: readonly number[]): [ByteCursor, Uint8Array] {
    // Between bytes of others: what is read beyond the end counts as a step.
    const bytes = Uint8Array.of(99, ...payload, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4);
    const source = new ByteCursor();
    source.reset(bytes, new DataView(bytes.buffer), 1, 1 + payload.length);
    return [source, bytes];
  }

  label(...slots: number[]): this {
    expect(this.labels(slots.flatMap((slot) => [slot, 1, 65 + slot]))).toBe(true);
    return this;
  }

  labels(payload: number[]): boolean {
    return this.decoder.labelsFrame(...this.over(payload));
  }

  columns(payload: readonly number[], isAlone = true, told = 0): 'taken' | 'lost' | 'bad' {
    return this.decoder.columnsFrame(this.over(payload)[0], isAlone, told);
  }

  snapshot(payload: number[]): boolean {
    return this.decoder.snapshotFrame(...this.over(payload));
  }

  values(slots: number): number[][] {
    return this.state.columns.map((column) => [...column.subarray(0, slots)]);
  }

  get updated(): number[] {
    return [...this.decoder.updated.slots.subarray(0, this.decoder.updated.count)];
  }
}
