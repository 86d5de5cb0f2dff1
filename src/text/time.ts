/**
 * Points in time as people write and read them, as nanoseconds since the Unix epoch in a bigint (a double steps by 256).
 * The trap is local time: a wall clock shows some minutes twice a year and skips others, so `02:30` is looked up on the
 * calendar and never computed as a multiple of 24 hours. The zone is the process's own (`TZ`).
 */

import { parseDuration } from './duration.js';
import { InputError } from './input-error.js';

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;
const MIN_NS = -(2n ** 63n);
const MAX_NS = 2n ** 63n - 1n;

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const TIME_OF_DAY = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;
const ALLOWED =
  'RFC 3339 with a zone (2025-03-01T03:02:00Z), a local time of day (03:02 or 03:02:10), a duration before the end ' +
  '(-15m), or nanoseconds since 1970 (1740798120000000000ns)';

/**
 * Nanoseconds since the Unix epoch.
 * - `2025-03-01T03:02:00.5+01:00`: that instant; a leap second (`:60`) is the second after it, as Unix time has it.
 * - `03:02`, `03:02:10`: the latest instant not after `end` at which the local clock showed it.
 * - `-15m`: that long before `end`.
 * - `1740798120000000000ns`: nanoseconds since the epoch; without the suffix it is refused, since it could be seconds.
 * @param end the end of the recording, or now, in nanoseconds since the epoch
 * @throws InputError for anything else, for a date that does not exist, and beyond 64 bits (the years 1677 and 2262)
 */
export function parseTime(text: string, end: bigint): bigint {
  const ns = fromRfc3339(text) ?? fromTimeOfDay(text, end) ?? fromOffset(text, end) ?? fromNanoseconds(text);
  if (ns === undefined) throw new InputError(text, 'a time', ALLOWED);
  if (ns < MIN_NS || ns > MAX_NS) throw new InputError(text, 'a time', 'the years 1678 to 2261');
  return ns;
}

/**
 * The earlier instant at which the local clock showed a time of day that `parseTime` took for `ns`, where it did so twice
 * because clocks went back; undefined for all other texts and times.
 */
export function earlierShowing(text: string, ns: bigint): bigint | undefined {
  if (!TIME_OF_DAY.test(text)) return undefined;
  const taken = new Date(Number(floorDivide(ns, NS_PER_MS)));
  for (const minutes of [30, 60, 120, 180]) {
    const before = new Date(taken.getTime() - minutes * 60_000);
    const isSame =
      before.getHours() === taken.getHours() &&
      before.getMinutes() === taken.getMinutes() &&
      before.getSeconds() === taken.getSeconds();
    if (isSame) return ns - BigInt(minutes) * 60n * NS_PER_SECOND;
  }
  return undefined;
}

/**
 * RFC 3339 with the zone's offset, or `Z` for UTC: `2025-03-01T04:02:00.250+01:00`. Cut, not rounded, to `digits`
 * decimals, so that it never names a later second.
 * @param ns nanoseconds since the epoch, of 64 bits
 * @param options.digits decimals of the second, 0 to 9, 3 if not given
 * @param options.zone `local` (the process's zone) if not given
 * @throws TypeError when digits is no whole number from 0 to 9
 */
export function formatTime(ns: bigint, options: { digits?: number; zone?: 'local' | 'utc' } = {}): string {
  const digits = options.digits ?? 3;
  if (!Number.isInteger(digits) || digits < 0 || digits > 9) {
    throw new TypeError(`Expected the "digits" option to be a whole number from 0 to 9, got ${digits}`);
  }
  const ms = floorDivide(ns, NS_PER_MS);
  const offsetMinutes = options.zone === 'utc' ? 0 : Math.round(-new Date(Number(ms)).getTimezoneOffset());
  // Shown from the offset that is printed beside it, so the two agree even where a zone once had odd seconds.
  const wall = new Date(Number(ms) + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const fraction = String(ns - floorDivide(ns, NS_PER_SECOND) * NS_PER_SECOND)
    .padStart(9, '0')
    .slice(0, digits);
  const zone = options.zone === 'utc' ? 'Z' : formatOffset(offsetMinutes);
  return `${wall}${digits > 0 ? `.${fraction}` : ''}${zone}`;
}

function fromRfc3339(text: string): bigint | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const [fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match.slice(7);
  if (hour > 23 || minute > 59 || second > 60 || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;

  // Date carries 30 February over into March and reads the year 50 as 1950; a date that came back changed was none.
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;

  const offsetMinutes = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1);
  const seconds = date.getTime() / 1000 + (hour * 60 + minute - offsetMinutes) * 60 + second;
  return BigInt(seconds) * NS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}

function fromTimeOfDay(text: string, end: bigint): bigint | undefined {
  const match = TIME_OF_DAY.exec(text);
  if (!match) return undefined;
  const [hour, minute, second] = [match[1], match[2], match[3] ?? '0'].map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;

  const today = new Date(Number(floorDivide(end, NS_PER_MS)));
  const shows = (date: Date) =>
    date.getHours() === hour && date.getMinutes() === minute && date.getSeconds() === second;
  // Two days back would do, but for a day that a zone skipped whole, as Samoa did in 2011.
  for (let back = 0; back <= 3; back++) {
    const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - back, hour, minute, second);
    // When clocks go back, Date gives the first of two; the second comes an hour later, half an hour on Lord Howe.
    for (const laterMinutes of [60, 30, 0]) {
      const candidate = new Date(first.getTime() + laterMinutes * 60_000);
      const ns = BigInt(candidate.getTime()) * NS_PER_MS;
      if (shows(candidate) && ns <= end) return ns;
    }
  }
  return undefined;
}

function fromOffset(text: string, end: bigint): bigint | undefined {
  return text.startsWith('-') ? tryDuration(text.slice(1), (ns) => end - ns) : undefined;
}

function tryDuration(text: string, then: (ns: bigint) => bigint): bigint | undefined {
  try {
    return then(parseDuration(text));
  } catch (error) {
    // The message must speak of times, not of durations.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function fromNanoseconds(text: string): bigint | undefined {
  return /^\d+ns$/.test(text) ? BigInt(text.slice(0, -2)) : undefined;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const [hours, rest] = [Math.trunc(size / 60), size % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${hours}:${rest}`;
}

/** BigInt division cuts toward zero, which before 1970 is forward in time. */
function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}
