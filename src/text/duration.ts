/**
 * Durations as people write and read them, in nanoseconds as bigint: a double loses whole nanoseconds after 104 days.
 * A bare number is refused, since half the tools a person knows read it as seconds and the other half as milliseconds.
 */

import { InputError } from './input-error.js';

const US = 1_000n;
const MS = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;

// Largest first. The two micro signs are different characters, and keyboards have either.
const UNIT_NS = new Map([
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', MS],
  ['us', US],
  ['\u00B5s', US],
  ['\u03BCs', US],
  ['ns', 1n],
]);

const PART = /(\d+)(?:\.(\d+))?(ns|[u\u00B5\u03BC]s|ms|s|m|h|d)/y;
const ALLOWED = 'numbers with a unit, ns us ms s m h d, largest first, such as 10s, 250us or 1h30m';

// Columns of times and durations are 64 bits wide.
const MAX_NS = 2n ** 63n - 1n;

/**
 * Nanoseconds from `10s`, `5m`, `6h`, `500ms`, `250us`, `3d`, `1.5s` or `1h30m`. Zero needs a unit too.
 * @throws InputError when empty, negative, without a unit, with a unit twice or out of order, with a fraction anywhere
 *   but in the last part, finer than a nanosecond, or beyond 2^63 - 1 ns (292 years)
 */
export function parseDuration(text: string): bigint {
  const refuse = (allowed = ALLOWED): never => {
    throw new InputError(text, 'a duration', allowed);
  };
  if (text === '') refuse();

  let total = 0n;
  let previousUnit = MAX_NS;
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (!match) return refuse();
    const [, whole, fraction = '', name] = match;
    const unit = UNIT_NS.get(name)!;
    if (unit >= previousUnit || (fraction && PART.lastIndex < text.length)) refuse();
    previousUnit = unit;

    const denominator = 10n ** BigInt(fraction.length);
    const numerator = unit * BigInt(whole + fraction);
    if (numerator % denominator !== 0n) refuse('a whole number of nanoseconds');
    total += numerator / denominator;
  }
  if (total > MAX_NS) refuse('at most 2^63 - 1 ns, 292 years');
  return total;
}

/**
 * `ns` exactly, in the grammar of parseDuration: `1h30m`, `250us`, `1.000000001s`, `0s`; parsing it gives `ns` back.
 * A negative one has a leading `-`, which parseDuration refuses.
 */
export function formatDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatDuration(-ns)}`;
  if (ns === 0n) return '0s';

  let rest = ns;
  let out = '';
  for (const [name, unit] of [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
  ] as const) {
    if (rest >= unit) out += `${rest / unit}${name}`;
    rest %= unit;
  }
  if (rest === 0n) return out;
  if (ns >= MINUTE || rest >= SECOND) return `${out}${decimal(rest, SECOND)}s`;
  if (rest >= MS) return `${decimal(rest, MS)}ms`;
  if (rest >= US) return `${decimal(rest, US)}us`;
  return `${rest}ns`;
}

/**
 * `ns` for people, rounded to three digits below a minute and to two units above: `850ns`, `12.3ms`, `1.50s`, `5m12s`,
 * `6h0m`, `3d4h`; `-` for NaN and the infinities. Never wider than 7 columns below 1000 days.
 */
export function formatDurationShort(ns: bigint | number): string {
  if (typeof ns === 'number' && !Number.isFinite(ns)) return '-';
  const rounded = typeof ns === 'bigint' ? ns : BigInt(Math.round(ns));
  if (rounded < 0n) return `-${formatDurationShort(-rounded)}`;
  if (rounded < US) return `${rounded}ns`;

  // Each step compares what would be printed, so that 59.96s becomes 1m0s and never 60.0s.
  for (const [name, unit, limit] of [
    ['us', US, 1000],
    ['ms', MS, 1000],
    ['s', SECOND, 60],
  ] as const) {
    const digits = threeDigits(Number(rounded) / Number(unit));
    if (Number(digits) < limit) return `${digits}${name}`;
  }
  for (const [high, low, lowNs, ratio, limit] of [
    ['m', 's', SECOND, 60n, 60n],
    ['h', 'm', MINUTE, 60n, 24n],
  ] as const) {
    const lows = (rounded + lowNs / 2n) / lowNs;
    if (lows / ratio < limit) return `${lows / ratio}${high}${lows % ratio}${low}`;
  }
  const hours = (rounded + HOUR / 2n) / HOUR;
  return `${hours / 24n}d${hours % 24n}h`;
}

function decimal(ns: bigint, unit: bigint): string {
  const fraction = String(ns % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return fraction ? `${ns / unit}.${fraction}` : String(ns / unit);
}

function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2);
  return value.toFixed(value < 99.95 ? 1 : 0);
}
