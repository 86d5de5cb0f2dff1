/**
 * Where every frame of a sound ring lies, found without the reader that is to be tested: lengths are trusted, since nothing
 * is damaged here.
 */
import { BLOCK_HEADER, FRAME_HEAD, KIND_END, KIND_LABELS } from '../../src/ring/layout.js';
import { BLOCK, HEADER } from '../../src/ring/rings.fixture.js';

export interface FramePlan {
  /** Bytes that the checksum covers, and the commit word. */
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  /** The number that it has, or that the next counting frame has. */
  readonly number: number;
  readonly counts: boolean;
}

export interface BlockPlan {
  readonly offset: number;
  readonly ring: number;
  readonly sequence: number;
  readonly first: number;
  readonly frames: readonly FramePlan[];
}

/** The blocks in use, in physical order. */
export function planBlocks(bytes: Uint8Array): BlockPlan[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: BlockPlan[] = [];
  for (let offset = HEADER; offset + BLOCK <= bytes.length; offset += BLOCK) {
    if (view.getUint32(offset, true) === 0) continue;
    const first = Number(view.getBigUint64(offset + BLOCK_HEADER.firstFrameSequence, true));
    blocks.push({
      offset,
      ring: view.getUint32(offset + BLOCK_HEADER.ring, true),
      sequence: Number(view.getBigUint64(offset + BLOCK_HEADER.sequence, true)),
      first,
      frames: planFrames(view, offset, first),
    });
  }
  return blocks;
}

function planFrames(view: DataView, block: number, first: number): FramePlan[] {
  const frames: FramePlan[] = [];
  let number = first;
  for (let from = block + BLOCK_HEADER.bytes; from + FRAME_HEAD.bytes <= block + BLOCK; ) {
    const length = view.getUint32(from, true);
    // What an earlier lap left behind the newest frame has another number, or none.
    if (length < FRAME_HEAD.bytes || view.getUint32(from + FRAME_HEAD.sequence, true) !== number) break;
    const kind = view.getUint8(from + FRAME_HEAD.kind);
    const counts = kind !== KIND_LABELS && kind !== KIND_END;
    frames.push({ from, to: from + length, kind, number, counts });
    if (kind === KIND_END) break;
    if (counts) number++;
    from += (length + 7) & -8;
  }
  return frames;
}
