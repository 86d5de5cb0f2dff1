/** What a screen knows of the time before an instant of a recording that is made by hand: a tick each tenth of a second. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { identityKey } from '../engine/identity.js';
import { InstantView } from '../recording/instant-view.js';
import type { Recording } from '../recording/recording.js';
import { ReplayHistory } from './replay-history.js';

const n = Number.NaN;
const KEY = identityKey(someone(10));
const at = (tick: number) => MONOTONIC + (BigInt(tick) * SECOND) / 10n;

/** One process in slot 3 with so many bytes at each of these ticks. */
function recorded(course: Readonly<Record<number, number>>): Recording {
  const author = new Author();
  author.arrive(3, someone(10));
  for (const [tick, rss] of Object.entries(course)) {
    author.set(3, { rss });
    author.sweep({ missed: Number(tick) - author.tick });
  }
  return author.open();
}

/** A value a second: 100, 110 and so on, but for a peak at the third. */
const RISING = Object.fromEntries(Array.from({ length: 31 }, (_, s) => [s * 10, s === 2 ? 900 : 100 + 10 * s]));

function whole(recording: Recording, tick: number): ReplayHistory {
  const history = new ReplayHistory(recording);
  history.begin(at(tick));
  while (history.advance());
  return history;
}

describe('a history', () => {
  it('tells of each process at its frame what came until then', () => {
    const history = whole(recorded(RISING), 200);
    expect([history.isWholeFor(at(200)), history.targetNs]).toEqual([true, at(200)]);
    expect(history.of(KEY, at(200))).toMatchObject({
      ...{ key: KEY, slot: 3, rss: 300, peak: 900, peakNs: at(20) },
      ...{ short: { value: 100, overNs: 10e9 }, long: { value: 200, overNs: 20e9 } },
    });
    expect(history.of('11:111', at(200))).toBeUndefined();
    expect(history.shape(3, 21).slice(0, 4)).toEqual([100, 110, 900, 130]);
    expect(history.shape(3, 21).at(-1)).toBe(300);
  });

  it('tells nothing of another instant', () => {
    const history = whole(recorded(RISING), 200);
    for (const tick of [190, 210]) {
      expect(history.isWholeFor(at(tick))).toBe(false);
      expect(history.of(KEY, at(tick))).toBeUndefined();
    }
  });

  it('reaches back ten minutes', () => {
    const recording = recorded({ 0: 900, 10: 500, 20: 100, 6010: 200, 6020: 300 });
    expect(whole(recording, 6010).of(KEY, at(6010))).toMatchObject({ peak: 500, peakNs: at(10) });
    expect(whole(recording, 6020).of(KEY, at(6020))).toMatchObject({ peak: 300, long: { value: 200 } });
  });

  it('knows nothing before it was begun', () => {
    const history = new ReplayHistory(recorded(RISING));
    expect([history.advance(), history.targetNs, history.isWholeFor(at(0))]).toEqual([false, undefined, false]);
    expect(history.shape(3, 3)).toEqual([n, n, n]);
  });

  it('is given up where its frame is gone', () => {
    const history = new ReplayHistory(recorded(RISING));
    history.begin(at(200) + 1n);
    expect(history.targetNs).toBe(at(200) + 1n);
    expect(history.advance()).toBe(false);
    expect([history.targetNs, history.isWholeFor(at(200) + 1n), history.isWholeFor(at(200))]).toEqual([
      ...[undefined, false, false],
    ]);
    expect(history.advance()).toBe(false);
  });
});

describe('the work', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A clock that goes on by so many milliseconds each time that it is read. Returns how often it was. */
  function clock(step: number): () => number {
    let now = 0;
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += step;
      return now;
    });
    return () => spy.mock.calls.length;
  }

  it('is done in pieces of some milliseconds, and the frame that it is for is the last', () => {
    const history = new ReplayHistory(recorded({ 0: 1, 1: 2, 2: 3, 3: 4, 4: 5 }));
    clock(5);
    history.begin(at(3));
    // Two frames a piece: read at 5, 10 and 15 ms, until 13.
    expect([history.advance(), history.isWholeFor(at(3)), history.targetNs]).toEqual([true, false, at(3)]);
    expect(history.of(KEY, at(3))).toBeUndefined();
    expect([history.advance(), history.isWholeFor(at(3))]).toEqual([false, true]);
    expect(history.of(KEY, at(3))).toMatchObject({ rss: 4, peak: 4 });
  });

  it('goes on for as long as a piece may take', () => {
    const history = new ReplayHistory(recorded({ 0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6 }));
    const read = clock(4);
    history.begin(at(5));
    // At 4 ms, until 12: the frames are done at 8, 12 and 16.
    expect([history.advance(), read()]).toEqual([true, 4]);
    expect(history.advance()).toBe(false);
  });

  it('is over once it is whole', () => {
    const history = whole(recorded(RISING), 200);
    const read = clock(100);
    expect([history.advance(), read()]).toEqual([false, 0]);
    expect(history.isWholeFor(at(200))).toBe(true);
  });

  it('that is begun anew tells nothing until it is whole, but for the shapes of before', () => {
    const history = whole(recorded(RISING), 200);
    history.begin(at(100));
    expect([history.isWholeFor(at(200)), history.isWholeFor(at(100)), history.targetNs]).toEqual([
      false,
      false,
      at(100),
    ]);
    expect(history.of(KEY, at(100))).toBeUndefined();
    expect(history.shape(3, 21).at(-1)).toBe(300);
    expect(history.advance()).toBe(false);
    expect(history.of(KEY, at(100))).toMatchObject({ rss: 200, short: { value: 100 } });
    expect(history.shape(3, 11).at(-1)).toBe(200);
  });
});

describe('a step', () => {
  const view = (recording: Recording, tick: number) => {
    const found = new InstantView(recording, ['rss']);
    found.moveTo(at(tick));
    return found;
  };

  it('to the next frame is taken in', () => {
    const recording = recorded(RISING);
    const history = whole(recording, 200);
    history.stepOn(view(recording, 210), at(200));
    expect([history.isWholeFor(at(200)), history.isWholeFor(at(210)), history.targetNs]).toEqual([
      false,
      true,
      at(210),
    ]);
    expect(history.of(KEY, at(210))).toMatchObject({
      rss: 310,
      peak: 900,
      short: { value: 100 },
      long: { value: 210 },
    });
    expect(history.shape(3, 22).at(-1)).toBe(310);
    expect(history.advance()).toBe(false);
  });

  it('from a frame that it is not whole for is not', () => {
    const recording = recorded(RISING);
    const history = whole(recording, 200);
    history.stepOn(view(recording, 220), at(210));
    expect([history.targetNs, history.isWholeFor(at(200))]).toEqual([at(200), true]);
    history.begin(at(210));
    history.stepOn(view(recording, 220), at(210));
    expect([history.targetNs, history.isWholeFor(at(220))]).toEqual([at(210), false]);
  });
});
