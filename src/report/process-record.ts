/** What is kept of one process while a recording is walked: its courses and the numbers by which it is ranked. */
import type { ProcessIdentity } from '../engine/identity.js';
import { Course } from './course.js';
import { PROCESS_METRICS } from './page-format.js';

export class ProcessRecord {
  /** By metric; undefined as long as it was never measured. */
  courses: (Course | undefined)[] | undefined = new Array(PROCESS_METRICS).fill(undefined);
  /** The value that each metric has now; NaN: none. */
  readonly held = new Float64Array(PROCESS_METRICS).fill(Number.NaN);
  lastBucket: number;
  firstRss = Number.NaN;
  peakRss = Number.NaN;
  peakBucket = 0;
  /** Bytes by which RSS moved from tick to tick. */
  churn = 0;
  firstCpu = Number.NaN;
  /** Whether it was seen to end, or is no longer there. */
  isGone = false;
  /** Deep reads that were refused. */
  denied = 0;
  /** Deep reads that measured something. */
  reads = 0;

  constructor(
    readonly key: string,
    public identity: ProcessIdentity,
    readonly firstBucket: number,
    /** Of a merged recording: which of its inputs it is in. */
    readonly input: number,
  ) {
    this.lastBucket = firstBucket;
  }

  /** Adds a value of a metric. Returns how many entries that took. */
  push(metric: number, bucket: number, last: number, least = last, most = last): number {
    if (!this.courses) return 0;
    let course = this.courses[metric];
    if (!course) {
      if (Number.isNaN(last)) return 0;
      course = new Course();
      this.courses[metric] = course;
    }
    const before = course.count;
    course.push(bucket, last, least, most);
    return course.count - before;
  }

  /** A new value of RSS. */
  takeRss(bucket: number, last: number, most: number): void {
    if (Number.isNaN(last)) return;
    const before = this.held[0]!;
    if (Number.isNaN(this.firstRss)) this.firstRss = last;
    if (!Number.isNaN(before)) this.churn += Math.abs(last - before);
    if (!(this.peakRss >= most)) {
      this.peakRss = most;
      this.peakBucket = bucket;
    }
  }

  /** Coarsens the courses to so many entries each. Returns how many are left. */
  within(most: number): number {
    let entries = 0;
    this.courses?.forEach((course, metric) => {
      if (!course) return;
      const smaller = course.within(most);
      this.courses![metric] = smaller;
      entries += smaller.count;
    });
    return entries;
  }
}
