/**
 * Walks the records of the mappings ring in order and puts differences together again.
 *
 * The trap: what builds on a record that was overwritten or damaged is lost with it; it is counted, and never shown in
 * part.
 */
import { identityKey } from '../engine/identity.js';
import type { RingCursor } from '../ring/ring-cursor.js';
import type { RecordingMetadata } from './format.js';
import { DIFFERENCES_RECORD, MappingDecoder } from './mapping-differences.js';
import { decodeMappings, MAPPINGS_RECORD, type RecordedMappings } from './mapping-record.js';

export class MappingWalk {
  /** Monotonic nanoseconds of the last record. */
  timeNs = 0n;
  /** Records that were there and could not be used. */
  lost = 0;
  /** The reads of one input stand behind those of another, whatever their times. */
  readonly isMerged: boolean;
  readonly #cursor: RingCursor;
  readonly #decoder: MappingDecoder;
  readonly #only: string | undefined;

  /** With `only`, the records of one process; see `identityKey`. */
  constructor(cursor: RingCursor, { host, mappingColumns, sources }: RecordingMetadata, only?: string) {
    this.isMerged = sources !== undefined;
    this.#cursor = cursor;
    this.#decoder = new MappingDecoder(host.pageSize, mappingColumns);
    this.#only = only;
  }

  /** The next record, or undefined when nothing more is committed now. */
  next(): RecordedMappings | undefined {
    const cursor = this.#cursor;
    for (let step = cursor.next(); step !== null; step = cursor.next()) {
      if (step === 'block') this.#decoder.reset();
      if (step !== 'record') continue;
      this.timeNs = cursor.timeNs;
      const record = this.#decode(cursor.type, cursor.payload);
      if (record === 'lost') this.lost++;
      else if (record !== undefined) return record;
    }
    return undefined;
  }

  #decode(type: number, payload: Uint8Array): RecordedMappings | 'lost' | undefined {
    if (type === DIFFERENCES_RECORD) {
      const record = this.#decoder.decode(payload, this.#only);
      return record === 'damaged' ? 'lost' : record;
    }
    if (type !== MAPPINGS_RECORD) return undefined;
    const record = decodeMappings(payload);
    if (record === undefined) return 'lost';
    return this.#only === undefined || identityKey(record) === this.#only ? record : undefined;
  }
}

/** One read of a process: its records, and when it was made, monotonic nanoseconds. */
export interface MappingsRead {
  readonly timeNs: bigint;
  readonly parts: RecordedMappings[];
}

/**
 * The last read that a walk over one process comes by, at or before a time. `isWanted`: whether a record counts.
 */
export function lastRead(
  walk: MappingWalk,
  untilNs: bigint | undefined,
  isWanted: (record: RecordedMappings) => boolean = () => true,
): MappingsRead | undefined {
  let found: MappingsRead | undefined;
  for (let record = walk.next(); record !== undefined; record = walk.next()) {
    const { timeNs } = walk;
    const isLater = untilNs !== undefined && timeNs > untilNs;
    if (isLater && !walk.isMerged) break;
    if (isLater || !isWanted(record)) continue;
    if (record.part > 0) {
      if (timeNs === found?.timeNs) found.parts.push(record);
    } else if (!found || timeNs >= found.timeNs) {
      found = { timeNs, parts: [record] };
    }
  }
  return found;
}
