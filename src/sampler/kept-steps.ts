/**
 * The ladder of a recording beside its rate.
 *
 * The trap: a step without a tick has nothing to keep, so a rate that is left to the budget must not fall that low.
 */
import { formatKeep, type Keep, parseKeep } from '../recording/keep.js';
import { InputError } from '../text/input-error.js';
import { shown } from '../text/shown.js';
import { RATES } from './budget.js';

/** The ladder in its normal form. Throws a TypeError for one that is none, or whose steps are shorter than a tick. */
export function checkKeep(text: unknown, hz: number): string | undefined {
  if (text === undefined) return undefined;
  const keep = keepOf(text);
  const [finest] = keep.steps;
  if (finest && Number(finest.stepNs) * hz < 1e9) {
    throw new TypeError(
      `Expected the steps of the "keep" option to hold a tick of ${hz} Hz at least, got ${shown(text)}`,
    );
  }
  return formatKeep(keep);
}

/** The smallest of `RATES` at which every step holds a tick. */
export function leastRateOf(text: unknown): number {
  const [finest] = text === undefined ? [] : keepOf(text).steps;
  return finest === undefined ? RATES[0]! : (RATES.find((hz) => Number(finest.stepNs) * hz >= 1e9) ?? RATES.at(-1)!);
}

function keepOf(text: unknown): Keep {
  try {
    if (typeof text !== 'string') throw new InputError(shown(text), 'a ladder', 'text such as full:6h,1s:3d,1m:30d');
    return parseKeep(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new TypeError(`Expected the "keep" option to be ${error.allowed}, got ${shown(text)}`);
  }
}
