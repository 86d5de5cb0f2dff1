/**
 * For how long `record` may hold a process, as a person writes it.
 *
 * The trap: without an end of the scale, `0.5` of a larger unit than was meant would stop a process for minutes.
 */
import { MAX_ALLOW_HOLD_MS, MAX_MAX_HOLD_MS, MIN_MAX_HOLD_MS } from '../sampler/record-options.js';
import { formatDuration } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { parsePositiveDuration } from './option-values.js';

/** For how long one read may hold its target. */
export function parseMaxHold(text: string): bigint {
  return holdWithin(text, MIN_MAX_HOLD_MS, MAX_MAX_HOLD_MS);
}

/** For how long one whole read of each may, once. */
export function parseAllowHold(text: string): bigint {
  return holdWithin(text, MIN_MAX_HOLD_MS, MAX_ALLOW_HOLD_MS);
}

function holdWithin(text: string, leastMs: number, mostMs: number): bigint {
  const ns = parsePositiveDuration(text);
  if (Number(ns) >= leastMs * 1e6 && Number(ns) <= mostMs * 1e6) return ns;
  const [least, most] = [leastMs, mostMs].map((ms) => formatDuration(BigInt(ms * 1e6)));
  throw new InputError(text, 'a hold', `a time from ${least} to ${most}, such as 0.5ms`);
}
