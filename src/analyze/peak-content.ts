/**
 * What was in a peak, by class and by mapping, from the reads of mappings nearest to it.
 *
 * The traps: the reads are of another instant than the peak and perhaps not of every process, so how much of the peak they
 * cover is a part of the answer; and a program maps hundreds of nameless pieces, so mappings of one name and class in
 * one program count as one.
 */
import { identityKey } from '../engine/identity.js';
import type { RecordedMappings } from '../recording/mapping-record.js';
import { MappingWalk } from '../recording/mapping-walk.js';
import type { Recording } from '../recording/recording.js';
import { sizeOf } from './class-sums.js';
import { classifyMappings } from './classify.js';
import { MAPPING_CLASSES } from './mapping-classes.js';
import type { ProcessAtPeak } from './tree-meter.js';

/** Bytes; NaN where the read could not tell. */
export interface ContentPart {
  readonly rss: number;
  readonly pss: number;
  readonly swap: number;
  /** Mappings that were added up. */
  readonly count: number;
}

export interface MappingContent extends ContentPart {
  readonly program: string;
  /** As the kernel names it, `[anon]` for what has no name; characters of one byte each. */
  readonly name: string;
  readonly mappingClass: string;
}

export interface PeakContent {
  /** Monotonic nanoseconds of the earliest and the latest read. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly processes: number;
  /** Resident bytes of the reads, and of all processes at the peak. */
  readonly readRss: number;
  readonly peakRss: number;
  readonly classes: readonly (ContentPart & { readonly mappingClass: string })[];
  /** The largest by PSS first, all of them. */
  readonly mappings: readonly MappingContent[];
}

/** A read of the peak's own tick comes after its frame; one that a spike has cut off comes soon afterwards. */
const AFTER_NS = 30_000_000n;

interface Read {
  timeNs: bigint;
  parts: RecordedMappings[];
}

type Sum = { -readonly [field in keyof MappingContent]: MappingContent[field] };

/** Undefined when no mappings were read of any process that was there. */
export function peakContent(
  recording: Recording,
  peakAtNs: bigint,
  atPeak: readonly ProcessAtPeak[],
): PeakContent | undefined {
  const reads = readsNear(recording, peakAtNs, atPeak);
  if (reads.size === 0) return undefined;
  const programs = recording.programs();
  const mappings = new Map<string, Sum>();
  let readRss = 0;
  for (const { pid, startTicks, program } of atPeak) {
    const key = identityKey({ pid, startTicks });
    for (const { table, text } of reads.get(key)?.parts ?? []) {
      const { classes } = classifyMappings(table, text, programs.get(key)?.exe);
      for (let row = 0; row < table.rows; row++) {
        const rss = sizeOf(table, 'rss', row);
        readRss += rss || 0;
        const start = table.nameStart[row]!;
        const bytes = text.subarray(start, start + table.nameLength[row]!);
        const name = Buffer.from(bytes).toString('latin1') || '[anon]';
        const mappingClass = MAPPING_CLASSES[classes[row]!]!.name;
        const sum = { program, name, mappingClass, rss: 0, pss: 0, swap: 0, count: 0 };
        addTo(mappings, `${program}\0${name}\0${mappingClass}`, sum, {
          ...{ rss, pss: sizeOf(table, 'pss', row), swap: sizeOf(table, 'swap', row), count: 1 },
        });
      }
    }
  }
  const classes = new Map<string, Sum>();
  for (const sum of mappings.values()) {
    const { mappingClass } = sum;
    addTo(classes, mappingClass, { ...sum, rss: 0, pss: 0, swap: 0, count: 0 }, sum);
  }
  const times = [...reads.values()].map(({ timeNs }) => timeNs).sort((a, b) => (a < b ? -1 : 1));
  const order = MAPPING_CLASSES.map(({ name }) => name as string);
  return {
    fromNs: times[0]!,
    toNs: times.at(-1)!,
    processes: reads.size,
    readRss,
    peakRss: atPeak.reduce((sum, { rss }) => sum + rss, 0),
    classes: [...classes.values()]
      .map(({ mappingClass, rss, pss, swap, count }) => ({ mappingClass, rss, pss, swap, count }))
      .sort((a, b) => order.indexOf(a.mappingClass) - order.indexOf(b.mappingClass)),
    mappings: [...mappings.values()].sort((a, b) => b.pss - a.pss),
  };
}

/** The read of each process that is nearest to the peak: the last one before it, else the first one after it. */
function readsNear(recording: Recording, peakAtNs: bigint, atPeak: readonly ProcessAtPeak[]): Map<string, Read> {
  const reads = new Map<string, Read>();
  const ring = recording.ring.ringId('mappings');
  if (ring < 0) return reads;
  const wanted = new Set(atPeak.map((process) => identityKey(process)));
  const walk = new MappingWalk(recording.ring.cursor(ring), recording.metadata);
  for (let record = walk.next(); record !== undefined; record = walk.next()) {
    const key = identityKey(record);
    if (!wanted.has(key)) continue;
    const known = reads.get(key);
    if (record.part > 0) {
      if (known?.timeNs === walk.timeNs) known.parts.push(record);
      continue;
    }
    if (record.table.rows === 0 || (known && walk.timeNs > peakAtNs + AFTER_NS)) continue;
    reads.set(key, { timeNs: walk.timeNs, parts: [record] });
  }
  return reads;
}

function addTo(sums: Map<string, Sum>, key: string, nothing: Sum, part: ContentPart): void {
  const sum = sums.get(key) ?? nothing;
  sums.set(key, sum);
  sum.rss += part.rss || 0;
  sum.pss += part.pss || 0;
  sum.swap += part.swap || 0;
  sum.count += part.count;
}
