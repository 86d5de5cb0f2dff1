/** Words and numbers of `tidemark why`: rates, intervals, shares and times until. */
import type { GrowthLine, Until } from '../analyze/growth-line.js';
import { formatDurationShort } from '../text/duration.js';
import { formatSize } from '../text/size.js';

export const SECOND_NS = 1e9;
const YEAR_S = 365 * 86_400;

/** `grows by 1.0 MiB/s (0.9 .. 1.1 MiB/s), from 10 MiB to 20 MiB in 10s`. */
export function growthText(line: GrowthLine): string {
  const { verdict, slope, first, last, seconds } = line;
  const span = `from ${formatSize(first)} to ${formatSize(last)} in ${formatDurationShort(seconds * SECOND_NS)}`;
  if (verdict === 'too-short') return `went ${span}: ${line.points} readings are too few for a rate that one can trust`;
  if (verdict === 'steady') return `is steady: ${span}`;
  return `${verdict} by ${rate(Math.abs(slope.value))} (${interval(line)}), ${span}`;
}

/** `in 5m0s (4m0s .. 6m0s)`. */
export function untilText(until: Until): string {
  switch (until.state) {
    case 'reached':
      return 'now';
    case 'unknown':
      return '-';
    case 'not-at-this-rate':
      return 'not at this rate';
    case 'in': {
      const { seconds, low, high } = until;
      if (seconds > YEAR_S) return 'in over a year';
      const range = Number.isNaN(low) ? 'no interval' : `${after(low)} .. ${after(high)}`;
      return `in ${after(seconds)} (${range})`;
    }
  }
}

function after(seconds: number): string {
  return seconds > YEAR_S ? 'over a year' : formatDurationShort(seconds * SECOND_NS);
}

export function sizes({
  rss,
  pss,
  swap,
}: {
  readonly rss: number;
  readonly pss: number;
  readonly swap: number;
}): string[] {
  return [rss, pss, swap].map((bytes) => formatSize(bytes));
}

export function percent(part: number, whole: number): string {
  return whole > 0 && !Number.isNaN(part) ? `${((100 * part) / whole).toFixed(0)} %` : '-';
}

export function signed(bytes: number): string {
  return `${bytes > 0 ? '+' : ''}${formatSize(bytes)}`;
}

export function rate(bytesPerSecond: number): string {
  return Number.isNaN(bytesPerSecond) ? '-' : `${formatSize(Math.round(bytesPerSecond))}/s`;
}

export function interval({ slope }: GrowthLine): string {
  if (Number.isNaN(slope.low)) return '-';
  const [low, high] = slope.value < 0 ? [-slope.high, -slope.low] : [slope.low, slope.high];
  return `${rate(low)} .. ${rate(high)}`;
}
