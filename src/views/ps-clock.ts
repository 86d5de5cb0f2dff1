/**
 * Times as procps prints them, in the zone of this process (`TZ`), with English names of months and days.
 *
 * The trap: each column has its own idea of when a time of day no longer says enough: another day of the year for
 * START of `ps aux`, more than 24 hours for `bsdstart` and `start`.
 */
const DAY_SECONDS = 86_400;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Thu Nov 24 02:09:29 2026`, for seconds since the epoch. */
export function fullTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = String(date.getDate()).padStart(3);
  return `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]}${day} ${clock(date)}:${two(date.getSeconds())} ${date.getFullYear()}`;
}

/** `03:02` today, `Jun06` this year, else `1991`. */
export function startTime(seconds: number, now: number): string {
  const date = new Date(seconds * 1000);
  const today = new Date(now * 1000);
  if (date.getFullYear() !== today.getFullYear()) return String(date.getFullYear());
  const isToday = date.getDate() === today.getDate() && date.getMonth() === today.getMonth();
  return isToday ? clock(date) : MONTHS[date.getMonth()] + two(date.getDate());
}

/** ` 03:02`, or `Jun  6` after 24 hours. */
export function bsdStart(seconds: number, now: number): string {
  const text = fullTime(seconds);
  return now - seconds > DAY_SECONDS ? text.slice(4, 10) : text.slice(10, 16);
}

/** `03:02:01`, or `  Jun 06` after 24 hours. */
export function longStart(seconds: number, now: number): string {
  const text = fullTime(seconds);
  if (seconds + DAY_SECONDS > now) return text.slice(11, 19);
  return `  ${text.slice(4, 10).replace(/ (?=\d$)/, '0')}`;
}

/** `[days-]hh:mm:ss` of whole seconds. */
export function cpuTime(seconds: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days}-${rest}` : rest;
}

/** `[[days-]hh:]mm:ss` of whole seconds. */
export function elapsedTime(seconds: number): string {
  return seconds < 3600 ? `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}` : cpuTime(seconds);
}

/** `  0:28`: minutes and seconds of whole seconds. */
export function bsdTime(seconds: number): string {
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${two(seconds % 60)}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
