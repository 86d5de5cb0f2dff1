/** What the memory of a Node program is made of, of reads of mappings and words of V8 that are planted. */
import { afterAll, describe, expect, it } from 'vitest';
import { Author, METADATA, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { MAPPED, mapping, storeMappings } from '../../test/recorder/synthetic-mappings.js';
import { many } from '../../test/recorder/synthetic-why.js';
import { scratch } from '../../test/recorder/workload.js';
import { mergeRecordings } from '../recording/merge.js';
import { openRecording } from '../recording/recording.js';
import type { V8Heap } from '../recording/v8-parts.js';
import { MAPPING_CLASSES } from './mapping-classes.js';
import { MEMORY_PARTS, memoryPartOf, memoryParts } from './memory-parts.js';
import { OWNERS } from './owner-rules.js';

const MIB = 2 ** 20;
const NODE = someone(10, 'node');
const at = (second: number) => MONOTONIC + BigInt(Math.round(second * 1000)) * (SECOND / 1000n);

/** Resident MiB of a mapping, of which there is swapped out so much as well. */
const mib = (range: string, rest: string, rss: number, swap = 0) =>
  mapping(range, rest, { Rss: rss * 1024, Pss: rss * 1024, Swap: swap * 1024 });

const malloc = (rss: number, swap = 0) =>
  mib('10000000-18000000', 'rw-p 00000000 00:00 0 [anon: glibc: malloc]', rss, swap);
const PROGRAM =
  mib('400000-2400000', 'r-xp 00000000 08:01 5 /usr/bin/node', 30) +
  mib('2400000-2800000', 'rw-p 02000000 08:01 5 /usr/bin/node', 2) +
  malloc(20, 2) +
  mib('20000000-21000000', 'rw-p 00000000 00:00 0 [anon:v8]', 12) +
  mib('30000000-30800000', 'rwxp 00000000 00:00 0 [anon:v8 code]', 3) +
  mib('40000000-41000000', 'r--p 00000000 08:01 7 /data', 9) +
  mib('50000000-51000000', 'rw-s 00000000 00:01 9 /memfd:x (deleted)', 4) +
  mib('60000000-61000000', 'rw-p 00000000 00:00 0', 5) +
  mib('70000000-70800000', 'rw-p 00000000 00:00 0 [stack]', 1);

function heap(external: number): V8Heap {
  return {
    used: MIB,
    total: 2 * MIB,
    physical: MIB,
    external: external * MIB,
    malloced: 0,
    limit: 2 ** 32,
    spaces: {},
  };
}

type Read = readonly [second: number, smaps: string, who?: typeof NODE];
type Told = readonly [second: number, external: number, who?: typeof NODE];

function recorded(reads: readonly Read[], told: readonly Told[] = [], metadata = {}): Author {
  const author = new Author({ metadata: { ...MAPPED, v8: true, ...metadata } });
  author.arrive(0, NODE);
  author.set(0, { rss: MIB });
  author.sweep();
  for (const [second, smaps, who = NODE] of reads) storeMappings(author, who, 0, smaps, at(second));
  for (const [second, external, { pid, startTicks } = NODE] of told) {
    const event = { type: 'v8Heap', pid, startTicks, thread: 0, ...heap(external) } as const;
    author.writer.v8([{ timeNs: at(second), event }]);
  }
  author.writer.v8([
    { timeNs: at(5), event: { type: 'v8Gc', pid: 10, startTicks: 110, thread: 0, kind: 'scavenge', pauseNs: 1 } },
  ]);
  author.close();
  return author;
}

function partsOf(author: Author) {
  using recording = author.open();
  return memoryParts(recording, NODE);
}

describe('the parts', () => {
  it('add up to all that is resident or swapped out', () => {
    const { parts, resident, timeNs, heap: of } = partsOf(recorded([[1, PROGRAM]], [[1, 8]]))!;
    expect(parts).toEqual({
      ...{ 'v8 heap': 12 * MIB, 'v8 code': 3 * MIB, external: 8 * MIB, 'malloc beside it': 14 * MIB },
      ...{ 'code and data': 32 * MIB, stacks: MIB, 'files and shared': 13 * MIB, other: 5 * MIB },
    });
    expect(Object.keys(parts)).toEqual([...MEMORY_PARTS]);
    expect([resident, timeNs]).toEqual([88 * MIB, at(1)]);
    expect(of).toMatchObject(heap(8));
  });

  it('have no more external memory than malloc holds, and none where V8 told nothing', () => {
    const of = (told: readonly Told[]) => {
      const { parts, resident, heap: known } = partsOf(recorded([[1, PROGRAM]], told))!;
      expect(resident).toBe(88 * MIB);
      return [parts.external / MIB, parts['malloc beside it'] / MIB, known?.external];
    };
    expect(of([[1, 30]])).toEqual([22, 0, 30 * MIB]);
    expect(of([])).toEqual([0, 22, undefined]);
    // That is another program's.
    expect(of([[1, 8, someone(11)]])).toEqual([0, 22, undefined]);
  });

  it('go by what V8 told nearest to the read', () => {
    const of = (...told: Told[]) => partsOf(recorded([[5, malloc(20)]], told))!.parts.external / MIB;
    expect(of([2, 1], [4, 2], [7, 3])).toBe(2);
    expect(of([2, 1], [3, 2], [6, 3], [9, 4])).toBe(3);
    // As far on either side: the first of them.
    expect(of([4, 1], [6, 2])).toBe(1);
  });
});

describe('the read', () => {
  it('is the last one of the process that gave anything', () => {
    const reads: Read[] = [
      [1, malloc(1)],
      [2, malloc(2)],
      [3, malloc(3), someone(11)],
      [4, ''],
    ];
    expect(partsOf(recorded(reads))).toMatchObject({ resident: 2 * MIB, timeNs: at(2) });
  });

  it('has all of its parts, and nothing of those before', () => {
    const { resident } = partsOf(
      recorded([
        [1, many(malloc(7))],
        [2, many(malloc(3))],
      ]),
    )!;
    expect(resident).toBe(4100 * 4096 + 3 * MIB);
  });

  it('is none where no mappings were recorded', () => {
    expect(partsOf(recorded([[1, malloc(1), someone(11)]]))).toBeUndefined();
    expect(partsOf(recorded([[1, '']]))).toBeUndefined();
    expect(partsOf(recorded([], [], { mappings: 'off' }))).toBeUndefined();
  });

  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());

  it('is that of the host of the process, of a merged recording', () => {
    const hosts = [1, 2].map((number) => {
      const host = { ...METADATA.host, hostname: `h${number}`, bootId: `boot ${number}` };
      return recorded([[number, malloc(10 * number)]], [[number, number]], { host });
    });
    mergeRecordings(
      hosts.map((host) => host.open()),
      folder.file('merged.tide'),
    );
    using recording = openRecording(folder.file('merged.tide'));
    const found = recording.processes().map((process) => memoryParts(recording, process)!);
    expect(found.map(({ resident, parts }) => [resident / MIB, parts.external / MIB])).toEqual([
      [10, 1],
      [20, 2],
    ]);
  });
});

describe('the part of a mapping', () => {
  it('is that of its owner, where it has one', () => {
    const parts = OWNERS.map((owner) => [owner, memoryPartOf({ mappingClass: 'anon', owner })]);
    expect(Object.fromEntries(parts)).toEqual({
      ...{ 'glibc arena': 'malloc beside it', 'glibc mmap': 'malloc beside it', jemalloc: 'malloc beside it' },
      ...{ tcmalloc: 'malloc beside it', 'python arena': 'malloc beside it' },
      ...{ 'v8 heap': 'v8 heap', 'v8 code': 'v8 code' },
      ...{ 'jvm heap': 'other', 'jvm code': 'other', 'jvm metaspace': 'other', 'go heap': 'other' },
    });
  });

  it('is that of its class, where it has none', () => {
    const parts = MAPPING_CLASSES.map(({ name }) => [name, memoryPartOf({ mappingClass: name })]);
    const image = 'code and data';
    expect(Object.fromEntries(parts)).toEqual({
      ...{ text: image, rodata: image, data: image, bss: image, vdso: image },
      ...{ 'lib-text': image, 'lib-rodata': image, 'lib-data': image },
      ...{ stack: 'stacks', 'thread-stack': 'stacks' },
      ...{ file: 'files and shared', shm: 'files and shared', hugetlb: 'files and shared', device: 'files and shared' },
      ...{ heap: 'other', anon: 'other', jit: 'other', guard: 'other' },
    });
  });
});
