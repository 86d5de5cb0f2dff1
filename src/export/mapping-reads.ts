/**
 * The reads of mappings in a recording, whole ones only, with whose they are.
 *
 * The trap: a read of very many mappings is several records, and a part of them may be overwritten; what is left of it is
 * no address space and is left out.
 */
import { identityKey } from '../engine/identity.js';
import { joinParts } from '../recording/mapping-join.js';
import type { RecordedMappings } from '../recording/mapping-record.js';
import { MappingWalk } from '../recording/mapping-walk.js';
import type { RecordedProcess } from '../recording/process-index.js';
import type { Recording } from '../recording/recording.js';
import { monotonicRange } from '../recording/time-range.js';
import { type FrameChoice, type Thinning, thinningOf } from './frames.js';
import type { ExportOptions } from './rows.js';

export interface MappingRead extends Pick<RecordedMappings, 'table' | 'text' | 'status' | 'holdNs'> {
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  readonly monotonicNs: bigint;
  readonly pid: number;
  readonly startTicks: number;
  /** In a merged recording: the number of the host. */
  readonly source: number;
  /** `identityKey` of the process. */
  readonly key: string;
  /** What else is known of it; undefined when no frame that it was in is left. */
  readonly process: RecordedProcess | undefined;
}

const RING = /^mappings(?:@(\d+))?$/;

/** Whether mappings were recorded at all. */
export function hasMappings(recording: Recording): boolean {
  return recording.rings.some(({ name }) => RING.test(name));
}

/** The reads in a range, host by host and each in the order of time; with `every` the first of each process in an interval. */
export function* mappingReads(
  recording: Recording,
  options: FrameChoice & Pick<ExportOptions, 'pids'>,
): Generator<MappingRead> {
  const pids = options.pids && new Set(options.pids);
  const clock = recording.clock();
  const { fromNs, toNs } = monotonicRange(options, clock);
  const thinnings = new Map<string, Thinning>();
  thinningOf(options.every);
  const processes = new Map(recording.processes().map((process) => [identityKey(process), process]));
  for (const { name } of recording.rings) {
    const match = RING.exec(name);
    if (!match) continue;
    const source = Number(match[1] ?? 0);
    const walk = new MappingWalk(recording.ring.cursor(recording.ring.ringId(name)), recording.metadata);
    for (const parts of wholeReads(walk)) {
      const monotonicNs = walk.timeNs;
      const { pid, startTicks, status, holdNs } = parts[0]!;
      if ((fromNs !== undefined && monotonicNs < fromNs) || (pids && !pids.has(pid))) continue;
      if (toNs !== undefined && monotonicNs > toNs) break;
      const timeNs = clock.toUnix(monotonicNs);
      const key = identityKey({ pid, startTicks, ...(match[1] === undefined ? {} : { source }) });
      if (options.every !== undefined) {
        if (!thinnings.has(key)) thinnings.set(key, thinningOf(options.every)!);
        if (!thinnings.get(key)!.takes(timeNs)) continue;
      }
      options.onProgress?.(timeNs);
      const process = processes.get(key) ?? processes.get(identityKey({ pid, startTicks, source }));
      yield { ...{ timeNs, monotonicNs, pid, startTicks, source, key, status, holdNs, process }, ...joinParts(parts) };
    }
  }
}

/** The records of each read, as far as all of them are there. */
function* wholeReads(walk: MappingWalk): Generator<RecordedMappings[]> {
  let parts: RecordedMappings[] = [];
  for (let record = walk.next(); record !== undefined; record = walk.next()) {
    const isNext = record.part === parts.length && (parts.length === 0 || isOneRead(parts[0]!, record));
    if (isNext) parts.push(record);
    else parts = record.part === 0 ? [record] : [];
    if (parts.length === 0 || parts.length < record.parts) continue;
    yield parts;
    parts = [];
  }
}

function isOneRead(a: RecordedMappings, b: RecordedMappings): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.tick === b.tick && a.parts === b.parts;
}
