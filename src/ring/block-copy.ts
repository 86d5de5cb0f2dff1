/**
 * A private copy of one block, and the only judge of whether a frame in it counts.
 *
 * The trap: the writer may recycle the block under us, so nothing is ever decoded in place. In the copy, the CRC seeded
 * with the block's generation decides: what passes was committed in this lap, whatever else was torn while copying.
 */
import { type BlockHeader, parseBlockHeader } from './block-header.js';
import type { BlockEntry } from './block-index.js';
import { frameCrc } from './checksum.js';
import { type HeldBlock, HeldBlocks } from './held-blocks.js';
import {
  alignFrame,
  BLOCK_HEADER,
  FLAGS_KNOWN,
  FRAME_ALIGN,
  FRAME_HEAD,
  KIND_END,
  KIND_LABELS,
  KIND_SNAPSHOT,
} from './layout.js';
import type { Storage } from './storage.js';

/** Hostile bytes must not make the search for later frames quadratic: of a block, it checks at most so many times its size. */
const SEARCH_BLOCKS = 16;

/** Whoever follows a writer copies so much at a time: the rest of a block is megabytes, and empty. */
export const AHEAD_BYTES = 64 * 1024;

const EMPTY = new Uint8Array(4096);
const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

export class BlockCopy {
  bytes: Uint8Array = NO_BYTES;
  view: DataView = NO_VIEW;
  /** The frame last accepted by `accept`. */
  length = 0;
  kind = 0;
  flags = 0;
  /** High water mark in the head; 0 = not told. */
  cells = 0;
  /** Low 32 bits of the sequence of the frame last found by `findLater`, and its kind. */
  foundSequence = 0;
  foundKind = 0;
  private entry: BlockEntry | undefined;
  /** Taken with the first block that is copied: many rings have none. */
  private block: HeldBlock | undefined;
  private held = 0;
  private searchBudget = 0;
  private readonly headerBytes = new Uint8Array(BLOCK_HEADER.bytes);
  private readonly headerView = new DataView(this.headerBytes.buffer);

  constructor(
    private readonly storage: Storage,
    private readonly fileSeed: number,
    private readonly blockBytes: number,
    /** Of the reader, whose cursors share what they have copied. */
    private readonly blocks = new HeldBlocks(blockBytes),
  ) {}

  /** Gives its memory to the next copy; what was read from it counts no longer. */
  release(): void {
    if (this.block) this.blocks.give(this.block);
    this.block = undefined;
    this.bytes = NO_BYTES;
    this.view = NO_VIEW;
    this.held = 0;
    this.entry = undefined;
  }

  /**
   * Has a copy of a block, or of its first bytes, which may have been made for another: it is as old as that. False if it is
   * no longer the block that `entry` describes.
   */
  load(entry: BlockEntry, most: number = this.blockBytes): boolean {
    const known = this.point(entry);
    if (known < most) return this.reload(BLOCK_HEADER.bytes, most);
    if (!this.stillStands(entry)) return false;
    this.held = known;
    return true;
  }

  /** Copies a block as it is now. False if it is no longer the block that `entry` describes. */
  loadNow(entry: BlockEntry): boolean {
    this.point(entry);
    return this.reload(BLOCK_HEADER.bytes);
  }

  /** Copies the block anew from `position` on. False if it was recycled meanwhile. */
  reload(position: number, end: number = this.blockBytes): boolean {
    const entry = this.entry!;
    // The header first: a copy made after it can only be younger, and then its frames fail their CRC.
    if (!this.stillStands(entry)) return false;
    if (this.block!.users > 1) this.use(this.blocks.part(this.block!, position));
    const length = Math.max(0, Math.min(end, this.bytes.length) - position);
    const count = this.storage.read(entry.offset + position, this.bytes, position, length);
    this.held = position + count;
    this.block!.held = this.held;
    return true;
  }

  /**
   * Copies the frame with number `sequence` that may stand at `position` by now, and what stands behind it; nothing when there is
   * none. False if the block was recycled meanwhile.
   */
  extend(position: number, sequence: number): boolean {
    const isPossible = position + FRAME_HEAD.bytes <= this.blockBytes && this.readHead(position) === FRAME_HEAD.bytes;
    const head = this.headerView;
    if (!isPossible || head.getUint32(FRAME_HEAD.sequence, true) !== sequence % 2 ** 32) {
      return this.stillStands(this.entry!);
    }
    return this.reload(position, position + Math.max(AHEAD_BYTES, head.getUint32(FRAME_HEAD.length, true)));
  }

  /** Takes what there is of a block; returns how many bytes of it are there. */
  private point(entry: BlockEntry): number {
    this.entry = entry;
    this.held = 0;
    this.searchBudget = SEARCH_BLOCKS * this.blockBytes;
    const block = this.blocks.take(entry, this.block);
    this.use(block);
    return block.held;
  }

  private use(block: HeldBlock): void {
    this.block = block;
    this.bytes = block.bytes;
    this.view = block.view;
  }

  /** Bytes of the block that the copy has. */
  get heldBytes(): number {
    return this.held;
  }

  /** Copies just the head at `position` again; true if it differs from the copy. */
  headChanged(position: number): boolean {
    const count = this.readHead(position);
    for (let i = 0; i < count; i++) if (this.headerBytes[i] !== this.bytes[position + i]) return true;
    return false;
  }

  /** Copies the head at `position` as it is now to the begin of `headerBytes`; returns how many bytes of it there are. */
  private readHead(position: number): number {
    return this.storage.read(this.entry!.offset + position, this.headerBytes, 0, FRAME_HEAD.bytes);
  }

  /** True if a committed frame of this block with number `sequence` stands at `position`; then its head is in the fields. */
  accept(position: number, sequence: number): boolean {
    if (position + FRAME_HEAD.bytes > this.held) return false;
    if (this.view.getUint32(position + FRAME_HEAD.sequence, true) !== sequence % 2 ** 32) return false;
    const length = this.view.getUint32(position + FRAME_HEAD.length, true);
    if (!this.passes(position, length)) return false;
    this.length = length;
    this.kind = this.bytes[position + FRAME_HEAD.kind];
    this.flags = this.bytes[position + FRAME_HEAD.flags];
    this.cells = this.view.getUint16(position + FRAME_HEAD.cells, true);
    return true;
  }

  /**
   * The next position behind `position` where a frame passes its CRC, or -1. Its number must be possible: `sequence` was
   * expected at `position`, and each frame between takes 16 bytes or more.
   */
  findLater(position: number, sequence: number): number {
    for (let at = position + FRAME_ALIGN; at + FRAME_HEAD.bytes <= this.held; at += FRAME_ALIGN) {
      // Most of a block that is not full is empty, and no frame begins with a zero.
      while (at % EMPTY.length === 0 && at + EMPTY.length <= this.held && this.isEmpty(at)) at += EMPTY.length;
      if (at + FRAME_HEAD.bytes > this.held) return -1;
      const length = this.view.getUint32(at + FRAME_HEAD.length, true);
      if (length < FRAME_HEAD.bytes || at + length > this.held || this.bytes[at + FRAME_HEAD.flags] > FLAGS_KNOWN)
        continue;
      const found = this.view.getUint32(at + FRAME_HEAD.sequence, true);
      if (((found - sequence) % 2 ** 32) >>> 0 > (at - position) / FRAME_HEAD.bytes) continue;
      this.searchBudget -= length;
      if (this.searchBudget < 0) return -1;
      if (!this.passes(at, length)) continue;
      this.foundSequence = found;
      this.foundKind = this.bytes[at + FRAME_HEAD.kind];
      return at;
    }
    return -1;
  }

  private isEmpty(at: number): boolean {
    return Buffer.compare(this.bytes.subarray(at, at + EMPTY.length), EMPTY) === 0;
  }

  private passes(position: number, length: number): boolean {
    if (length < FRAME_HEAD.bytes || position + length > this.held) return false;
    const crc = this.view.getUint32(position + FRAME_HEAD.crc, true);
    return crc === frameCrc(this.bytes, position, length, this.entry!.frameSeed);
  }

  private stillStands(entry: BlockEntry): boolean {
    const count = this.storage.read(entry.offset, this.headerBytes, 0, BLOCK_HEADER.bytes);
    const now: BlockHeader | string = parseBlockHeader(this.headerBytes.subarray(0, count), this.fileSeed);
    return typeof now !== 'string' && now.ring === entry.ring && now.sequence === entry.sequence;
  }
}

/** Offset of the frame behind one of `length` bytes at `position`. */
export function frameAfter(position: number, length: number): number {
  return position + alignFrame(length);
}

/** LABELS, SNAPSHOT and END carry the number of the next frame; every other kind, known or not, takes one. */
export function takesNumber(kind: number): boolean {
  return kind !== KIND_LABELS && kind !== KIND_SNAPSHOT && kind !== KIND_END;
}
