/**
 * Numbers in the few columns that top gives them, scaled as procps scales them.
 *
 * The traps: procps counts in C's 32-bit `float`, so a size of 10,000,001 KiB is one of 10,000,000 before it is printed;
 * and C rounds a tie to the even digit where JavaScript's `toFixed` rounds it up.
 */

const SUFFIXES = ['k', 'm', 'g', 't', 'p'];

/** Units that a size can be shown in at least, from KiB on. */
export const MEMORY_SCALES = ['k', 'm', 'g', 't', 'p', 'e'] as const;

/** `%.Nf` of C: `digits` decimals, ties to the even digit. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const doubled = value * 2 ** (digits + 1);
  // Only an odd multiple of half the last binary digit can lie in the middle of two decimals.
  if (Number.isInteger(doubled) && doubled % 2 !== 0) {
    const below = Math.floor(value * 10 ** digits);
    return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
  }
  return value.toFixed(digits);
}

/** A size of `kib` KiB in at most `width` columns and no smaller unit than `scale` (0 for KiB); `?` if none fits. */
export function scaledMemory(kib: number, width: number, scale = 0): string {
  let size = Math.fround(kib);
  for (let unit = 0; unit < SUFFIXES.length; unit++) {
    if (unit >= scale) {
      const text = unit === 0 ? fixed(size, 0) : fixed(size, 1) + SUFFIXES[unit];
      if (text.length <= width) return text;
    }
    size = Math.fround(size / 1024);
  }
  return '?';
}

/** A count in at most `width` columns, with a suffix of powers of 1024 when it must be; `?` if none fits. */
export function scaledCount(count: number, width: number): string {
  let scaled = Math.fround(count);
  const whole = fixed(scaled, 0);
  if (whole.length <= width) return whole;
  for (const suffix of [...SUFFIXES, 'e']) {
    scaled = Math.fround(scaled / 1024);
    for (const digits of [1, 0]) {
      const text = fixed(scaled, digits) + suffix;
      if (text.length <= width) return text;
    }
  }
  return '?';
}

/** A percentage with one decimal if that fits into `width` columns, with none if not. */
export function scaledPercent(percent: number, width: number): string {
  for (const digits of [1, 0]) {
    const text = fixed(percent, digits);
    if (text.length <= width) return text;
  }
  return '?';
}

const MOST_MINUTES = 360;
const MOST_HOURS = 96;
const MOST_DAYS = 14;

/** CPU time in hundredths of a second: `M:SS.cc`, and coarser the longer it is. `from` 1 begins with minutes and seconds. */
export function scaledTime(hundredths: number, width: number, from: 0 | 1 = 0): string {
  const seconds = Math.floor(hundredths / 100);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const weeks = Math.floor(days / 7);
  const forms: string[] = [];
  if (minutes <= MOST_MINUTES) {
    if (from === 0) forms.push(`${minutes}:${two(seconds % 60)}.${two(hundredths % 100)}`);
    forms.push(`${minutes}:${two(seconds % 60)}`);
  }
  if (hours <= MOST_HOURS) forms.push(`${hours},${two(minutes % 60)}`);
  if (days <= MOST_DAYS) forms.push(`${days}d+${hours % 24}h`, `${days}d`);
  forms.push(`${weeks}w+${days % 7}d`, `${weeks}w`);
  return forms.find((form) => form.length <= width) ?? '?';
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
