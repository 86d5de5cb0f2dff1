/** A process that ended is told as it was before its memory was freed, of recordings made by hand: a tick each 100 ms. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Author, METADATA, someone, unixOf } from '../../test/recorder/synthetic.js';
import { storeMappings } from '../../test/recorder/synthetic-mappings.js';
import { behind, explain, heap, MAIN, MIB, recorded, TICK, why } from '../../test/recorder/synthetic-why.js';
import { scratch } from '../../test/recorder/workload.js';
import { mergeRecordings } from '../recording/merge.js';
import { openRecording } from '../recording/recording.js';
import { Status } from '../schema.js';
import { recordedGrowth } from './recorded-growth.js';

const FULL = 308;

/** It has 308 MiB for eight ticks, and then what is listed; NaN: its memory has gone. Read deeply at tick 3. */
function ending(rest: readonly number[], tell: (author: Author, tick: number) => void = () => {}): Author {
  return recorded(8 + rest.length, (one, tick) => {
    const mib = tick < 8 ? FULL : rest[tick - 8]!;
    if (tick === 4) one.deep([0], { pss: 306 * MIB, uss: 305 * MIB });
    one.set(0, { rss: mib * MIB }, Number.isNaN(mib) ? Status.noMm : Status.ok);
    tell(one, tick);
  });
}

describe('a process that ended', () => {
  it('is told as it was before its memory was freed, and that it was exiting', () => {
    const author = ending([40, 8, Number.NaN]);
    expect(why(author, 10)).toMatchObject({
      ...{ atNs: unixOf(7), atExit: { rss: 8 * MIB, atNs: unixOf(9) } },
      numbers: { rss: FULL * MIB, pss: 306 * MIB, uss: 305 * MIB },
    });
    expect(why(author, 9)).toMatchObject({ atNs: unixOf(7), numbers: { rss: FULL * MIB } });
    // Who asks for an instant at which more was to come is told of that.
    expect(why(author, 8)).toMatchObject({ atNs: unixOf(8), numbers: { rss: 40 * MIB } });
    expect(why(author, 8)).not.toHaveProperty('atExit');
    expect(why(author, 10, 8)).toMatchObject({ atNs: unixOf(9), numbers: { rss: 8 * MIB } });
  });

  it('may be known to have ended by an event alone', () => {
    const departed = ending([8]);
    departed.depart(0);
    departed.close();
    expect(why(departed, 8)).toMatchObject({ atNs: unixOf(7), atExit: { rss: 8 * MIB, atNs: unixOf(8) } });
    const exited = ending([8]);
    const { pid, startTicks } = MAIN;
    exited.writer.event(exited.nowNs, { type: 'exit', pid, startTicks, comm: 'main', exitStatus: 0, cpuNs: 1 });
    exited.close();
    expect(why(exited, 8)).toMatchObject({ atNs: unixOf(7) });
    const goesOn = ending([8]);
    goesOn.close();
    expect(why(goesOn, 8)).toMatchObject({ atNs: unixOf(8), numbers: { rss: 8 * MIB } });
  });

  it('is told as another program where it became one', () => {
    const author = ending([8, Number.NaN], (one, tick) => {
      const { pid, startTicks } = MAIN;
      if (tick === 8) one.writer.event(behind(7), { type: 'ran', pid, startTicks, comm: 'small' });
    });
    expect(why(author, 9)).toMatchObject({ atNs: unixOf(8), numbers: { rss: 8 * MIB } });
  });

  it('is told with the mappings and the growth from before', () => {
    const author = ending([8, Number.NaN], (one, tick) => {
      if (tick === 6) storeMappings(one, MAIN, 5, heap(48), behind(5));
      if (tick === 9) storeMappings(one, MAIN, 8, heap(1), behind(8));
    });
    const { memory, mappingsAgeNs, growth, mappingGrowth } = why(author, 9, 0);
    expect(memory!.total.rss).toBe(48 * MIB);
    expect(mappingsAgeNs).toBe(TICK + TICK / 2n);
    expect(growth).toMatchObject({ first: FULL * MIB, last: FULL * MIB, verdict: 'steady' });
    expect(mappingGrowth).toEqual([]);
  });
});

describe('the share of a process that freed memory', () => {
  it('is estimated from its last read by what is resident, and never more than that', () => {
    const author = ending([100, 100, 8]);
    const { numbers, isShareEstimated, shareAgeNs } = why(author, 8);
    // 305 were its own, of which 208 have gone, and of 3 others it has a third.
    expect([numbers.rss, numbers.uss, numbers.pss].map((bytes) => bytes / MIB)).toEqual([100, 97, 98]);
    expect(isShareEstimated).toBe(true);
    expect(shareAgeNs).toBe(5n * TICK - 5000n);
    const last = why(author, 10);
    expect(last.numbers.pss).toBeLessThanOrEqual(8 * MIB);
    expect(last.numbers.uss).toBe(5 * MIB);
    expect(why(author, 7)).not.toHaveProperty('isShareEstimated');
  });
});

describe('the growth of a process that ended', () => {
  it('is that before its memory was freed, and says what it had at the end', () => {
    const author = ending([40, 8, Number.NaN], (one, tick) => {
      if (tick === 6) storeMappings(one, MAIN, 5, heap(48), behind(5));
      if (tick === 10) storeMappings(one, MAIN, 9, heap(1), behind(9));
    });
    using recording = author.open();
    const [row, mapped] = recordedGrowth(recording);
    expect(row).toMatchObject({ comm: 'main', last: FULL * MIB, verdict: 'too-short', atExit: 8 * MIB });
    expect(mapped).toMatchObject({ points: 1, last: 48 * MIB });
    expect(mapped).not.toHaveProperty('atExit');
    // Of a range that ends before, it goes on.
    expect(recordedGrowth(recording, { to: unixOf(9) })[0]).toMatchObject({ last: 8 * MIB });
  });

  it('is told of one that is in no later frame, and not of one that goes on', () => {
    const author = recorded(12, (one, tick) => {
      if (tick === 0) one.arrive(1, someone(11, 'stays'));
      if (tick === 10) one.depart(0);
      one.set(0, { rss: (tick < 9 ? FULL : 8) * MIB });
      one.set(1, { rss: (tick < 11 ? FULL : 8) * MIB });
    });
    using recording = author.open();
    const last = recordedGrowth(recording).map((row) => [row.comm, row.last / MIB, row.atExit]);
    expect(last.sort()).toEqual([
      ['main', FULL, 8 * MIB],
      ['stays', 8, undefined],
    ]);
  });

  it('is told of one of whose end there is an event alone', () => {
    const author = ending([8]);
    const { pid, startTicks } = MAIN;
    author.writer.event(author.nowNs, { type: 'exit', pid, startTicks, comm: 'main', exitStatus: 0, cpuNs: 1 });
    author.close();
    using recording = author.open();
    expect(recordedGrowth(recording)).toMatchObject([{ last: FULL * MIB, atExit: 8 * MIB }]);
    expect(recordedGrowth(recording, { to: unixOf(8) })).toMatchObject([{ last: 8 * MIB }]);
  });

  it('has what another program left behind', () => {
    const author = recorded(10, (one, tick) => {
      if (tick === 8) one.arrive(0, { ...MAIN, comm: Buffer.from('small') });
      one.set(0, { rss: (tick < 8 ? FULL : 8) * MIB }, tick === 9 ? Status.gone : Status.ok);
      if (tick === 9) one.set(0, {}, Status.gone);
    });
    using recording = author.open();
    expect(recordedGrowth(recording)).toMatchObject([{ comm: 'small', last: 8 * MIB }]);
  });
});

describe('the growth of mappings of merged recordings', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());

  it('is that of each host, in the order of time', () => {
    const host = (bootId: string, from: number) =>
      recorded(
        20,
        (one, tick) => {
          one.set(0, { rss: 60 * MIB });
          if (tick >= from && tick < from + 9) storeMappings(one, MAIN, tick - 1, heap(tick), behind(tick - 1));
        },
        // Each by a writer of its own.
        { host: { ...METADATA.host, bootId }, writer: { ...METADATA.writer, pid: from } },
      );
    const authors = [host('a', 10), host('b', 1), host('a', 1)];
    for (const author of authors) author.close();
    const file = folder.file('merged.tide');
    mergeRecordings(
      authors.map((author) => author.open()),
      file,
    );
    using recording = openRecording(file);
    const mapped = recordedGrowth(recording, { from: unixOf(0) }).filter(({ mapping }) => mapping);
    expect(mapped.map(({ source, points, first, last }) => [source, points, first / MIB, last / MIB]).sort()).toEqual([
      [0, 18, 1, 18],
      [1, 9, 1, 9],
    ]);
    expect(explain(recording, { atNs: unixOf(19) }).mappingGrowth).toHaveLength(1);
  });
});
