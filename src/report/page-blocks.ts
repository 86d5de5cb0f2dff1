/**
 * The data of the page: everything that it shows of a recording, as named blocks.
 *
 * The trap: the page must stay small however long the recording is. What is asked for is the size of the whole page; code,
 * head and mappings take theirs first, and the courses get what is left.
 */
import { deflateRawSync } from 'node:zlib';
import { identityKey } from '../engine/identity.js';
import { collectLimits } from '../recording/limits.js';
import type { Recording } from '../recording/recording.js';
import type { RecordingSummary } from '../recording/summary.js';
import { escapeTerminal } from '../text/escape.js';
import { readVersion } from '../text/package.js';
import { formatTime } from '../text/time.js';
import { Collector } from './collector.js';
import { findingsOf } from './findings.js';
import { fitCourses } from './fit.js';
import type { GrownEvidence } from './grown-parts.js';
import { collectHappenings, type Happenings } from './happenings.js';
import type { LimitEvidence } from './limit-findings.js';
import { collectLimitPeaks } from './limit-peaks.js';
import { NumberWriter } from './number-columns.js';
import { type Head, MetricNumber, PAGE_METRICS, type ProcessColumns } from './page-format.js';
import type { ProcessRecord } from './process-record.js';
import { Rested } from './rested.js';
import { collectSpaces, type Space } from './space-collector.js';
import { collectV8, type V8Memory } from './v8-collector.js';
import { costFacts, recordingFacts, unseenSentences } from './words.js';

const MIB = 2 ** 20;
/** Of the whole page, in base64: what a point adds to it, and its bounds. */
const LEAST_PAGE = 2.6 * MIB;
const MOST_PAGE = 7.5 * MIB;
const BYTES_PER_POINT = 0.12;
/** What code, head and wrapping are counted with. */
const CODE_BYTES = 0.5 * MIB;
const SPACES = 40;
const SPACES_BYTES = 1 * MIB;
const V8_BYTES = 0.5 * MIB;
const COMMAND_CHARACTERS = 200;

/** Names and deflated bytes. */
export type Blocks = ReadonlyMap<string, Uint8Array>;

export class PageMaker {
  readonly #collector: Collector;
  #records: readonly ProcessRecord[] = [];
  /** Both mean reading all of the recording, which a page that follows it cannot do each time. */
  readonly #summary = new Rested(() => this.recording.summary());
  readonly #v8 = new Rested(() => this.#collectV8());
  readonly #spaces = new Rested(() => this.#collectSpaces());
  readonly #limits = new Rested(() => this.#collectLimits());

  constructor(
    private readonly recording: Recording,
    private readonly title: string,
    private readonly isLive = false,
  ) {
    this.#collector = new Collector(recording);
  }

  /** Takes in what has come since the last time. Returns whether there was anything. */
  advance(onProgress?: (frames: number) => void): boolean {
    return this.#collector.advance(onProgress);
  }

  /** Everything so far. Unless it is the last that is asked for, some of it may be a little older. */
  blocks(isLast = true): Blocks {
    const { recording } = this;
    const collector = this.#collector;
    collector.settle();
    const summary = this.#summary.get(isLast);
    const records = [...collector.records.values()].sort(
      (a, b) => (b.peakRss || 0) - (a.peakRss || 0) || a.identity.pid - b.identity.pid,
    );
    const numbers = new Map(records.map(({ key }, index) => [key, index]));
    const happenings = collectHappenings(
      recording,
      (timeNs) => collector.msOfMonotonic(timeNs),
      (key) => numbers.get(key),
    );
    this.#records = records;
    const v8 = this.#v8.get(isLast);
    const spaces = this.#spaces.get(isLast);
    const blocks = new Map<string, Uint8Array>();
    const place = (name: string, bytes: Uint8Array) => blocks.set(name, bytes);
    place('head', new Uint8Array(0));
    place('totals', this.#totals());
    const pages = Math.min(MOST_PAGE, Math.max(LEAST_PAGE, summary.points * BYTES_PER_POINT));
    const space = placeSpaces(records, spaces, place);
    const heaps = placeV8(records, v8, spaces, place);
    const taken = [...blocks.values()].reduce((sum, { length }) => sum + length, 0) + headRoom(records);
    const fitted = fitCourses(records, Math.max(MIB / 4, ((pages - CODE_BYTES) * 3) / 4 - taken));
    fitted.blocks.forEach((bytes, index) => {
      place(`courses-${index}`, bytes);
    });
    const columns = { ...this.#columns(records, happenings, fitted), space, v8: heaps };
    const evidence = { ...this.#limits.get(isLast), v8, spaces };
    place('head', deflateRawSync(JSON.stringify(this.#head(summary, records, happenings, evidence, columns))));
    return blocks;
  }

  #collectSpaces(): Map<string, Space> {
    const records = this.#records;
    const byGrowth = [...records].sort((a, b) => growthOf(b) - growthOf(a)).slice(0, SPACES / 4);
    const tellsV8 = new Set(this.#v8.get(false).keys());
    const largest = [...records.slice(0, SPACES - byGrowth.length), ...byGrowth].map(({ key }) => key);
    return collectSpaces(this.recording, new Set([...largest, ...tellsV8]), tellsV8, (timeNs) => this.#placeOf(timeNs));
  }

  #collectV8(): Map<string, V8Memory> {
    return collectV8(this.recording, (timeNs) => this.#placeOf(timeNs).bucket);
  }

  #placeOf(timeNs: bigint): { ms: number; bucket: number } {
    const ms = Math.max(0, this.#collector.msOfMonotonic(timeNs));
    return { ms, bucket: Math.floor((ms * 1e6) / this.#collector.unitNs) };
  }

  #collectLimits(): LimitEvidence {
    const limits = collectLimits(this.recording.events(), this.#collector.startNs);
    const own = [...limits.processes].filter(([, { addressSpace, data }]) => (addressSpace ?? data) !== undefined);
    return { limits, limitPeaks: collectLimitPeaks(this.recording, new Set(own.map(([key]) => key))) };
  }

  #totals(): Uint8Array {
    const writer = new NumberWriter();
    const courses = this.#collector.totals;
    writer.unsigned(courses.length);
    courses.forEach((course, metric) => {
      writer.unsigned(metric);
      course.write(writer, PAGE_METRICS[metric]!.quantum);
    });
    return deflateRawSync(writer.bytes());
  }

  #head(
    summary: RecordingSummary,
    records: readonly ProcessRecord[],
    happenings: Happenings,
    more: LimitEvidence & GrownEvidence,
    processes: ProcessColumns,
  ): Head {
    const { recording } = this;
    const collector = this.#collector;
    const { metadata } = recording;
    const startNs = recording.clock().toUnix(collector.startNs);
    const evidence = { collector, records, nameOf, happenings, summary, metadata, ...more };
    const memory = metadata.host.memoryBytes;
    return {
      schema: 1,
      title: this.title,
      version: readVersion(),
      startMs: Number(startNs) / 1e6,
      started: formatTime(startNs, { digits: 3 }),
      durationMs: Math.max(collector.msOf(collector.lastBucket), 1e3 / metadata.hz),
      unitMs: collector.unitNs / 1e6,
      periodMs: 1e3 / metadata.hz,
      pageSize: metadata.host.pageSize,
      hostMemory: typeof memory === 'number' ? memory : null,
      ...findingsOf(evidence),
      facts: recordingFacts(recording, summary),
      cost: costFacts(metadata, summary),
      unseen: unseenSentences(metadata, summary, collector, records),
      processes,
      unlisted: collector.unlisted,
      events: happenings.events,
      moreEvents: happenings.more,
      gaps: collector.gaps.list(),
      isLive: this.isLive,
    };
  }

  #columns(
    records: readonly ProcessRecord[],
    happenings: Happenings,
    fitted: { readonly block: number[]; readonly offset: number[] },
  ): Omit<ProcessColumns, 'space' | 'v8'> {
    const collector = this.#collector;
    const programs = this.recording.programs();
    const hosts = this.recording.metadata.sources;
    const of = <T>(value: (record: ProcessRecord) => T) => records.map(value);
    const last = (metric: number) => of((record) => lastOf(record, metric));
    return {
      key: of(({ identity }) => identityKey(identity)),
      pid: of(({ identity }) => identity.pid),
      name: of(({ identity }) => escapeTerminal(identity.comm)),
      host: of(({ identity }) => (hosts ? escapeTerminal(hosts[identity.source ?? 0]?.hostname ?? '') : null)),
      parent: of(({ identity }) => identity.parentPid),
      command: of(({ key }) => commandOf(programs.get(key))),
      first: of(({ firstBucket }) => collector.msOf(firstBucket)),
      last: of(({ lastBucket }) => collector.msOf(lastBucket)),
      ended: of((record) => endingOf(record, happenings)),
      peak: of(({ peakRss }) => orNull(peakRss)),
      peakAt: of(({ peakBucket }) => collector.msOf(peakBucket)),
      growth: of((record) => orNull(growthOf(record))),
      rss: last(0),
      pss: last(1),
      uss: last(2),
      swap: last(3),
      readAt: of((record) => readAtOf(record, collector)),
      churn: of(({ churn, peakRss }) => (Number.isNaN(peakRss) ? null : churn)),
      cpu: of((record) => orNull((lastOf(record, 5) ?? Number.NaN) - cpuBefore(record))),
      block: fitted.block,
      offset: fitted.offset,
    };
  }
}

/** Puts in the mappings, of the largest processes first, as long as there is room. Returns the number of the block by process. */
function placeSpaces(
  records: readonly ProcessRecord[],
  spaces: ReadonlyMap<string, Space>,
  place: (name: string, bytes: Uint8Array) => void,
): number[] {
  let room = SPACES_BYTES;
  let next = 0;
  return records.map(({ key }) => {
    const space = spaces.get(key);
    if (!space || room <= 0) return -1;
    const writer = new NumberWriter();
    space.write(writer);
    const bytes = deflateRawSync(writer.bytes());
    if (bytes.length > room) return -1;
    room -= bytes.length;
    place(`space-${next}`, bytes);
    return next++;
  });
}

/** Puts in what V8 told, as long as there is room. Returns the number of the block by process. */
function placeV8(
  records: readonly ProcessRecord[],
  v8: ReadonlyMap<string, V8Memory>,
  spaces: ReadonlyMap<string, Space>,
  place: (name: string, bytes: Uint8Array) => void,
): number[] {
  let room = V8_BYTES;
  let next = 0;
  return records.map(({ key }) => {
    const memory = v8.get(key);
    if (!memory) return -1;
    const writer = new NumberWriter();
    memory.write(writer, spaces.get(key)?.parts ?? []);
    const bytes = deflateRawSync(writer.bytes());
    if (bytes.length > room) return -1;
    room -= bytes.length;
    place(`v8-${next}`, bytes);
    return next++;
  });
}

function headRoom(records: readonly ProcessRecord[]): number {
  return 64 * 1024 + records.length * 60;
}

function nameOf({ identity }: ProcessRecord): string {
  return `${escapeTerminal(identity.comm)} (${identity.pid})`;
}

function commandOf(program: { readonly exe?: string; readonly args?: readonly string[] } | undefined): string | null {
  const words = program?.args?.join(' ') ?? program?.exe;
  return words === undefined ? null : escapeTerminal(words.slice(0, COMMAND_CHARACTERS));
}

function endingOf(record: ProcessRecord, happenings: Happenings): string | null {
  if (happenings.oomKilled.has(record.key)) return 'killed: out of memory';
  return happenings.endings.get(record.key) ?? (record.isGone ? 'no longer seen' : null);
}

/** The value that was measured last. */
function lastOf(record: ProcessRecord, metric: number): number | null {
  const course = record.courses?.[metric];
  for (let index = (course?.count ?? 0) - 1; index >= 0; index--) {
    const value = course!.lastAt(index);
    if (!Number.isNaN(value)) return value;
  }
  return null;
}

/** When PSS was read last, by the clock of the page. */
function readAtOf(record: ProcessRecord, collector: Collector): number | null {
  const course = record.courses?.[MetricNumber.pss];
  for (let index = (course?.count ?? 0) - 1; index >= 0; index--) {
    if (!Number.isNaN(course!.lastAt(index))) return collector.msOf(course!.bucketAt(index) * 2 ** course!.level);
  }
  return null;
}

function growthOf(record: ProcessRecord): number {
  return (lastOf(record, 0) ?? Number.NaN) - record.firstRss;
}

/** What it had used before it was first seen; a process that came later is counted from its beginning. */
function cpuBefore(record: ProcessRecord): number {
  return record.firstBucket === 0 ? record.firstCpu : 0;
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
