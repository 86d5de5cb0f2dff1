/** Why a process has its memory, of recordings made by hand: a tick each tenth of a second. */
import { describe, expect, it } from 'vitest';
import { Author, someone, unixOf } from '../../test/recorder/synthetic.js';
import { MAPPED, mapping, storeMappings } from '../../test/recorder/synthetic-mappings.js';
import {
  BY_KERNEL,
  behind,
  explain,
  file,
  growing,
  heap,
  K,
  MAIN,
  MIB,
  many,
  recorded,
  SHARED,
  TICK,
  why,
} from '../../test/recorder/synthetic-why.js';
import { Status } from '../schema.js';

const n = Number.NaN;

describe('the process', () => {
  it('is told with its command line, and its name as bytes where that is no text', () => {
    const author = recorded(2, (one, tick) => {
      const args = ['main', '--fast', 'a b'];
      if (tick === 0) one.writer.command(one.nowNs, { pid: 10, startTicks: 110, exe: '/bin/main', args });
      growing(one, tick);
    });
    author.arrive(1, someone(11, Uint8Array.of(0x61, 0xff)));
    author.set(1, { rss: MIB });
    author.sweep();
    author.close();
    expect(why(author, 1)).toMatchObject({
      ...{ source: 'recording', atNs: unixOf(1), sinceNs: unixOf(0) },
      process: { pid: 10, startTicks: 110, comm: 'main', commandLine: 'main --fast a b' },
    });
    expect(why(author, 1).process).not.toHaveProperty('commHex');
    using recording = author.open();
    expect(explain(recording, { atNs: unixOf(2) }, 11)).toMatchObject({
      process: { pid: 11, startTicks: 111, comm: 'a\ufffd', commHex: '61ff' },
      numbers: { rss: MIB },
    });
  });

  it('is told from its begin on where more is asked for', () => {
    const author = new Author({ metadata: MAPPED });
    author.sweep();
    author.arrive(0, MAIN);
    for (let tick = 1; tick < 4; tick++) {
      author.set(0, { rss: MIB });
      author.sweep();
    }
    expect(why(author, 3, 0).sinceNs).toBe(unixOf(1));
    expect(why(author, 3, 2).sinceNs).toBe(unixOf(2));
    // Without the start where nothing was asked for: of all three the growth has every point.
    expect(why(author, 3, 2).growth).toMatchObject({ points: 2 });
    expect(why(author, 3, 0).growth).toMatchObject({ points: 3 });
  });

  it('has the numbers of its tick, and of the deep read before it with its age', () => {
    const author = recorded(
      10,
      (one, tick) => {
        if (tick === 6) one.deep([0], { pss: 70 * MIB, uss: 60 * MIB, swap: 5 * MIB });
        one.set(0, { rss: (100 + tick) * MIB, rssAnon: 9 * MIB, rssFile: 8 * MIB, vsize: 400 * MIB, threads: 3 });
      },
      BY_KERNEL,
    );
    const { numbers, shareAgeNs, unseen } = why(author, 8);
    expect(numbers).toEqual({
      ...{ rss: 108 * MIB, rssAnon: 9 * MIB, rssFile: 8 * MIB, rssShmem: n, pss: 70 * MIB, uss: 60 * MIB },
      ...{
        swap: 5 * MIB,
        swapAnon: n,
        vsize: 400 * MIB,
        vsizePeak: n,
        hwm: n,
        pageTables: n,
        lockedSize: n,
        threads: 3,
      },
    });
    // A read begins five microseconds behind its sweep.
    expect(shareAgeNs).toBe(3n * TICK - 5000n);
    expect(unseen.map(({ what }) => what)).not.toContain('PSS and USS');
    expect(why(author, 4)).not.toHaveProperty('shareAgeNs');
  });

  it('is explained as it last was where it has gone', () => {
    const author = recorded(10, (one, tick) => {
      if (tick === 8) one.set(0, {}, Status.gone);
      else growing(one, Math.min(tick, 5));
      if (tick === 9) one.depart(0);
    });
    expect(why(author, 8)).toMatchObject({ atNs: unixOf(7), numbers: { rss: 105 * MIB } });
    expect(why(author, 6)).toMatchObject({ atNs: unixOf(6) });
    const brief = recorded(3, (one, tick) =>
      one.set(0, tick === 0 ? { rss: MIB } : {}, tick === 0 ? Status.ok : Status.gone),
    );
    expect(why(brief, 2)).toMatchObject({ atNs: unixOf(0), numbers: { rss: MIB } });
  });

  it.each([
    [598, 1],
    [602, 602],
  ])('of which nothing is known for %i ticks is told at tick %i', (missed, told) => {
    const author = new Author({ metadata: MAPPED });
    author.arrive(0, MAIN);
    author.set(0, { rss: 7 * MIB });
    author.sweep();
    author.set(0, { rss: 8 * MIB });
    author.sweep();
    author.set(0, {}, Status.denied);
    author.sweep({ missed: missed - 2 });
    // A minute is looked back.
    const { atNs, numbers } = why(author, missed);
    expect([atNs, numbers.rss]).toEqual([unixOf(told), told === 1 ? 8 * MIB : n]);
  });
});

describe('growth', () => {
  const author = recorded(50, (one, tick) => {
    growing(one, tick);
    if (tick % 10 === 5) storeMappings(one, MAIN, tick, heap(tick) + SHARED, behind(tick - 1));
  });
  author.close();

  it('is that of all its memory, and of the mappings that move', () => {
    const { growth, mappingGrowth } = why(author, 49, 0);
    expect(growth).toMatchObject({ first: 100 * MIB, last: 149 * MIB, points: 50, verdict: 'grows' });
    expect(growth!.slope.value).toBeCloseTo(10 * MIB, 0);
    expect(growth).not.toHaveProperty('mapping');
    const moved = { first: 5 * MIB, last: 45 * MIB, points: 5, verdict: 'too-short' };
    expect(mappingGrowth).toMatchObject([{ mapping: { name: '[heap]', mappingClass: 'heap' }, ...moved }]);
  });

  it('leaves out the start of a life, and all that is outside of the span', () => {
    expect(why(author, 29).growth).toMatchObject({ first: 106 * MIB, last: 129 * MIB, points: 24 });
    const { growth, mappingGrowth } = why(author, 36, 10);
    expect(growth).toMatchObject({ first: 110 * MIB, last: 136 * MIB, points: 27, seconds: 2.6 });
    expect(mappingGrowth).toMatchObject([{ first: 15 * MIB, last: 35 * MIB }]);
  });

  it('is there since a tenth of it was', () => {
    expect(why(author, 40, 0).grownSince).toEqual({ rss: 104 * MIB, atNs: unixOf(4) });
    expect(why(author, 40, 30).grownSince).toEqual({ rss: 131 * MIB, atNs: unixOf(31) });
    const still = recorded(9, (one) => one.set(0, { rss: MIB }));
    expect(why(still, 8)).not.toHaveProperty('grownSince');
  });

  it('is not that of a process of which nothing was known', () => {
    const denied = recorded(9, (one) => one.set(0, {}, Status.denied));
    const { growth, mappingGrowth, ...rest } = why(denied, 8);
    expect([growth, mappingGrowth]).toEqual([undefined, []]);
    expect(rest).not.toHaveProperty('mostSeen');
  });
});

describe('the most that was seen', () => {
  it('is the highest value until then, from its begin on, when it came first', () => {
    const course = [5, 9, n, 9, 3, 2, 20, 4];
    const author = recorded(course.length, (one, tick) => {
      one.set(0, { rss: course[tick]! * MIB }, Number.isNaN(course[tick]) ? Status.denied : Status.ok);
    });
    expect(why(author, 5, 4).mostSeen).toEqual({ rss: 9 * MIB, atNs: unixOf(1) });
    expect(why(author, 7).mostSeen).toEqual({ rss: 20 * MIB, atNs: unixOf(6) });
    expect(why(author, 0).mostSeen).toEqual({ rss: 5 * MIB, atNs: unixOf(0) });
  });

  it('is that of a spike in a long life', () => {
    const author = recorded(900, (one, tick) => one.set(0, { rss: (tick === 333 ? 500 : 5) * MIB }));
    // In the middle of a stretch of four or five ticks.
    expect(why(author, 899).mostSeen).toEqual({ rss: 500 * MIB, atNs: unixOf(333) });
  });
});

describe('faults', () => {
  it('are those between the first and the last sweep that read them', () => {
    const author = recorded(10, (one, tick) => {
      const isRead = tick >= 2 && tick <= 7;
      one.set(0, { rss: MIB, ...(isRead ? { minorFaults: 100 * tick, majorFaults: tick } : {}) });
    });
    expect(why(author, 9, 0).faults).toEqual({ minor: 500, major: 5, seconds: 0.5 });
    expect(why(author, 5, 3).faults).toEqual({ minor: 200, major: 2, seconds: 0.2 });
    expect(why(author, 9, 8).faults).toEqual({ minor: n, major: n, seconds: 0 });
  });
});

describe('what it is made of', () => {
  const other = someone(11, 'other');
  const SIXTEEN = file('40000000-40001000', 9, { Rss: 4 });

  it('is the last read until then, as old as it is', () => {
    const author = recorded(40, (one, tick) => {
      growing(one, tick);
      if (tick === 10) storeMappings(one, MAIN, 9, heap(10) + SHARED, behind(9));
      if (tick === 20) storeMappings(one, MAIN, 19, heap(20), behind(19));
      // A read that failed, and one of somebody else.
      if (tick === 22) storeMappings(one, MAIN, 21, '', behind(21));
      if (tick === 24) storeMappings(one, other, 23, heap(1), behind(23));
    });
    const { memory, mappingsAgeNs, unseen } = why(author, 15);
    expect(memory!.total).toMatchObject({ count: 3, rss: 10 * MIB + 164 * K, pss: 10 * MIB + 104 * K });
    expect(mappingsAgeNs).toBe(5n * TICK + TICK / 2n);
    expect(unseen.map(({ grant }) => grant)).not.toContain('record with --mappings auto, or with a rate');
    expect(why(author, 30)).toMatchObject({
      memory: { total: { count: 1, rss: 20 * MIB } },
      mappingsAgeNs: (105n * TICK) / 10n,
    });
    expect(why(author, 9)).not.toHaveProperty('memory');
    expect(why(author, 9)).not.toHaveProperty('mappingsAgeNs');
    expect(why(author, 9)).not.toHaveProperty('sharing');
    using recording = author.open();
    const asked = { atNs: unixOf(19) + TICK / 2n };
    expect(explain(recording, asked)).toMatchObject({ mappingsAgeNs: 0n, memory: { total: { count: 1 } } });
  });

  it('is sorted by the program that it runs', () => {
    const text = mapping('400000-410000', 'r-xp 00000000 08:01 5 /opt/main', { Rss: 64 });
    const library = mapping('500000-510000', 'r-xp 00000000 08:01 6 /opt/other', { Rss: 32 });
    const classesOf = (exe: string) => {
      const author = recorded(3, (one, tick) => {
        if (tick === 0) one.writer.command(one.nowNs, { pid: 10, startTicks: 110, exe });
        growing(one, tick);
        if (tick === 1) storeMappings(one, MAIN, 0, text + library, behind(0));
      });
      author.close();
      const told = why(author, 2);
      expect(told.process).not.toHaveProperty('commandLine');
      return told.memory!.classes.map((part) => [part.class, part.rss / K]);
    };
    expect(classesOf('/opt/main')).toEqual([
      ['text', 64],
      ['lib-text', 32],
    ]);
    expect(classesOf('/opt/other')).toEqual([
      ['lib-text', 64],
      ['text', 32],
    ]);
  });

  it('is all of a read in parts', () => {
    const author = recorded(12, (one, tick) => {
      growing(one, tick);
      if (tick === 2) storeMappings(one, MAIN, 1, heap(1), behind(1));
      if (tick === 4) storeMappings(one, MAIN, 3, many(SIXTEEN), behind(3));
    });
    expect(why(author, 11).memory!.total).toMatchObject({ count: 4101, rss: 4101 * 4 * K });
  });

  it('is shared with whom the last read of each tells, and with unknown others', () => {
    const others = [other, someone(12, 'parts'), someone(13, 'unread'), someone(14, 'failed'), someone(15, 'later')];
    const [seven, eight] = [file('40000000-40010000', 7, { Rss: 8 }), file('70000000-70010000', 8, { Rss: 8 })];
    const author = recorded(20, (one, tick) => {
      growing(one, tick);
      if (tick === 0) for (const [slot, who] of others.entries()) one.arrive(slot + 1, who);
      if (tick === 0) one.arrive(6, { ...someone(2, 'kthreadd'), kernelThread: true });
      for (let slot = 1; slot < 6; slot++) one.set(slot, { rss: MIB });
      one.set(6, {}, Status.noMm);
      if (tick === 2) storeMappings(one, MAIN, 1, heap(1) + SHARED, behind(1));
      if (tick === 3) storeMappings(one, other, 2, seven + eight, behind(2));
      // A part of it lies in the first record, a part in the second.
      if (tick === 4)
        storeMappings(
          one,
          others[1]!,
          3,
          SHARED.slice(0, SHARED.indexOf('30000000')) + many(file('70000000-70010000', 8, { Rss: 8 })),
          behind(3),
        );
      if (tick === 5) storeMappings(one, others[3]!, 4, '', behind(4));
      // It has let go of the file 8.
      if (tick === 6) storeMappings(one, other, 5, seven, behind(5));
      if (tick === 12) storeMappings(one, others[4]!, 11, seven + eight, behind(11));
    });
    const { sharing, unseen } = why(author, 10);
    expect(sharing).toEqual({
      ...{ rss: MIB + 164 * K, pss: MIB + 104 * K, countedForOthers: 60 * K },
      objects: [
        { name: '/data-8', shared: 80 * K, rss: 100 * K, pss: 60 * K, others: [{ pid: 12, comm: 'parts' }] },
        {
          ...{ name: '/data-7', shared: 40 * K, rss: 64 * K, pss: 44 * K },
          others: [
            { pid: 12, comm: 'parts' },
            { pid: 11, comm: 'other' },
          ],
        },
      ],
      processes: [
        { pid: 12, comm: 'parts', upTo: 120 * K, objects: 2 },
        { pid: 11, comm: 'other', upTo: 40 * K, objects: 1 },
      ],
      ...{ lookedAt: 5, unseen: { 'not-recorded': 3 } },
    });
    expect(unseen[1]).toEqual({
      what: 'whether 3 of 5 other processes share memory with it',
      why: 'their mappings were not recorded by then',
    });
    using recording = author.open();
    const later = explain(recording, { atNs: unixOf(11) + TICK / 2n });
    expect(later.sharing).toMatchObject({ lookedAt: 5, unseen: { 'not-recorded': 2 } });
  });
});

describe('what is not seen', () => {
  const lack = (what: string, why: string, grant: string) => ({ what, why, grant });
  const withRate = (option: string) => `record with ${option} auto, or with a rate`;
  const classes = 'classes, owners, and with whom memory is shared';
  const WITHOUT = [
    lack(classes, 'no mappings of it were recorded by then', withRate('--mappings')),
    lack('PSS and USS', 'no deep read of it was made by then', withRate('--rollup')),
    lack(
      "the kernel's own mark of the peak",
      'it is recorded by the engine in the kernel alone',
      'record with --engine bpf',
    ),
  ];

  it('is told with what to do about it', () => {
    const author = recorded(3, growing, { mappings: 'off' });
    expect(why(author, 2).unseen).toEqual(WITHOUT);
    author.deep([0], {}, Status.denied);
    expect(why(author, 2).unseen).toEqual([
      WITHOUT[0],
      lack('PSS and USS', 'the recorder was not permitted to read them', 'record as root or with CAP_SYS_PTRACE'),
      WITHOUT[2],
    ]);
  });

  it('is nothing where all was recorded', () => {
    const author = recorded(
      3,
      (one, tick) => {
        if (tick === 1) one.deep([0], { pss: MIB, uss: MIB });
        if (tick === 1) storeMappings(one, MAIN, 0, heap(1), behind(0));
        one.set(0, { rss: MIB, hwm: 9 * MIB });
      },
      BY_KERNEL,
    );
    expect(why(author, 2)).toMatchObject({ unseen: [], numbers: { hwm: 9 * MIB } });
  });
});
