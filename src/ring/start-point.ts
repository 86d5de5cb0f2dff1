/**
 * Where a cursor begins that wants what happened from some time on: the block, and in it the last snapshot before.
 *
 * The traps: records stand as they were told, not by time, so a late one may lie in the block before; and the way to a
 * snapshot goes over the lengths of frames whose checksums nobody checks, so it must pass its own, and what is found of
 * frames on the way counts for nothing.
 */
import { type BlockCopy, frameAfter, takesNumber } from './block-copy.js';
import type { BlockEntry } from './block-index.js';
import { BLOCK_HEADER, FRAME_HEAD, KIND_COLUMNS, KIND_SNAPSHOT } from './layout.js';
import type { RingSpec } from './ring-table.js';
import { ByteCursor, unzigzag } from './varint.js';

export interface CursorStart {
  /** Sequence of the block to start at, or of the next younger one that stands. Default: the oldest. */
  fromBlock?: number;
  /** Leaves out sweeps and records that start before; labels still come. */
  fromTimeNs?: bigint;
  /** Names of the columns whose values are wanted; those of the others stay NaN. Default: all. */
  columns?: readonly string[] | undefined;
}

/** By column of the ring whether it is wanted; undefined: all are. */
export function wantedColumns(spec: RingSpec, { columns }: CursorStart): boolean[] | undefined {
  return columns && spec.columns.map(({ name }) => columns.includes(name));
}

/** The sequence of the block to begin with. */
export function firstBlock(blocks: readonly BlockEntry[], fromTimeNs: bigint | undefined, isRecords: boolean): number {
  if (fromTimeNs === undefined || blocks.length === 0) return 1;
  let at = 0;
  // Behind a clock that was set back, a block may hold what is later than the begin of the next.
  const isLater = (next: BlockEntry) => next.baseTimeNs <= fromTimeNs && next.baseTimeNs >= blocks[at].baseTimeNs;
  while (at + 1 < blocks.length && isLater(blocks[at + 1])) at++;
  return blocks[Math.max(0, isRecords ? at - 1 : at)].sequence;
}

/** Place and number of the last snapshot of a block before its first sweep at or after `fromTimeNs`, if it is good. */
export function lastSnapshotBefore(
  copy: BlockCopy,
  block: BlockEntry,
  fromTimeNs: bigint,
): { position: number; sequence: number } | undefined {
  const { bytes, view } = copy;
  const start = new ByteCursor();
  let found: { position: number; sequence: number } | undefined;
  let sequence = block.firstFrameSequence;
  const fromNs = Number(fromTimeNs - block.baseTimeNs);
  for (let at: number = BLOCK_HEADER.bytes; at + FRAME_HEAD.bytes <= copy.heldBytes; ) {
    const length = view.getUint32(at + FRAME_HEAD.length, true);
    if (length < FRAME_HEAD.bytes || at + length > copy.heldBytes) break;
    if (view.getUint32(at + FRAME_HEAD.sequence, true) !== sequence % 2 ** 32) break;
    const kind = bytes[at + FRAME_HEAD.kind];
    if (kind === KIND_COLUMNS) {
      start.reset(bytes, view, at + FRAME_HEAD.bytes, at + length);
      if (unzigzag(start.varint()) >= fromNs) break;
    }
    if (kind === KIND_SNAPSHOT) found = { position: at, sequence };
    if (takesNumber(kind)) sequence++;
    at = frameAfter(at, length);
  }
  return found !== undefined && copy.accept(found.position, found.sequence) ? found : undefined;
}
