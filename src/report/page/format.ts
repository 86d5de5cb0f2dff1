/** Values as the page writes them. */
import { formatDurationShort } from '../../text/duration.js';
import { formatSize } from '../../text/size.js';
import type { PageMetric } from '../page-format.js';

const NOT_MEASURED = '–';

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
  const fine = spanMs < 120_000 ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
  return spanMs > 86_400_000 ? `${day} ${time}` : fine;
}

/** The zone of the reader, such as `+01:00`. */
export function zone(unixMs: number): string {
  const minutes = -new Date(unixMs).getTimezoneOffset();
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  return minutes === 0
    ? 'UTC'
    : `UTC${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
