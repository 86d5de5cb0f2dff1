/**
 * The deep reads of one recording in the order of their ticks, for a walk over the counters to take them in.
 *
 * The trap: one ring of a merged recording holds the reads of several, and each goes with the ticks of its own.
 */

import type { RingCursor } from '../ring/ring-cursor.js';
import { enterKeys } from './process-keys.js';

export class ReadsOfInput {
  /** Frames of counters that were joined. */
  frames = 0;
  /** By slot: whose the slot is. */
  readonly keys: (string | undefined)[] = [];
  #tick = 0;
  #isPending = false;

  constructor(
    readonly cursor: RingCursor,
    private readonly inputPlace: number,
    private readonly input: number,
  ) {}

  /** Goes to the next frame of reads that were made up to a tick. Returns its tick, or undefined. */
  upTo(tick: number): number | undefined {
    const { cursor, inputPlace, input } = this;
    while (!this.#isPending) {
      const step = cursor.next();
      if (step === null) return undefined;
      if (step === 'block') this.keys.fill(undefined);
      if (step === 'labels') enterKeys(cursor, this.keys);
      if (step !== 'columns' || (inputPlace >= 0 && cursor.scalars[inputPlace] !== input)) continue;
      this.#tick = cursor.scalars[0]!;
      this.#isPending = true;
    }
    if (this.#tick > tick) return undefined;
    this.#isPending = false;
    return this.#tick;
  }
}
