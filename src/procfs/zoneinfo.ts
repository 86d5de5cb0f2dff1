/**
 * `/proc/zoneinfo`: for each zone of memory the marks at which the kernel takes memory back, and what single CPUs hold free.
 *
 * The traps: `min` and `high` occur twice, once as marks of the zone and, with a colon, as sizes of a CPU's list; a zone
 * without memory has marks too, which nobody looks at; and the text grows with zones times CPUs, to hundreds of kilobytes
 * on a large host, so it is the most costly of these files.
 */
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

/** Sums over all zones that have memory, in pages. */
export interface ZoneSums {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  /** Free pages in the lists of single CPUs, which are not among the free pages of the zone. */
  readonly pcpFree: number;
}

const LINE = /^(?:(Node) \d+, zone +\S+|\s+(min|low|high|present|count:) +(\d+))$/gm;

/** Parses the text; undefined when it tells of no zone with memory. */
export function parseZoneinfo(text: string): ZoneSums | undefined {
  const sums = { min: 0, low: 0, high: 0, pcpFree: 0 };
  const zone = { min: 0, low: 0, high: 0, present: 0 };
  let isFound = false;
  const settle = () => {
    if (zone.present > 0) {
      isFound = true;
      sums.min += zone.min;
      sums.low += zone.low;
      sums.high += zone.high;
    }
    zone.min = zone.low = zone.high = zone.present = 0;
  };
  for (const [, node, key, value] of text.matchAll(LINE)) {
    if (node !== undefined) settle();
    else if (key === 'count:') sums.pcpFree += Number(value);
    else zone[key as keyof typeof zone] = Number(value);
  }
  settle();
  return isFound ? sums : undefined;
}

/** Reads and parses it. Throws the errno when it cannot be read. */
export function readZoneinfo(root: string): ZoneSums | undefined {
  return parseZoneinfo(readBoundedText(path.join(root, 'zoneinfo')));
}
