/** Recordings of one process that somebody asks about, made by hand: a tick each tenth of a second. */

import type { Why } from '../../src/analyze/why.js';
import { type InstantAsked, whyRecorded } from '../../src/analyze/why-recorded.js';
import type { Recording } from '../../src/recording/recording.js';
import { Author, MONOTONIC, SECOND, someone, unixOf } from './synthetic.js';
import { MAPPED, mapping } from './synthetic-mappings.js';

export const K = 1024;
export const MIB = 2 ** 20;
export const TICK = SECOND / 10n;
export const MAIN = someone(10, 'main');
/** Metadata of an engine that tells all of them. */
export const BY_KERNEL = { engine: { name: 'bpf', reason: 'test' } };

/** The monotonic time of a tick, or half a tick behind it. */
export const behind = (tick: number) => MONOTONIC + BigInt(tick) * TICK + TICK / 2n;

/** Of one process in slot 0 and others behind it; `tell` is asked before each sweep. */
export function recorded(ticks: number, tell: (author: Author, tick: number) => void, metadata = {}): Author {
  const author = new Author({ metadata: { ...MAPPED, cmdline: 'full', ...metadata } });
  author.arrive(0, MAIN);
  for (let tick = 0; tick < ticks; tick++) {
    tell(author, tick);
    author.sweep();
  }
  return author;
}

export function explain(recording: Recording, asked: InstantAsked, pid = 10): Why {
  return whyRecorded(recording, recording.processes({ pid })[0]!, asked);
}

export function why(author: Author, tick: number, sinceTick?: number): Why {
  using recording = author.open();
  return explain(recording, {
    atNs: unixOf(tick),
    ...(sinceTick === undefined ? {} : { sinceNs: unixOf(sinceTick) }),
  });
}

export const growing = (author: Author, tick: number) => author.set(0, { rss: (100 + tick) * MIB });

export const file = (range: string, inode: number, sizes: Record<string, number>) =>
  mapping(range, `r--p 00000000 08:01 ${inode} /data-${inode}`, sizes);
export const heap = (mib: number) =>
  mapping('10000000-14000000', 'rw-p 00000000 00:00 0 [heap]', {
    ...{ Rss: mib * K, Pss: mib * K, Shared_Clean: 0, Shared_Dirty: 0, Swap: 0 },
  });
/** 64 KiB of the file 7, 100 of the file 8, of which 40 and 80 are mapped by others too. */
export const SHARED =
  file('20000000-20010000', 7, { Rss: 64, Pss: 44, Shared_Clean: 30, Shared_Dirty: 10 }) +
  file('30000000-30019000', 8, { Rss: 100, Pss: 60, Shared_Clean: 80, Shared_Dirty: 0 });

/** So many mappings that a record cannot hold them, and no whole pages, as differences need them. */
export const many = (rest: string) =>
  Array.from({ length: 4100 }, (_, row) => {
    const from = 0x50000000 + row * 0x2000;
    return mapping(`${(from + 1).toString(16)}-${(from + 0x1000).toString(16)}`, 'rw-p 0 0:0 0', { Rss: 4, Pss: 4 });
  }).join('') + rest;
