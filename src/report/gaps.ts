/**
 * Stretches in which nothing was recorded, in bounded number.
 *
 * The trap: a gap is found by the number of the tick after it, since a clock that stood still tells nothing; and each input
 * of a merged recording counts its own ticks.
 */
import type { Gap } from './page-format.js';

const MOST = 2000;
/** Ticks are late now and then; a longer silence between two that follow each other is one in which nobody recorded. */
const SILENT_PERIODS = 5;

export class Gaps {
  /** Ticks that are missing in all. */
  missing = 0;
  #gaps: Gap[] = [];
  readonly #last = new Map<number, { tick: number; ms: number }>();
  #isLost = false;
  #lastMs: number | undefined;
  /** Gaps nearer to each other than that are told as one. */
  #nearMs = 0;
  readonly #periodMs: number;

  constructor(periodNs: number) {
    this.#periodMs = periodNs / 1e6;
  }

  /** Frames that cannot be read come before the next tick. */
  lose(frames: number): void {
    if (frames > 0) this.#isLost = true;
  }

  tick(input: number, tick: number, ms: number): void {
    const last = this.#last.get(input);
    const reason = this.#isLost ? 'lost' : 'missed';
    if (last && tick > last.tick + 1) this.#add({ from: last.ms, to: ms, ticks: tick - last.tick - 1, reason });
    else if (this.#lastMs !== undefined && ms - this.#lastMs > SILENT_PERIODS * this.#periodMs) {
      this.#add({ from: this.#lastMs, to: ms, ticks: 0, reason: 'unrecorded' });
    }
    this.#isLost = false;
    this.#lastMs = ms;
    if (last) {
      last.tick = tick;
      last.ms = ms;
    } else {
      this.#last.set(input, { tick, ms });
    }
  }

  list(): readonly Gap[] {
    return this.#gaps;
  }

  #add(gap: Gap): void {
    this.missing += gap.ticks;
    const before = this.#gaps.at(-1);
    if (before && gap.from - before.to <= this.#nearMs && before.reason === gap.reason) {
      this.#gaps[this.#gaps.length - 1] = { ...before, to: gap.to, ticks: before.ticks + gap.ticks };
      return;
    }
    this.#gaps.push(gap);
    if (this.#gaps.length <= MOST) return;
    this.#nearMs = Math.max(this.#periodMs, this.#nearMs * 2);
    const all = this.#gaps;
    this.#gaps = [];
    this.missing -= all.reduce((sum, { ticks }) => sum + ticks, 0);
    for (const each of all) this.#add(each);
  }
}
