/** What became of one append, and the counts that must add up: attempted = stored + dropped(reason). */

/**
 * `key-too-large`: all labels and values do not fit into one block; `record-too-large`: the same for one record;
 * `bad-time`: a sweep longer than 26 days; `write-failed`: the storage threw, see `RingWriter.lastError`; `closed`.
 */
export type DropReason = 'key-too-large' | 'record-too-large' | 'bad-time' | 'write-failed' | 'closed';

export interface Stored {
  readonly ok: true;
  /** Bytes that the append took in the ring, with labels, heads and padding. */
  readonly bytes: number;
}

export interface Dropped {
  readonly ok: false;
  readonly reason: DropReason;
}

/** Valid until the next append: the object is reused. */
export type AppendResult = Stored | Dropped;

/** Counts of one ring since the writer was created. */
export interface RingStats {
  attempted: number;
  /** Frames stored: COLUMNS and RECORD. */
  stored: number;
  dropped: Record<DropReason, number>;
  bytes: number;
  /** Of these, the bytes of the keys of blocks. */
  keyBytes: number;
  /** Values represented: rows x columns, summed over the stored frames. */
  points: number;
  /** Values actually written. */
  changed: number;
  blocks: number;
  /** Blocks that overwrote an older one. */
  recycled: number;
}

export function emptyStats(): RingStats {
  const dropped = { 'key-too-large': 0, 'record-too-large': 0, 'bad-time': 0, 'write-failed': 0, closed: 0 };
  return { attempted: 0, stored: 0, dropped, bytes: 0, keyBytes: 0, points: 0, changed: 0, blocks: 0, recycled: 0 };
}
