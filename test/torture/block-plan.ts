/**
 * Where every frame of a sound ring lies, found without the reader that is to be tested: lengths are trusted, since nothing
 * is damaged here.
 */
import {
  BLOCK_HEADER,
  FLAG_ALONE,
  FRAME_HEAD,
  KIND_COLUMNS,
  KIND_END,
  KIND_LABELS,
  KIND_SNAPSHOT,
} from '../../src/ring/layout.js';
import { BLOCK, HEADER } from '../../src/ring/rings.fixture.js';

export interface FramePlan {
  /** Bytes that the checksum covers, and the commit word. */
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  /** The number that it has, or that the next counting frame has. */
  readonly number: number;
  readonly counts: boolean;
  /** Of LABELS: slot and length of each label, in order. */
  readonly labels: readonly (readonly [slot: number, length: number])[];
  /** Of COLUMNS: whether the scalars stand alone, and whether the head tells how many slots there are. */
  readonly isAlone: boolean;
  readonly tellsCells: boolean;
}

/** A frame that a reader must return, and the slots that it must know of it; undefined: all. */
export interface DueFrame {
  readonly frame: FramePlan;
  readonly slots?: ReadonlySet<number>;
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
    const counts = kind !== KIND_LABELS && kind !== KIND_SNAPSHOT && kind !== KIND_END;
    frames.push({
      from,
      to: from + length,
      kind,
      number,
      counts,
      labels: kind === KIND_LABELS ? labelsIn(view, from + FRAME_HEAD.bytes, from + length) : [],
      isAlone: (view.getUint8(from + FRAME_HEAD.flags) & FLAG_ALONE) !== 0,
      tellsCells: view.getUint16(from + FRAME_HEAD.cells, true) !== 0,
    });
    if (kind === KIND_END) break;
    if (counts) number++;
    from += (length + 7) & -8;
  }
  return frames;
}

function labelsIn(view: DataView, from: number, to: number): [number, number][] {
  const labels: [number, number][] = [];
  let at = from;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < to) {
    const [slot, length] = [varint(), varint()];
    labels.push([slot, length]);
    at += length;
  }
  return labels;
}

/**
 * What a reader must return of sweeps behind damage, by what was written anew: the whole frames of a block behind the first
 * broken one. `isList`: the ring lists the slots of a sweep; `hasScalars`: it has numbers beside its columns.
 */
export function dueBehind(
  frames: readonly FramePlan[],
  isWhole: (frame: FramePlan) => boolean,
  ring: { readonly isList: boolean; readonly hasScalars: boolean },
): DueFrame[] {
  const due: DueFrame[] = [];
  let known = new Set<number>();
  let labelled = new Set<number>();
  let isAll = false;
  let scalarsKnown = !ring.hasScalars;
  for (const frame of frames) {
    if (!isWhole(frame)) {
      [known, labelled, isAll, scalarsKnown] = [new Set(), new Set(), false, !ring.hasScalars];
    } else if (frame.kind === KIND_SNAPSHOT) {
      isAll = true;
    } else if (frame.kind === KIND_LABELS) {
      for (const [slot, length] of frame.labels) {
        if (length === 0) {
          known.add(slot);
          labelled.delete(slot);
        } else if (known.has(slot)) labelled.add(slot);
      }
    } else if (frame.kind === KIND_COLUMNS && isAll) {
      due.push({ frame });
    } else if (frame.kind === KIND_COLUMNS && (ring.isList || frame.tellsCells)) {
      scalarsKnown ||= frame.isAlone;
      if (scalarsKnown) due.push({ frame, slots: new Set(labelled) });
    }
  }
  return due;
}
