/** The value of `--budget`. */
import { MAX_BUDGET, MIN_BUDGET } from '../sampler/record-options.js';
import { InputError } from '../text/input-error.js';

/** `1%`, `0.01%` to `100%`. */
export function parseBudget(text: string): number {
  const found = /^(\d+(?:\.\d+)?) ?%$/.exec(text);
  const share = found ? Number(found[1]) / 100 : Number.NaN;
  if (share >= MIN_BUDGET && share <= MAX_BUDGET) return share;
  throw new InputError(text, 'a budget', 'a share of one core, 0.01% to 100%, such as 1%');
}
