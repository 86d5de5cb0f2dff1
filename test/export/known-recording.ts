/**
 * A recording whose content is known: processes with hostile names, values of all sizes, deep reads, mappings, marks and
 * spans, without a process or a clock in between.
 */
import type { Recording } from '../../src/recording/recording.js';
import { Status } from '../../src/schema.js';
import { Author, METADATA, SECOND, START, someone } from '../recorder/synthetic.js';
import { MAPPED, storeMappings } from '../recorder/synthetic-mappings.js';

export const TICKS = 30;
/** Names as a hostile program would choose them; the last two are no UTF-8, and one is as long as a label can be. */
export const NAMES: readonly Uint8Array[] = [
  ...['plain', '=cmd|calc', 'say "x", y', 'two\nlines\r', '\x1b[31mred\x07', 'back\\slash\\x41', "it's", 'ä€😀', ''],
  'n'.repeat(64),
]
  .map((name) => new TextEncoder().encode(name))
  .concat([Uint8Array.of(0xff, 0xfe), Uint8Array.of(0x61, 0xc3)]);

/** Pid of the process with that name, and of a kernel thread. */
export const pidOf = (name: number): number => 100 + name;
export const KERNEL_PID = 2;
const KERNEL_SLOT = 40;

export interface KnownOptions {
  readonly hostname?: string;
  /** Unix nanoseconds of the first tick. */
  readonly startNs?: bigint;
  readonly ticks?: number;
}

/** What process `name` has at a tick. */
export function valuesAt(name: number, tick: number): Record<string, number> {
  return {
    rss: (1000 + name * 17 + (tick % 7) * name) * 4096,
    rssAnon: name * 8192,
    vsize: name === 1 ? 2 ** 76 : 5 * 2 ** 32 + name * 4096,
    minorFaults: tick * 3 + name,
    majorFaults: name === 2 ? 2 ** 53 + 2 : 0,
    userTime: 3e9 + tick * 1e7,
    systemTime: 0,
    threads: name + 1,
    parentPid: 1,
  };
}

/** The text of smaps of a process; its heap grows, and one of its files has a hostile name. */
export function smapsAt(name: number, tick: number): Buffer {
  const heap = 0x20000 + 0x1000 * tick;
  const lines = [
    '00400000-00410000 r-xp 00000000 08:01 77 /usr/bin/prog\nSize: 64 kB\nRss: 32 kB\nPss: 8 kB\nPrivate_Clean: 4 kB\n',
    `01000000-0${(0x1000000 + heap).toString(16)} rw-p 00000000 00:00 0 [heap]\n`,
    `Size: ${heap / 1024} kB\nRss: ${4 * tick + 8} kB\nPss: ${4 * tick + 8} kB\nPrivate_Dirty: ${4 * tick + 8} kB\nSwap: ${name} kB\n`,
    '7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\nSize: 132 kB\nRss: 16 kB\nPss: 16 kB\nPrivate_Dirty: 16 kB\n',
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\nSize: 4 kB\nRss: 0 kB\nPss: 0 kB\n',
  ].map((line) => Buffer.from(line));
  const hostile = Buffer.concat([Buffer.from('7f0000000000-7f0000001000 r--s 00000000 08:01 9 /tmp/'), bad]);
  return Buffer.concat([
    ...lines.slice(0, 3),
    hostile,
    Buffer.from('\nSize: 4 kB\nRss: 4 kB\nPss: 2 kB\n'),
    ...lines.slice(3),
  ]);
}
const bad = Buffer.from([0x3d, 0x22, 0xff, 0x1b, 0x5b]);

/** Ticks at which mappings are read: in half of them of all processes. */
export const MAPPING_TICKS: readonly number[] = [5, 15, 25];

/** Writes the recording; `author.open()` reads it. */
export function knownAuthor({ hostname = 'h', startNs = START, ticks = TICKS }: KnownOptions = {}): Author {
  const author = new Author({
    metadata: {
      ...MAPPED,
      host: { ...METADATA.host, hostname, bootId: `boot-of-${hostname}` },
      startedAt: { ...METADATA.startedAt, realNs: `${startNs}` },
    },
  });
  author.arrive(KERNEL_SLOT, { ...someone(KERNEL_PID, 'kthreadd'), kernelThread: true });
  for (const [name, bytes] of NAMES.entries()) author.arrive(name, someone(pidOf(name), bytes));
  for (let tick = 0; tick < ticks; tick++) {
    author.set(KERNEL_SLOT, { userTime: 1e7, threads: 1 }, Status.noMm);
    for (const name of NAMES.keys()) author.set(name, valuesAt(name, tick));
    if (tick === 8) author.writer.event(author.nowNs, { type: 'mark', name: 'a "mark"' });
    if (tick === 10) author.writer.event(author.nowNs, { type: 'begin', name: 'outer', span: 1 });
    if (tick === 12) author.writer.event(author.nowNs, { type: 'begin', name: 'crossing', span: 2 });
    if (tick === 14) author.writer.event(author.nowNs, { type: 'end', span: 1 });
    if (tick === 16) author.writer.event(author.nowNs, { type: 'end', span: 2 });
    author.sweep(tick === 20 ? { missed: 2 } : {});
    if (tick % 10 === 4) author.deep([0, 3], { pss: tick * 1024, uss: 0, swapPss: 2048, rollupHold: 7 });
    if (MAPPING_TICKS.includes(tick)) for (const name of [0, 1, 11]) writeMappings(author, name, tick);
  }
  author.close();
  return author;
}

export function knownRecording(options: KnownOptions = {}): Recording {
  return knownAuthor(options).open();
}

/** Stores the mappings of a process half a tick before the next sweep. */
export function writeMappings(author: Author, name: number, tick: number): void {
  const who = someone(pidOf(name), NAMES[name]);
  storeMappings(author, who, tick, smapsAt(name, tick), author.nowNs - SECOND / 20n);
}
