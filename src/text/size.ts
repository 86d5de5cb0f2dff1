/**
 * Sizes as people write and read them. The trap is the unit: `kB` means 1024 bytes to the kernel and 1000 to SI, so only
 * units that can mean one thing are accepted, and all of them are powers of 1024.
 */

import { InputError } from './input-error.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

const ALLOWED = 'a number with a unit, B, K M G T P or KiB MiB GiB TiB PiB (powers of 1024), such as 16M or 512KiB';

/** Columns of a size formatted with `stable`: `-1023.9 MiB`. */
export const STABLE_SIZE_WIDTH = 11;

/**
 * Bytes from `16M`, `2G`, `512MiB`, `64KiB`, `1024B`, `1.5G` or `1.5 GiB`, rounded to a whole byte.
 * @throws InputError without a unit, with an ambiguous one (`kB`, `MB`, lower case), negative, a fraction of a byte
 *   (`1.5B`), or beyond 2^53 - 1 bytes
 */
export function parseSize(text: string): number {
  const match = /^(\d+)(\.\d+)? ?(?:(B)|([KMGTP])(?:iB)?)$/.exec(text);
  if (!match) throw new InputError(text, 'a size', ALLOWED);
  const [, whole, fraction = '', plainBytes, prefix = ''] = match;
  if (plainBytes && fraction) throw new InputError(text, 'a size', 'a whole number of bytes, such as 1024B');

  const exponent = plainBytes ? 0 : 'KMGTP'.indexOf(prefix) + 1;
  const bytes = Math.round(Number(whole + fraction) * 1024 ** exponent);
  if (!Number.isSafeInteger(bytes)) throw new InputError(text, 'a size', 'at most 2^53 - 1 bytes, just under 8P');
  return bytes;
}

/**
 * Bytes for people: `512 B`, `12.3 MiB`, `-1.0 KiB`; one decimal from KiB up, `-` for NaN and the infinities, since
 * what was not measured is no size. `stable` makes every result STABLE_SIZE_WIDTH columns wide with the units aligned.
 */
export function formatSize(bytes: number, options: { stable?: boolean } = {}): string {
  const stable = options.stable ?? false;
  if (!Number.isFinite(bytes)) return stable ? '-'.padStart(STABLE_SIZE_WIDTH) : '-';

  const [digits, unit] = scale(Math.abs(bytes));
  const sign = bytes < 0 && Number(digits) !== 0 ? '-' : '';
  if (!stable) return `${sign}${digits} ${unit}`;
  return `${sign}${digits} ${unit.padStart(3)}`.padStart(STABLE_SIZE_WIDTH);
}

function scale(bytes: number): [digits: string, unit: string] {
  // The mean of sizes need not be whole.
  let digits = bytes.toFixed(Number.isInteger(bytes) ? 0 : 1);
  let unit = 0;
  // Compares what will be printed: 1023.96 KiB would print as 1024.0 KiB, and is 1.0 MiB.
  for (let value = bytes; Number(digits) >= 1024 && unit < UNITS.length - 1; ) {
    value /= 1024;
    unit++;
    digits = value.toFixed(1);
  }
  return [digits, UNITS[unit]];
}
