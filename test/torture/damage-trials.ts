/** The long forms of damage.ts: thousands of damaged files, and one file cut at every one of its bytes. */
import { type BusyRing, busyRing } from './busy-ring.js';
import { type Reading, readSpoilt } from './damage.js';
import { cutAt, DAMAGE_KINDS, spoil } from './damages.js';
import { Random } from './random.js';
import type { Trial } from './trial.js';

/** A new recording to spoil after so many. */
const FILES_PER_RING = 100;

class Figures {
  files = 0;
  refused = 0;
  returned = 0;
  due = 0;
  dueInPart = 0;
  findings = 0;
  slowestMs = 0;

  add({ returned, due, dueInPart, findings, ms }: Reading): void {
    this.files++;
    if (returned < 0) this.refused++;
    else this.returned += returned;
    this.due += due;
    this.dueInPart += dueInPart;
    this.findings += findings;
    this.slowestMs = Math.max(this.slowestMs, Math.round(ms * 10) / 10);
  }
}

/** Spoils `count` files in every way in turn; throws at the first that is read wrongly. */
export function readDamaged(count: number, seed: number, progress: (done: number) => void = () => {}): Figures {
  const random = new Random(seed);
  const figures = new Figures();
  let ring: BusyRing | undefined;
  while (figures.files < count) {
    if (figures.files % FILES_PER_RING === 0 || !ring) {
      const laps = 100 + random.below(900);
      ring = busyRing(random.below(2 ** 31), laps, 6 + random.below(6), random.below(3) === 0);
    }
    const kind = DAMAGE_KINDS[figures.files % DAMAGE_KINDS.length]!;
    // Now and then the header region is hit as well.
    const from = random.below(10) === 0 ? 0 : 16384;
    const used = ring.blocks.at(-1)!.offset + 65536;
    figures.add(readSpoilt(ring, spoil(kind, ring.sound, ring.older, random, from, used)));
    progress(figures.files);
  }
  return figures;
}

/** Cuts one small file at every `step`-th byte. */
export function readCut(step: number, seed: number, progress: (done: number) => void = () => {}): Figures {
  const ring = busyRing(seed, 40, 6, true);
  const figures = new Figures();
  for (let length = 0; length <= ring.sound.length; length += step) {
    figures.add(readSpoilt(ring, cutAt(ring.sound, length)));
    progress(length);
  }
  return figures;
}

export const DAMAGE_TRIALS: readonly Trial[] = [
  {
    name: 'damage',
    says: 'flip bits, cut, zero and swap pages, mix two generations, write noise: nothing false, nothing whole is left out',
    count: 20_000,
    run: async ({ count, seed, progress }) => ({ ...readDamaged(count, seed, progress) }),
  },
  {
    name: 'cuts',
    says: 'cut a small file at every byte (count is a step of so many): what was before the cut is read',
    count: 1,
    run: async ({ count, seed, progress }) => ({ ...readCut(count, seed, progress) }),
  },
];
