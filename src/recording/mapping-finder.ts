/**
 * The mappings of a process as they were last read at or before an instant, found from the block of that instant
 * backwards: a recording holds hours of them, and each block begins anew.
 *
 * The trap: the read of a process with very many mappings is several records. Parts of it alone are no address space.
 */
import { identityKey } from '../engine/identity.js';
import { Status } from '../schema.js';
import type { ProcessRef } from './frame.js';
import { joinParts } from './mapping-join.js';
import type { RecordedMappings } from './mapping-record.js';
import { MappingWalk } from './mapping-walk.js';
import type { Recording } from './recording.js';

export interface FoundMappings extends Pick<RecordedMappings, 'table' | 'text' | 'holdNs'> {
  /** Monotonic nanoseconds. */
  readonly timeNs: bigint;
}

export interface MappingSearch {
  /** The last whole read that gave mappings; undefined when there is none that is still recorded. */
  readonly found?: FoundMappings;
  /** `Status` of the last read, which may have been refused since; undefined when there was none. */
  readonly lastStatus?: number;
}

/** Looks for the last read of a process at or before a monotonic time. */
export function mappingsBefore({ ring, metadata }: Recording, process: ProcessRef, toNs: bigint): MappingSearch {
  const id = ring.ringId('mappings');
  if (id < 0) return {};
  ring.follow();
  const key = identityKey({ pid: process.pid, startTicks: process.startTicks });
  const blocks = ring.blocks(id);
  let lastStatus: number | undefined;
  for (let at = blocks.findLastIndex(({ baseTimeNs }) => baseTimeNs <= toNs); at >= 0; at--) {
    const cursor = ring.cursor(id, { fromBlock: blocks[at]!.sequence });
    const walk = new MappingWalk(cursor, metadata, key);
    const nextSequence = blocks[at + 1]?.sequence ?? Number.POSITIVE_INFINITY;
    let parts: RecordedMappings[] = [];
    let found: FoundMappings | undefined;
    let status: number | undefined;
    for (let record = walk.next(); record !== undefined && walk.timeNs <= toNs; record = walk.next()) {
      // The rest of a read may stand in the next block.
      if (cursor.blockSequence >= nextSequence && record.part === 0) break;
      parts = record.part === 0 ? [record] : isNextOf(parts, record) ? [...parts, record] : [];
      if (parts.length === 0 || parts.length < record.parts) continue;
      status = record.status;
      if (status === Status.ok) found = { ...joinParts(parts), timeNs: walk.timeNs, holdNs: parts[0]!.holdNs };
      parts = [];
    }
    lastStatus ??= status;
    if (found) return { found, lastStatus: lastStatus! };
  }
  return lastStatus === undefined ? {} : { lastStatus };
}

function isNextOf(parts: readonly RecordedMappings[], record: RecordedMappings): boolean {
  return parts.length === record.part && parts[0]?.tick === record.tick && parts[0].parts === record.parts;
}
