import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from './input-error.js';
import { earlierShowing, formatTime, parseTime } from './time.js';

const at = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;
const END = at('2025-03-10T12:00:00Z');

let zoneBefore: string | undefined;
beforeEach(() => {
  zoneBefore = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
});
afterEach(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

describe('parseTime', () => {
  it.each([
    ['2025-03-01T03:02:00Z', at('2025-03-01T03:02:00Z')],
    ['2025-03-01t03:02:00z', at('2025-03-01T03:02:00Z')],
    ['2025-03-01 03:02:00+05:30', at('2025-02-28T21:32:00Z')],
    ['2025-03-01T03:02:00.123456789-00:30', at('2025-03-01T03:32:00Z') + 123_456_789n],
    ['2016-12-31T23:59:60Z', at('2017-01-01T00:00:00Z')],
    ['2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
    ['1969-12-31T23:59:59.5Z', -500_000_000n],
    ['-15m', END - 900_000_000_000n],
    ['-1h30m', END - 5_400_000_000_000n],
    ['-0s', END],
    ['1740798120000000001ns', 1_740_798_120_000_000_001n],
  ])('%s', (text, ns) => {
    expect(parseTime(text, END)).toBe(ns);
  });

  it.each([
    '',
    '2025-03-01T03:02:00',
    '2025-03-01',
    '2025-02-29T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-03-01T24:00:00Z',
    '2025-03-01T03:60:00Z',
    '2025-03-01T03:02:00.1234567890Z',
    '2025-03-01T03:02:00+24:00',
    '0050-01-01T00:00:00Z',
    '2300-01-01T00:00:00Z',
    '24:00',
    '03:60',
    '03:02:61',
    '3',
    '15m',
    '-15',
    '-',
    '1740798120',
    '1740798120000000000',
    '99999999999999999999ns',
    'yesterday',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, END)).toThrow(InputError);
  });

  it('speaks of times, not of durations, when it refuses', () => {
    expect(() => parseTime('-15', END)).toThrow('"-15" is not a time; allowed: RFC 3339 with a zone');
  });

  it.each([
    ['earlier today', '12:59', '2025-03-10T12:00:00Z', '2025-03-10T11:59:00Z'],
    ['this very second', '13:00', '2025-03-10T12:00:00Z', '2025-03-10T12:00:00Z'],
    ['later today is yesterday', '13:00:01', '2025-03-10T12:00:00Z', '2025-03-09T12:00:01Z'],
    ['one digit of hour', '3:02', '2025-03-10T12:00:00Z', '2025-03-10T02:02:00Z'],
    ['across a month', '23:00', '2025-03-01T12:00:00Z', '2025-02-28T22:00:00Z'],
    // Clocks went forward on 30 March 2025 from 02:00 to 03:00, so 02:30 was last seen the day before.
    ['a time that was skipped', '02:30', '2025-03-30T10:00:00Z', '2025-03-29T01:30:00Z'],
    ['the day after a change', '14:00', '2025-03-30T10:00:00Z', '2025-03-29T13:00:00Z'],
    // Clocks went back on 26 October 2025 at 03:00 summer time, so 02:30 was shown at 00:30Z and again at 01:30Z.
    ['a time shown twice, after both', '02:30', '2025-10-26T10:00:00Z', '2025-10-26T01:30:00Z'],
    ['a time shown twice, between them', '02:30', '2025-10-26T01:00:00Z', '2025-10-26T00:30:00Z'],
  ])('local time of day: %s', (_name, text, end, expected) => {
    expect(parseTime(text, at(end))).toBe(at(expected));
  });

  it('counts nanoseconds of the end', () => {
    expect(parseTime('13:00', END - 1n)).toBe(at('2025-03-09T12:00:00Z'));
  });
});

describe('earlierShowing', () => {
  it('is the first of two instants at which a clock that went back showed the time', () => {
    const taken = parseTime('02:30', at('2025-10-26T10:00:00Z'));
    expect(earlierShowing('02:30', taken)).toBe(at('2025-10-26T00:30:00Z'));
    // Between the two only the first has been.
    expect(earlierShowing('02:30', parseTime('02:30', at('2025-10-26T01:00:00Z')))).toBeUndefined();
    process.env.TZ = 'Australia/Lord_Howe';
    const half = parseTime('01:45', at('2025-04-06T00:00:00Z'));
    expect(earlierShowing('01:45', half)).toBe(half - 1_800_000_000_000n);
  });

  it.each([
    ['03:30', '2025-10-26T10:00:00Z'],
    ['02:30', '2025-10-25T10:00:00Z'],
    ['02:30', '2025-03-30T10:00:00Z'],
    ['2025-10-26T02:30:00+01:00', '2025-10-26T10:00:00Z'],
    ['-9h', '2025-10-26T10:00:00Z'],
  ])('is nothing for %s before %s', (text, end) => {
    expect(earlierShowing(text, parseTime(text, at(end)))).toBeUndefined();
  });
});

describe('formatTime', () => {
  it('prints the zone, always', () => {
    expect(formatTime(END)).toBe('2025-03-10T13:00:00.000+01:00');
    expect(formatTime(END, { zone: 'utc', digits: 0 })).toBe('2025-03-10T12:00:00Z');
    process.env.TZ = 'America/St_Johns';
    expect(formatTime(at('2025-01-01T00:00:00Z'), { digits: 0 })).toBe('2024-12-31T20:30:00-03:30');
    process.env.TZ = 'UTC';
    expect(formatTime(END, { digits: 0 })).toBe('2025-03-10T12:00:00+00:00');
  });

  it('cuts decimals and never names a later second', () => {
    expect(formatTime(END - 1n, { digits: 3, zone: 'utc' })).toBe('2025-03-10T11:59:59.999Z');
    expect(formatTime(-1n, { digits: 9, zone: 'utc' })).toBe('1969-12-31T23:59:59.999999999Z');
  });

  it('refuses digits that RFC 3339 readers may not take', () => {
    expect(() => formatTime(END, { digits: 10 })).toThrow(TypeError);
    expect(() => formatTime(END, { digits: 1.5 })).toThrow(TypeError);
  });

  it('is read back exactly, in any zone', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Pacific/Apia', 'UTC', 'Australia/Lord_Howe');
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), zones, (ns, zone) => {
        process.env.TZ = zone;
        expect(parseTime(formatTime(ns, { digits: 9 }), END)).toBe(ns);
        expect(parseTime(formatTime(ns, { digits: 9, zone: 'utc' }), END)).toBe(ns);
      }),
    );
  });
});
