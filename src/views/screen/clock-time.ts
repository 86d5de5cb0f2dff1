/** Times and spans of time for a person who looks at a screen now: whole seconds, and no more digits than that needs. */

/** The local clock; with the day where it is not today. */
export function clockTime(time: Date, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

/** `45s`, `2m10s`, `10m`, `5h3m`, `3d4h`: at most 5 columns up to ten minutes, and 6 up to 99 days. */
export function spanText(ns: number): string {
  const seconds = Math.round(ns / 1e9);
  const parts = (whole: number, unit: string, rest: number, restUnit: string) =>
    `${whole}${unit}${rest > 0 ? `${rest}${restUnit}` : ''}`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return parts(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  if (seconds < 86_400) return parts(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'm');
  return parts(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h');
}
