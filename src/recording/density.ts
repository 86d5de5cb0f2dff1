/**
 * How many bytes the counters of a recording take: a tick in which nothing moved, a value that did, and the key with which
 * each block begins.
 *
 * The trap: a frame has a head of its own, which is most of one in which little moved. So a moved value is charged with
 * what tells it and which it is, and the head with the tick.
 */
import type { RingCursor } from '../ring/ring-cursor.js';

/** Each is null where the recording has no such frame. */
export interface Density {
  /** Median of the frames in which no value and no process changed. */
  readonly idleFrameBytes: number | null;
  /** Of a value that changed, with what tells which one it is. */
  readonly bytesPerChange: number | null;
  /** Of the state with which a block begins, for each of its processes. */
  readonly keyBytesPerProcess: number | null;
}

export function densityOf(cursor: RingCursor): Density {
  const idle: number[] = [];
  const moving = { bytes: 0, values: 0 };
  const keys = { bytes: 0, processes: 0 };
  let labels = 0;
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'block') labels = 0;
    if (step === 'labels') labels += cursor.frameBytes;
    if (step !== 'columns') continue;
    if (cursor.isKey) {
      keys.bytes += labels + cursor.frameBytes;
      keys.processes += cursor.updated.count;
    } else if (!cursor.isPartial && labels === 0) {
      const { values, bytes } = cursor.told;
      if (values === 0) idle.push(cursor.frameBytes);
      else {
        moving.values += values;
        moving.bytes += bytes;
      }
    }
    labels = 0;
  }
  idle.sort((a, b) => a - b);
  return {
    idleFrameBytes: idle[idle.length >> 1] ?? null,
    bytesPerChange: moving.values === 0 ? null : moving.bytes / moving.values,
    keyBytesPerProcess: keys.processes === 0 ? null : keys.bytes / keys.processes,
  };
}
