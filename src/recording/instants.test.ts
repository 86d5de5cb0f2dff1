/** Instants of recordings whose times are known, in zones and on clocks that go back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone, unixOf } from '../../test/recorder/synthetic.js';
import { InputError } from '../text/input-error.js';
import { checkRange, instantWithin, OutsideRecordingError, parseInstant, recordedSpan } from './instants.js';
import type { Recording } from './recording.js';

let zoneBefore: string | undefined;
beforeEach(() => {
  zoneBefore = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
});
afterEach(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

const at = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;

/** `ticks` ticks of a tenth of a second, with a mark at some of them. */
function recorded(ticks: number, marks: Record<number, string> = {}): Recording {
  const author = new Author();
  author.arrive(0, someone(10));
  author.set(0, { rss: 4096 });
  for (let tick = 0; tick < ticks; tick++) {
    const name = marks[tick];
    if (name !== undefined) author.writer.event(author.nowNs, { type: 'mark', name });
    author.sweep();
  }
  const behind = marks[ticks];
  if (behind !== undefined) author.writer.event(author.nowNs, { type: 'mark', name: behind });
  author.close();
  return author.open();
}

/** An hour and a half, a tick each minute, from a time on. */
function slow(start: string, clocks: (tick: number) => bigint | undefined = () => undefined): Recording {
  const startedAt = { monotonicNs: `${MONOTONIC}`, realNs: `${at(start)}`, boottimeNs: '0' };
  const author = new Author({ metadata: { startedAt, hz: 1 / 60 } });
  author.arrive(0, someone(10));
  author.set(0, { rss: 4096 });
  for (let minute = 0; minute < 150; minute++) {
    author.tick = minute * 600;
    const realNs = clocks(minute);
    if (realNs !== undefined) {
      author.writer.event(author.nowNs, { type: 'clock', realNs: `${realNs}`, boottimeNs: '0' });
    }
    author.sweep();
  }
  author.close();
  return author.open();
}

describe('an instant', () => {
  it('is a mark, also one just before the first frame or behind the last', () => {
    const recording = recorded(20, { 0: 'begin', 7: '03:02', 20: 'end' });
    expect(parseInstant(recording, '03:02')).toMatchObject({ timeNs: unixOf(7), isMark: true });
    expect(instantWithin(recording, 'begin').timeNs).toBe(unixOf(0));
    expect(instantWithin(recording, 'end').timeNs).toBe(unixOf(20));
    const author = new Author();
    author.writer.event(MONOTONIC - SECOND / 2n, { type: 'mark', name: 'early' });
    author.writer.event(MONOTONIC - 30n * SECOND, { type: 'mark', name: 'long before' });
    author.arrive(0, someone(10));
    author.set(0, { rss: 1 });
    author.sweep();
    expect(instantWithin(author.open(), 'early').timeNs).toBe(unixOf(0));
    expect(() => instantWithin(author.open(), 'long before')).toThrow(OutsideRecordingError);
  });

  it('is the latest of marks of one name, and says so', () => {
    const recording = recorded(20, { 3: 'gc', 9: 'gc\x1b', 12: 'gc' });
    const { timeNs, choice } = instantWithin(recording, 'gc');
    expect(timeNs).toBe(unixOf(12));
    expect(choice).toMatch(/^2 marks are called "gc"; the latest is taken, of 2023-11-14T23:13:21.200\+01:00$/);
    expect(instantWithin(recording, 'gc\x1b').choice).toBeUndefined();
  });

  it('counts from the newest frame, and reaches from the first frame to a tick behind the last', () => {
    const recording = recorded(20);
    expect(recordedSpan(recording)).toEqual({ firstNs: unixOf(0), lastNs: unixOf(19) });
    expect(instantWithin(recording, '-1s').timeNs).toBe(unixOf(9));
    expect(instantWithin(recording, `${unixOf(0)}ns`).timeNs).toBe(unixOf(0));
    expect(instantWithin(recording, `${unixOf(20)}ns`).timeNs).toBe(unixOf(20));
    for (const text of [`${unixOf(0) - 1n}ns`, `${unixOf(20) + 1n}ns`, '-2s', '23:12']) {
      expect(() => instantWithin(recording, text)).toThrow(
        /^2023-.* is outside the recording, which is from 2023-11-14T23:13:20\.000\+01:00 to 2023-11-14T23:13:21\.900\+01:00$/,
      );
    }
    expect(() => instantWithin(recording, 'noon')).toThrow(InputError);
    expect(() => instantWithin(recording, 'noon')).toThrow(/or the name of a mark or span \(.*\)$/);
  });

  it('that clocks showed twice is the later one, and says which two there were', () => {
    const recording = slow('2025-10-26T00:10:00Z');
    const { timeNs, choice } = instantWithin(recording, '02:30');
    expect(timeNs).toBe(at('2025-10-26T01:30:00Z'));
    expect(choice).toBe(
      'clocks went back and showed 02:30 twice, at 2025-10-26T02:30:00+02:00 and at 2025-10-26T02:30:00+01:00; the later is taken',
    );
    // The first of the two is not in the recording, so there is no choice.
    expect(instantWithin(slow('2025-10-26T00:40:00Z'), '02:30').choice).toBeUndefined();
    expect(instantWithin(recording, '02:30').timeNs).not.toBe(at('2025-10-26T00:30:00Z'));
    const named = instantWithin(recording, '2025-10-26T02:30:00+02:00');
    expect(named).toMatchObject({ timeNs: at('2025-10-26T00:30:00Z'), isMark: false });
    expect(named.choice).toBeUndefined();
  });

  it('that the clock of the host had twice is the later one', () => {
    const start = '2025-06-01T00:00:00Z';
    // After an hour it is set back by half an hour.
    const recording = slow(start, (minute) => (minute === 60 ? at('2025-06-01T00:30:00Z') : undefined));
    const { choice } = instantWithin(recording, '2025-06-01T00:45:00Z');
    expect(choice).toBe(
      'the clock of the host was set back: it was 2025-06-01T02:45:00.000+02:00 twice, 30m0s apart; the later is taken',
    );
    expect(instantWithin(recording, '2025-06-01T00:15:00Z').choice).toBeUndefined();
  });

  describe('of a recording whose clock was set back by an hour after an hour, and had 02:00 to 03:00 and 02:00 to 03:30', () => {
    const minuteOf = (text: string) => Number((instantWithin(back(), text).monotonicNs - MONOTONIC) / (60n * SECOND));
    const back = () =>
      slow('2025-06-01T00:00:00Z', (minute) => (minute === 60 ? at('2025-06-01T00:00:00Z') : undefined));

    it('is the later one where there are two', () => {
      expect(minuteOf('02:15')).toBe(75);
      expect(instantWithin(back(), '02:15').choice).toMatch(
        /it was .*T02:15:00\.000\+02:00 twice, 1h0m apart; the later/,
      );
    });

    it('counts back over the step as the clock went on', () => {
      expect(minuteOf('-29m')).toBe(120);
      expect(minuteOf('-100m')).toBe(49);
      expect(() => instantWithin(back(), '-150m')).toThrow(OutsideRecordingError);
    });
  });

  describe('of a recording whose clock was set back by three hours after an hour, and had 12:00 to 13:00 and 10:00 to 11:30', () => {
    const back = () =>
      slow('2025-06-01T10:00:00Z', (minute) => (minute === 60 ? at('2025-06-01T08:00:00Z') : undefined));
    const minuteOf = (text: string) => Number((instantWithin(back(), text).monotonicNs - MONOTONIC) / (60n * SECOND));

    it('is found on both sides of the step, though the last frame is earlier by the clock than the first', () => {
      for (const [text, minute] of [
        ['12:15', 15],
        ['2025-06-01T10:15:00Z', 15],
        ['12:59:30', 59],
        ['10:00', 60],
        ['11:15', 135],
        ['2025-06-01T11:29:00+02:00', 149],
      ] as const) {
        expect([text, minuteOf(text)]).toEqual([text, minute]);
        expect(instantWithin(back(), text).choice).toBeUndefined();
      }
      using recording = back();
      expect(recording.at(at('2025-06-01T10:15:00Z'))?.timeNs).toBe(at('2025-06-01T10:15:00Z'));
      expect(recording.at(at('2025-06-01T09:15:00Z'))?.timeNs).toBe(at('2025-06-01T09:15:00Z'));
    });

    it('that no frame has is refused with both stretches', () => {
      for (const text of ['11:45', '09:59', '13:01']) {
        expect(() => instantWithin(back(), text)).toThrow(
          /is outside the recording, which is from 2025-06-01T12:00:00\.000\+02:00 to 2025-06-01T12:59:\S+ and, after its clock was set back, from 2025-06-01T10:00:00\.000\+02:00 to 2025-06-01T11:29:00\.000\+02:00$/,
        );
      }
    });

    it('bounds a range', () => {
      expect(() => checkRange(back(), { from: at('2025-06-01T10:15:00Z') })).not.toThrow();
      expect(() => checkRange(back(), { to: at('2025-06-01T08:15:00Z') })).not.toThrow();
      expect(() => checkRange(back(), { from: at('2025-06-01T11:00:01Z') })).toThrow(OutsideRecordingError);
      expect(() => checkRange(back(), { to: at('2025-06-01T07:59:00Z') })).toThrow(OutsideRecordingError);
    });
  });
});

describe('a range', () => {
  it('must reach into the recording', () => {
    const recording = recorded(20);
    expect(() => checkRange(recording, { from: unixOf(5), to: unixOf(900) })).not.toThrow();
    expect(() => checkRange(recording, { to: unixOf(0) })).not.toThrow();
    expect(() => checkRange(recording, { from: unixOf(19) + 1n })).toThrow(
      /^nothing is recorded from 2023-11-14T23:13:21\.900\+01:00 on; the recording is from /,
    );
    expect(() => checkRange(recording, { to: unixOf(0) - 1n })).toThrow(/^nothing is recorded up to /);
  });

  it('must have a frame', () => {
    const recording = recorded(20);
    expect(() => checkRange(recording, { from: unixOf(5), to: unixOf(5) })).not.toThrow();
    expect(() => checkRange(recording, { from: unixOf(5) + 1n, to: unixOf(6) })).not.toThrow();
    expect(() => checkRange(recording, { from: unixOf(5) + 1n, to: unixOf(6) - 1n })).toThrow(
      /^no frame lies between 2023-11-14T23:13:20.500\+01:00 and 2023-11-14T23:13:20.599\+01:00$/,
    );
    // Which of them is later is not asked here.
    expect(() => checkRange(recording, { from: unixOf(6), to: unixOf(5) })).not.toThrow();
  });
});
