/**
 * The mappings of the processes that matter most, read by read: all of them added up by class over time, and whole tables
 * at some instants.
 *
 * The traps: a recording may hold ten thousand reads of a process with ten thousand mappings, so instants are thinned out
 * evenly while they are read, the last one and the one of the peak always kept; and to classify is slow, so a layout that
 * is what it was keeps its classes.
 */
import { sizeOf } from '../analyze/class-sums.js';
import { type Classification, classifyMappings } from '../analyze/classify.js';
import { MAPPING_CLASSES } from '../analyze/mapping-classes.js';
import { MEMORY_PARTS, memoryPartOf } from '../analyze/memory-parts.js';
import { ownersOf } from '../analyze/owners.js';
import { identityKey } from '../engine/identity.js';
import type { MappingTable } from '../procfs/mapping-table.js';
import { joinParts } from '../recording/mapping-join.js';
import type { RecordedMappings } from '../recording/mapping-record.js';
import { MappingWalk } from '../recording/mapping-walk.js';
import type { Recording } from '../recording/recording.js';
import { escapeTerminal } from '../text/escape.js';
import { Course } from './course.js';
import type { NumberWriter } from './number-columns.js';

/** Rows of all tables that are kept at a time: about 350 bytes each. */
const MOST_ROWS = 240_000;
const MOST_INSTANTS = 96;
const SUMS_CAP = 512;
const KIBIBYTE = 1024;
/** What is added up by class. */
const SUMS = ['rss', 'pss', 'swap'] as const;

interface Instant {
  readonly ms: number;
  readonly bucket: number;
  readonly table: MappingTable;
  readonly classes: Uint8Array;
  readonly names: Uint32Array;
  /** By row, places of `MEMORY_PARTS`; of a program that tells of its V8 only. */
  readonly parts: Uint8Array | undefined;
  readonly rss: number;
}

/** The mappings of one process. */
export class Space {
  reads = 0;
  readonly #names = new Map<string, number>();
  /** By class and sum. */
  readonly #sums: (Course | undefined)[] = [];
  /** By place in `MEMORY_PARTS`: resident bytes. */
  readonly parts: (Course | undefined)[] = [];
  #instants: Instant[] = [];
  #stride = 1;
  #latest: Instant | undefined;
  #peak: Instant | undefined;

  constructor(
    private readonly pageSize: number,
    private readonly mostRows: number,
    private readonly hasParts = false,
  ) {}

  take(ms: number, bucket: number, table: MappingTable, text: Uint8Array, exe: string | undefined): void {
    const before = this.#latest;
    const isSame = before !== undefined && hasSameLayout(before.table, table);
    const classification = isSame ? undefined : classifyMappings(table, text, exe);
    const classes = classification?.classes ?? before!.classes;
    const names = isSame ? before.names : this.#namesOf(table, text);
    const rss = this.#sumUp(bucket, table, classes);
    const parts = !this.hasParts ? undefined : classification ? partsOf(table, text, classification) : before!.parts;
    if (parts) this.#sumParts(bucket, table, parts);
    const instant = { ms, bucket, table, classes, names, parts, rss };
    if (this.reads++ % this.#stride === 0) {
      this.#instants.push(instant);
      const rows = this.#instants.length * Math.max(1, table.rows);
      if (this.#instants.length > MOST_INSTANTS || (rows > this.mostRows && this.#instants.length > 4)) {
        this.#instants = this.#instants.filter((_, index) => index % 2 === 0);
        this.#stride *= 2;
      }
    }
    this.#latest = instant;
    if (!this.#peak || rss > this.#peak.rss) this.#peak = instant;
  }

  #namesOf(table: MappingTable, text: Uint8Array): Uint32Array {
    return Uint32Array.from({ length: table.rows }, (_, row) => {
      const start = table.nameStart[row]!;
      const name = escapeTerminal(text.subarray(start, start + table.nameLength[row]!));
      const known = this.#names.get(name);
      if (known !== undefined) return known;
      this.#names.set(name, this.#names.size);
      return this.#names.size - 1;
    });
  }

  #sumUp(bucket: number, table: MappingTable, classes: Uint8Array): number {
    const sums = new Float64Array(MAPPING_CLASSES.length * SUMS.length);
    let rss = 0;
    for (let row = 0; row < table.rows; row++) {
      for (let sum = 0; sum < SUMS.length; sum++) {
        sums[classes[row]! * SUMS.length + sum]! += sizeOf(table, SUMS[sum]!, row) || 0;
      }
      rss += sizeOf(table, 'rss', row) || 0;
    }
    sums.forEach((value, place) => {
      let course = this.#sums[place];
      if (!course) {
        if (value === 0) return;
        course = new Course();
        this.#sums[place] = course;
      }
      course.push(bucket, value);
      if (course.count > SUMS_CAP) this.#sums[place] = course.within(SUMS_CAP / 2);
    });
    return rss;
  }

  #sumParts(bucket: number, table: MappingTable, parts: Uint8Array): void {
    const sums = new Float64Array(MEMORY_PARTS.length);
    for (let row = 0; row < table.rows; row++) sums[parts[row]!]! += sizeOf(table, 'rss', row) || 0;
    sums.forEach((bytes, place) => {
      let course = this.parts[place] ?? new Course();
      course.push(bucket, bytes);
      if (course.count > SUMS_CAP) course = course.within(SUMS_CAP / 2);
      this.parts[place] = course;
    });
  }

  /**
   * Writes the names as JSON; the courses by class: how many, and for each class, sum and course; the instants: how many,
   * and for each its milliseconds since the one before, its rows, and column by column: pages since the end of the mapping
   * before, pages, permissions, class, name, and KiB of rss, pss, swap and dirty memory.
   */
  write(to: NumberWriter): void {
    to.text(JSON.stringify([...this.#names.keys()]));
    to.unsigned(this.#sums.filter((course) => course !== undefined).length);
    this.#sums.forEach((course, place) => {
      if (!course) return;
      to.unsigned(Math.floor(place / SUMS.length));
      to.unsigned(place % SUMS.length);
      course.write(to, KIBIBYTE);
    });
    const kept = new Set([...this.#instants, this.#peak!, this.#latest!]);
    const instants = [...kept].sort((a, b) => a.ms - b.ms);
    to.unsigned(instants.length);
    let ms = 0;
    for (const instant of instants) {
      to.unsigned(Math.max(0, Math.round(instant.ms) - ms));
      ms = Math.round(instant.ms);
      this.#writeInstant(to, instant);
    }
  }

  #writeInstant(to: NumberWriter, { table, classes, names }: Instant): void {
    const { rows } = table;
    const page = BigInt(this.pageSize);
    to.unsigned(rows);
    let end = 0n;
    for (let row = 0; row < rows; row++) {
      to.signed(Number((table.start[row]! - end) / page));
      end = (table.start[row]! / page) * page + pagesOf(table, row, page) * page;
    }
    for (let row = 0; row < rows; row++) to.unsigned(Number(pagesOf(table, row, page)));
    for (let row = 0; row < rows; row++) to.unsigned(table.perms[row]!);
    for (let row = 0; row < rows; row++) to.unsigned(classes[row]!);
    for (let row = 0; row < rows; row++) to.unsigned(names[row]!);
    for (const name of ['rss', 'pss', 'swap', 'dirty'] as const) {
      for (let row = 0; row < rows; row++) to.unsigned(Math.round((sizeOf(table, name, row) || 0) / KIBIBYTE));
    }
  }
}

/** The mappings of the chosen processes, by `identityKey`; `withParts`: those among them that tell of their V8. */
export function collectSpaces(
  recording: Recording,
  chosen: ReadonlySet<string>,
  withParts: ReadonlySet<string>,
  placeOf: (monotonicNs: bigint) => { readonly ms: number; readonly bucket: number },
): Map<string, Space> {
  const spaces = new Map<string, Space>();
  const { metadata, ring } = recording;
  const programs = recording.programs();
  recording.rings.forEach(({ name }, id) => {
    const match = /^mappings(?:@(\d+))?$/.exec(name);
    if (!match) return;
    const source = match[1] === undefined ? undefined : Number(match[1]);
    const walk = new MappingWalk(ring.cursor(id), metadata);
    let parts: RecordedMappings[] = [];
    for (let record = walk.next(); record !== undefined; record = walk.next()) {
      const { pid, startTicks } = record;
      const key = identityKey({ pid, startTicks, source });
      if (!chosen.has(key)) continue;
      parts = record.part === 0 ? [record] : [...parts, record];
      if (parts.length < record.parts || parts[0]!.table.rows === 0) continue;
      let space = spaces.get(key);
      if (!space) {
        space = new Space(metadata.host.pageSize, MOST_ROWS / Math.max(6, chosen.size), withParts.has(key));
        spaces.set(key, space);
      }
      const { table, text } = joinParts(parts);
      const { ms, bucket } = placeOf(walk.timeNs);
      space.take(ms, bucket, table, text, programs.get(key)?.exe);
      parts = [];
    }
  });
  return spaces;
}

function partsOf(table: MappingTable, text: Uint8Array, classification: Classification): Uint8Array {
  const owners = ownersOf(table, text, classification);
  return Uint8Array.from({ length: table.rows }, (_, row) => {
    const mappingClass = MAPPING_CLASSES[classification.classes[row]!]!.name;
    const owner = owners[row]?.owner;
    return MEMORY_PARTS.indexOf(memoryPartOf({ mappingClass, ...(owner === undefined ? {} : { owner }) }));
  });
}

function hasSameLayout(a: MappingTable, b: MappingTable): boolean {
  if (a.rows !== b.rows) return false;
  for (let row = 0; row < a.rows; row++) {
    if (a.start[row] !== b.start[row] || a.end[row] !== b.end[row] || a.perms[row] !== b.perms[row]) return false;
    if (a.inode[row] !== b.inode[row] || a.nameLength[row] !== b.nameLength[row]) return false;
  }
  return true;
}

function pagesOf(table: MappingTable, row: number, page: bigint): bigint {
  const pages = (table.end[row]! + page - 1n) / page - table.start[row]! / page;
  return pages < 0n ? 0n : pages;
}
