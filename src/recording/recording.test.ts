/** Questions to a recording whose content is known tick by tick, against a plain computation of the same. */
import { describe, expect, it } from 'vitest';
import { Author, SECOND, START, someone, unixOf } from '../../test/recorder/synthetic.js';
import { STATUSES, Status } from '../schema.js';
import type { Recording } from './recording.js';

const A = someone(10, 'alpha');
const B = someone(20, 'beta');
const A2 = someone(10, 'gamma', 999);
const keyOf = ({ pid, startTicks }: { pid: number; startTicks: number }) => ({ pid, startTicks });
const rssOfA = (tick: number) => 4096 * (100 + ((tick * 7) % 13));

/** 40 ticks of 100 ms: A is there until tick 24, its pid is reused from tick 30 on; B has no values at ticks 5 to 9. */
function write(): Recording {
  const author = new Author();
  author.arrive(0, A);
  author.arrive(1, B);
  for (let tick = 0; tick < 40; tick++) {
    if (tick === 10) author.writer.event(unixless(tick), { type: 'mark', name: 'ten' });
    if (tick === 12) author.writer.event(unixless(tick), { type: 'begin', name: 'span', span: 1 });
    if (tick === 14) author.writer.event(unixless(tick), { type: 'begin', name: 'open', span: 2 });
    if (tick === 16) author.writer.event(unixless(tick), { type: 'end', span: 1 });
    if (tick === 30) author.arrive(0, A2);
    if (tick < 24) author.set(0, { rss: rssOfA(tick), threads: 1 });
    if (tick === 24) author.set(0, {}, Status.gone);
    if (tick >= 30) author.set(0, { rss: 1, threads: 1 });
    const isDenied = tick >= 5 && tick < 10;
    author.set(1, isDenied ? {} : { rss: tick * 4096, userTime: tick * 1e7 }, isDenied ? Status.denied : Status.ok);
    author.sweep();
    if (tick % 8 === 3) author.deep([0, 1], { pss: 1024 * tick, uss: 512 * tick });
    if (tick === 24) author.depart(0);
  }
  author.close();
  return author.open();
}

function unixless(tick: number): bigint {
  return unixOf(tick) - START + 5000n * SECOND;
}

const recording = write();
const seconds = (ticks: number[]) => ticks.map((tick) => unixOf(tick));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('a series', () => {
  it('has every point, and the reason for each that has no value', () => {
    const { timeNs, value, status } = recording.series(keyOf(A), 'rss');
    expect([...timeNs]).toEqual(seconds(range(0, 25)));
    expect([...value]).toEqual([...range(0, 24).map(rssOfA), Number.NaN]);
    expect([...status]).toEqual([...range(0, 24).fill(Status.ok), Status.gone]);
    const denied = recording.series(keyOf(B), 'rss');
    expect([...denied.status].map((one) => STATUSES[one]).slice(4, 11)).toEqual([
      'ok',
      ...range(0, 5)
        .fill(0)
        .map(() => 'denied'),
      'ok',
    ]);
    expect(denied.value[5]).toBeNaN();
    // Measured as absent in a row that was read: the kernel does not have it.
    expect(STATUSES[recording.series(keyOf(A), 'vsize').status[0]!]).toBe('unsupported');
  });

  it('does not mistake a reused pid for the process that had it', () => {
    expect([...recording.series(keyOf(A2), 'rss').value]).toEqual(range(30, 40).map(() => 1));
    expect(recording.series({ pid: 10, startTicks: 5 }, 'rss').timeNs).toHaveLength(0);
  });

  it('of a deep metric has the points that were read, at the ticks that read them', () => {
    const { timeNs, value } = recording.series(keyOf(B), 'pss');
    expect([...timeNs]).toEqual(seconds([3, 11, 19, 27, 35]));
    expect([...value]).toEqual([3, 11, 19, 27, 35].map((tick) => tick * 1024));
  });

  it('includes both ends of a range', () => {
    const between = recording.series(keyOf(A), 'rss', { from: unixOf(4), to: unixOf(9) });
    expect([...between.timeNs]).toEqual(seconds(range(4, 10)));
    expect([...recording.series(keyOf(A), 'rss', { from: unixOf(4) + 1n, to: unixOf(9) - 1n }).timeNs]).toEqual(
      seconds(range(5, 9)),
    );
    expect(recording.series(keyOf(A), 'rss', { from: unixOf(9), to: unixOf(4) }).timeNs).toHaveLength(0);
    expect(recording.series(keyOf(A), 'rss', { from: unixOf(100) }).timeNs).toHaveLength(0);
    // What was read before the range is not a point of it.
    expect([...recording.series(keyOf(B), 'pss', { from: unixOf(5) }).timeNs]).toEqual(seconds([11, 19, 27, 35]));
    expect([...recording.series(keyOf(B), 'pss', { from: unixOf(11), to: unixOf(20) }).timeNs]).toEqual(
      seconds([11, 19]),
    );
  });

  it.each(['last', 'min', 'max', 'mean', 'sum'] as const)('reduced to %s is what a plain computation says', (agg) => {
    for (const every of [SECOND / 2n, SECOND, 3n * SECOND, SECOND / 10n, SECOND / 3n]) {
      const groups = new Map<bigint, number[]>();
      const plain = recording.series(keyOf(B), 'rss', { from: unixOf(2), to: unixOf(33) });
      plain.value.forEach((value, index) => {
        if (Number.isNaN(value)) return;
        const start = (plain.timeNs[index]! / every) * every;
        groups.set(start, [...(groups.get(start) ?? []), value]);
      });
      const reduce = {
        last: (values: number[]) => values.at(-1)!,
        min: (values: number[]) => Math.min(...values),
        max: (values: number[]) => Math.max(...values),
        mean: (values: number[]) => values.reduce((a, b) => a + b) / values.length,
        sum: (values: number[]) => values.reduce((a, b) => a + b),
      }[agg];
      const { timeNs, value, status } = recording.series(keyOf(B), 'rss', {
        from: unixOf(2),
        to: unixOf(33),
        every,
        agg,
      });
      expect([...timeNs]).toEqual([...groups.keys()]);
      expect([...value]).toEqual([...groups.values()].map(reduce));
      expect(new Set(status)).toEqual(new Set([Status.ok]));
    }
  });

  it('has no point where nothing was measured in an interval', () => {
    const { timeNs } = recording.series(keyOf(B), 'rss', { every: SECOND / 2n });
    expect([...timeNs]).not.toContain(unixOf(5));
    expect([...timeNs]).toContain(unixOf(0));
  });

  it.each([
    [{ every: 0n }, /"every" option to be a positive bigint of nanoseconds, got 0/],
    [{ every: 1000 as never }, /"every" option/],
    [{ agg: 'median' as never }, /"agg" option to be one of last, min, max, mean, sum, got median/],
    [{ from: 5 as never }, /"from" option to be a bigint of Unix nanoseconds, got 5/],
    [{ to: 'now' as never }, /"to" option/],
  ])('refuses %o', (options, sentence) => {
    expect(() => recording.series(keyOf(A), 'rss', options)).toThrow(sentence);
  });

  it('refuses a metric that there is not', () => {
    expect(() => recording.series(keyOf(A), 'resident' as never)).toThrow(/no metric "resident"; the metrics are rss /);
  });
});

describe('the state at a time', () => {
  it.each([
    ['exactly at a tick', unixOf(7), 7],
    ['between two', unixOf(7) + 99n, 7],
    ['just before one', unixOf(8) - 1n, 7],
    ['at the first', unixOf(0), 0],
    ['after the last', unixOf(5000), 39],
  ])('%s', (_name, time, tick) => {
    const snapshot = recording.at(time)!;
    expect(snapshot.timeNs).toBe(unixOf(tick));
    expect(snapshot.processes.find(({ pid }) => pid === 20)!.values).toMatchObject({
      rss: tick >= 5 && tick < 10 ? null : tick * 4096,
    });
  });

  it('before the recording is unknown', () => {
    expect(recording.at(unixOf(0) - 1n)).toBeUndefined();
  });

  it('has the deep values of before, and says how old they are', () => {
    const beta = (tick: number) => recording.at(unixOf(tick))!.processes.find(({ pid }) => pid === 20)!;
    expect(beta(2)).toMatchObject({ rollupStatus: 'not-due', rollupAgeNs: null, values: { pss: null } });
    expect(beta(3)).toMatchObject({ rollupStatus: 'ok', rollupAgeNs: 0n, values: { pss: 3072 } });
    expect(beta(4)).toMatchObject({ rollupStatus: 'not-due', values: { pss: 3072 } });
    expect(beta(4).rollupAgeNs).toBe(SECOND / 10n - 5000n);
    // A process with a reused slot and pid begins without any.
    expect(recording.at(unixOf(31))!.processes.find(({ pid }) => pid === 10)).toMatchObject({
      startTicks: 999,
      comm: 'gamma',
      rollupAgeNs: null,
      values: { pss: null, rss: 1 },
    });
  });
});

describe('a real clock that is set while it runs', () => {
  /** At tick 10 forward by an hour, at tick 20 back by half a second. */
  function recorded(): Recording {
    const author = new Author();
    author.arrive(0, A);
    let shift = 0n;
    for (let tick = 0; tick < 30; tick++) {
      if (tick === 10) shift += HOUR;
      if (tick === 20) shift -= SECOND / 2n;
      if (tick === 10 || tick === 20) {
        author.writer.clock({ monotonicNs: author.nowNs, realNs: unixOf(tick) + shift, boottimeNs: 0n });
      }
      author.set(0, { rss: tick });
      author.sweep();
    }
    author.close();
    return author.open();
  }

  const HOUR = 3600n * SECOND;
  const stepped = recorded();
  const between = (from: bigint, to: bigint) => [...stepped.series(keyOf(A), 'rss', { from, to }).value];

  it('shows in the times of the frames', () => {
    const { timeNs } = stepped.series(keyOf(A), 'rss');
    expect(timeNs[9]).toBe(unixOf(9));
    expect(timeNs[10]).toBe(unixOf(10) + HOUR);
    expect(timeNs[19]).toBe(unixOf(19) + HOUR);
    expect(timeNs[20]).toBe(unixOf(15) + HOUR);
  });

  it('makes a range hold all frames that have a time in it', () => {
    expect(between(unixOf(8), unixOf(11))).toEqual([8, 9]);
    expect(between(unixOf(8) + HOUR / 2n, unixOf(11) + HOUR)).toEqual([10, 11]);
    // These times were twice: all from the first to the last.
    expect(between(unixOf(16) + HOUR, unixOf(18) + HOUR)).toEqual(range(16, 24));
    expect(between(unixOf(22) + HOUR, unixOf(99) + HOUR)).toEqual([27, 28, 29]);
  });
});

describe('processes, marks and frames', () => {
  it('are found by what is known of them', () => {
    const keys = (query: Parameters<Recording['processes']>[0]) =>
      recording.processes(query).map(({ comm, firstNs, lastNs, frames }) => [comm, firstNs, lastNs, frames]);
    const alpha = ['alpha', unixOf(0), unixOf(24), 25];
    const beta = ['beta', unixOf(0), unixOf(39), 40];
    const gamma = ['gamma', unixOf(30), unixOf(39), 10];
    expect(keys({})).toEqual([alpha, beta, gamma]);
    expect(keys({ pid: 10 })).toEqual([alpha, gamma]);
    expect(keys({ comm: 'alpha' })).toEqual([alpha]);
    expect(keys({ comm: 'alph' })).toEqual([]);
    // A global pattern remembers where it stopped, and must not.
    expect(keys({ comm: /a$/g })).toEqual([alpha, beta, gamma]);
    expect(keys({ comm: /^(be|ga)/ })).toEqual([beta, gamma]);
    expect(keys({ aliveAt: unixOf(24) })).toEqual([alpha, beta]);
    expect(keys({ aliveAt: unixOf(25) })).toEqual([beta]);
    expect(keys({ aliveAt: unixOf(33), pid: 10 })).toEqual([gamma]);
    expect(keys({ aliveAt: unixOf(40) })).toEqual([]);
    expect(keys({ kernelThreads: true })).toEqual([]);
    expect(recording.processes({ pid: 10 }).map(({ departed }) => departed)).toEqual([true, false]);
  });

  it('marks come by time, spans with their end', () => {
    expect(recording.marks()).toEqual([
      { name: 'ten', kind: 'mark', timeNs: unixOf(10) },
      { name: 'span', kind: 'span', timeNs: unixOf(12), endNs: unixOf(16) },
      { name: 'open', kind: 'span', timeNs: unixOf(14), endNs: undefined },
    ]);
  });

  it('frames come in order, in the range asked for', () => {
    const ticks = (options = {}) =>
      Array.from(recording.frames(options), (frame) => (frame.kind === 'frame' ? frame.tick : -1));
    expect(ticks()).toEqual(range(0, 40));
    expect(ticks({ from: unixOf(3), to: unixOf(6) })).toEqual([3, 4, 5, 6]);
    for (const frame of recording.frames({ from: unixOf(26), to: unixOf(26) })) {
      if (frame.kind === 'gap') throw new Error('a gap');
      expect(frame).toMatchObject({ timeNs: unixOf(26), endNs: unixOf(26) + 1000n, latenessNs: 1000, count: 1 });
      expect(() => frame.value(1, 'rss')).toThrow(RangeError);
      expect(() => frame.value(0, 'rsss' as never)).toThrow(TypeError);
    }
  });

  it('give whole columns with the same values as their rows, absent ones included', () => {
    let [values, absent] = [0, 0];
    for (const frame of recording.frames()) {
      if (frame.kind === 'gap') throw new Error('a gap');
      for (const metric of ['rss', 'threads', 'userTime', 'hwm', 'pss', 'swap'] as const) {
        const rows = Array.from({ length: frame.count }, (_, index) => frame.value(index, metric));
        expect([...frame.column(metric)]).toEqual(rows);
        const larger = new Float64Array(frame.count + 1).fill(-1);
        expect(frame.column(metric, larger)).toBe(larger);
        expect([...larger]).toEqual([...rows, -1]);
        values += rows.length;
        absent += rows.filter(Number.isNaN).length;
      }
      expect(() => frame.column('rss', new Float64Array(frame.count - 1))).toThrow(RangeError);
      expect(() => frame.column('rsss' as never)).toThrow(TypeError);
    }
    expect(absent).toBeGreaterThan(0);
    expect(absent).toBeLessThan(values);
  });
});
