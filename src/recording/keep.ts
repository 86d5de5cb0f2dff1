/**
 * What a recording keeps for how long, from fine to coarse: every tick for some hours, then last, least and most of each
 * second for some days, of each minute for a month.
 *
 * The trap: a coarser step is made of finer ones, so each must be a whole number of the one before, or a value would be
 * counted in two steps.
 */
import { formatDuration, parseDuration } from '../text/duration.js';
import { InputError } from '../text/input-error.js';

export interface KeepStep {
  readonly stepNs: bigint;
  /** How long its aggregates are wanted. */
  readonly keepNs: bigint;
}

export interface Keep {
  /** How long every tick is wanted. */
  readonly fullNs: bigint;
  /** From fine to coarse. */
  readonly steps: readonly KeepStep[];
}

const MAX_STEPS = 6;
const ALLOWED =
  'full:TIME, then STEP:TIME from fine to coarse, each step a multiple of the one before and kept for longer, such as ' +
  'full:6h,1s:3d,1m:30d';

/** Reads `full:6h,1s:3d,1m:30d`. Throws `InputError`. */
export function parseKeep(text: string): Keep {
  const refuse = (allowed = ALLOWED): never => {
    throw new InputError(text, 'a ladder', allowed);
  };
  const entries = text.split(',').map((entry) => entry.split(':'));
  if (entries.some((entry) => entry.length !== 2) || entries[0]![0] !== 'full') return refuse();
  const duration = (word: string): bigint => {
    try {
      return parseDuration(word);
    } catch (error) {
      if (error instanceof InputError) return refuse();
      throw error;
    }
  };
  const fullNs = duration(entries[0]![1]!);
  const steps = entries.slice(1).map(([step, keep]) => ({ stepNs: duration(step!), keepNs: duration(keep!) }));
  if (steps.length > MAX_STEPS) return refuse(`${ALLOWED}; at most ${MAX_STEPS} steps`);
  let before = { stepNs: 1n, keepNs: fullNs };
  for (const { stepNs, keepNs } of steps) {
    if (stepNs === 0n || stepNs <= before.stepNs || stepNs % before.stepNs !== 0n) return refuse();
    if (keepNs <= before.keepNs || keepNs < stepNs) return refuse();
    before = { stepNs, keepNs };
  }
  return fullNs > 0n ? { fullNs, steps } : refuse();
}

/** The same as text, as it stands in the header of a recording. */
export function formatKeep({ fullNs, steps }: Keep): string {
  const rest = steps.map(({ stepNs, keepNs }) => `,${formatDuration(stepNs)}:${formatDuration(keepNs)}`);
  return `full:${formatDuration(fullNs)}${rest.join('')}`;
}
