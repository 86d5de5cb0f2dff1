/**
 * Fits the courses of all processes into a number of bytes: the largest processes keep the most.
 *
 * The trap: what a course takes is known only when it is deflated. So all are written with a guess, and the guess is
 * corrected by what came out.
 */
import { deflateRawSync } from 'node:zlib';
import { NumberWriter } from './number-columns.js';
import { MetricNumber, PAGE_METRICS } from './page-format.js';
import type { ProcessRecord } from './process-record.js';

/** Bytes of one block before it is deflated: the page inflates one when a process is looked at. */
const BLOCK_BYTES = 128 * 1024;
const FIRST_CAP = 4096;
const LEAST_CAP = 4;
const MOST_TRIES = 6;
/** The first so many processes keep all entries, so many more a quarter, the others a sixteenth. */
const LARGEST = 50;
const LARGE = 500;
/** What the others are not shown with. */
const DETAILS = new Set<number>([
  MetricNumber.pssAnon,
  MetricNumber.pssFile,
  MetricNumber.pssShmem,
  MetricNumber.rssAnon,
]);

export interface FittedCourses {
  readonly blocks: readonly Uint8Array[];
  /** By process: number of its block, and byte in it; -1 where it has no courses. */
  readonly block: number[];
  readonly offset: number[];
}

export function fitCourses(records: readonly ProcessRecord[], mostBytes: number): FittedCourses {
  let cap = FIRST_CAP;
  for (let attempt = 1; ; attempt++) {
    const fitted = writeCourses(records, cap);
    const bytes = fitted.blocks.reduce((sum, { length }) => sum + length, 0);
    if (bytes <= mostBytes || cap <= LEAST_CAP || attempt === MOST_TRIES) return fitted;
    // Coarser courses are pressed less well, so the guess goes a little further than the ratio.
    cap = Math.max(LEAST_CAP, Math.floor(Math.min(cap, longestOf(records)) * (mostBytes / bytes) * 0.8));
  }
}

function longestOf(records: readonly ProcessRecord[]): number {
  let longest = 0;
  for (const { courses } of records)
    for (const course of courses ?? []) longest = Math.max(longest, course?.count ?? 0);
  return longest;
}

function writeCourses(records: readonly ProcessRecord[], cap: number): FittedCourses {
  const blocks: Uint8Array[] = [];
  const block: number[] = [];
  const offset: number[] = [];
  let writer = new NumberWriter();
  const close = () => {
    if (writer.length > 0) blocks.push(deflateRawSync(writer.bytes(), { level: 6 }));
    writer = new NumberWriter();
  };
  records.forEach((record, rank) => {
    const own = Math.max(LEAST_CAP, Math.round(rank < LARGEST ? cap : rank < LARGE ? cap / 4 : cap / 16));
    const courses = (record.courses ?? []).flatMap((course, metric) =>
      course && (rank < LARGE || !DETAILS.has(metric)) ? [{ metric, course: course.within(own) }] : [],
    );
    block.push(courses.length === 0 ? -1 : blocks.length);
    offset.push(writer.length);
    if (courses.length === 0) return;
    writer.unsigned(courses.length);
    for (const { metric, course } of courses) {
      writer.unsigned(metric);
      course.write(writer, PAGE_METRICS[metric]!.quantum);
    }
    if (writer.length > BLOCK_BYTES) close();
  });
  close();
  return { blocks, block, offset };
}
