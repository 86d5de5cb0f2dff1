/** Values as the page writes them. */
import { formatDurationShort } from '../../text/duration.js';
import { formatSize } from '../../text/size.js';
import type { PageMetric } from '../page-format.js';

const NOT_MEASURED = '–';
/** Within less than that, milliseconds are told. */
const FINE_MS = 120_000;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function size(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined || Number.isNaN(bytes) ? NOT_MEASURED : formatSize(bytes);
}

/** With a sign, unless it is nothing. */
export function sizeChange(bytes: number | null | undefined): string {
  return bytes !== null && bytes !== undefined && bytes > 0 ? `+${formatSize(bytes)}` : size(bytes);
}

export function duration(ms: number): string {
  return formatDurationShort(ms * 1e6);
}

/** A value of a metric as it is drawn: a counter is a rate. */
export function metricText(metric: PageMetric, value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NOT_MEASURED;
  if (metric.unit === 'bytes') return formatSize(Math.round(value));
  if (metric.unit === 'nanoseconds') return `${(value / 1e7).toFixed(1)} %`;
  return metric.kind === 'counter' ? `${rounded(value)}/s` : rounded(value);
}

function rounded(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

/** `03:02:10.250`, in the zone of the reader. */
export function clock(unixMs: number, spanMs: number): string {
  // The steps of a scale are no whole milliseconds.
  const date = new Date(Math.round(unixMs));
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const fine = spanMs < FINE_MS ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
  return spanMs > 86_400_000 ? `${day} ${time}` : fine;
}

/** Times along an axis, without the milliseconds where none of them has any. */
export function axisClock(splits: readonly number[], spanMs: number): string[] {
  const isWhole = splits.every((at) => Math.abs(at / 1000 - Math.round(at / 1000)) < 1e-6);
  return splits.map((at) => clock(at, isWhole ? Math.max(spanMs, FINE_MS) : spanMs));
}

/** Sizes along an axis, all in the unit of the largest, with as many decimals as their steps need. */
export function axisSizes(splits: readonly number[]): string[] {
  const most = splits.at(-1) ?? 0;
  const power = Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, most)) / 10)));
  const steps = splits.map((value) => value / 1024 ** power);
  const decimals = [0, 1, 2].find((digits) => steps.every((step) => isRound(step, digits))) ?? 3;
  return steps.map((step) => (step === 0 ? '0' : `${step.toFixed(decimals)} ${UNITS[power]}`));
}

function isRound(value: number, digits: number): boolean {
  return Math.abs(value * 10 ** digits - Math.round(value * 10 ** digits)) < 1e-9;
}

/** The zone of the reader, such as `+01:00`. */
export function zone(unixMs: number): string {
  const minutes = -new Date(unixMs).getTimezoneOffset();
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  return minutes === 0
    ? 'UTC'
    : `UTC${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
