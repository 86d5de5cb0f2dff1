/**
 * The open block of one ring: puts frames behind each other and commits each by its last write.
 *
 * The trap: a killed writer leaves whatever it had written. So the 8 bytes that make a frame valid (length and CRC) go
 * last, and there is always room left for the END frame that closes the block.
 */
import { type BlockHeader, encodeBlockHeader } from './block-header.js';
import { frameCrc } from './checksum.js';
import { alignFrame, BLOCK_HEADER, FRAME_ALIGN, FRAME_HEAD, HEAD_CELLS_LIMIT, KIND_END } from './layout.js';
import type { Storage } from './storage.js';

export class BlockWriter {
  isOpen = false;
  baseTimeNs = 0n;
  private blockAt = 0;
  private position = 0;
  private frameSeed = 0;
  private readonly endFrame = new Uint8Array(FRAME_HEAD.bytes);
  private readonly header = new Uint8Array(BLOCK_HEADER.bytes);

  constructor(
    private readonly storage: Storage,
    private readonly fileSeed: number,
    private readonly blockBytes: number,
  ) {}

  /** Bytes for frames in an empty block; a multiple of the frame alignment. */
  get capacity(): number {
    return this.blockBytes - BLOCK_HEADER.bytes - FRAME_HEAD.bytes;
  }

  /** Bytes for further frames. */
  get room(): number {
    return this.isOpen ? this.blockBytes - this.position - FRAME_HEAD.bytes : 0;
  }

  /** Starts a block at offset `blockAt`; what it held before is gone at once. */
  open(blockAt: number, header: Omit<BlockHeader, 'frameSeed'>): void {
    this.isOpen = false;
    this.frameSeed = encodeBlockHeader(this.header, header, this.fileSeed);
    this.storage.write(blockAt, this.header, 0, BLOCK_HEADER.bytes);
    this.blockAt = blockAt;
    this.baseTimeNs = header.baseTimeNs;
    this.position = BLOCK_HEADER.bytes;
    this.isOpen = true;
  }

  /** Goes on in a block of an earlier writer, behind its last frame at `position`. */
  reopen(blockAt: number, { frameSeed, baseTimeNs }: BlockHeader, position: number): void {
    this.frameSeed = frameSeed;
    this.blockAt = blockAt;
    this.baseTimeNs = baseTimeNs;
    this.position = position;
    this.isOpen = true;
  }

  /**
   * Appends the frame in `frame[at, at + length)`, whose payload stands behind 16 bytes left free for its head. `frame`
   * must have room for the padding; `cells` is the high water mark of a COLUMNS frame. Returns the bytes that it took.
   */
  append(
    frame: Uint8Array,
    at: number,
    length: number,
    kind: number,
    flags: number,
    sequence: number,
    cells = 0,
  ): number {
    const padded = alignFrame(length);
    frame.fill(0, at + length, at + padded);
    writeUint32(frame, at + FRAME_HEAD.sequence, sequence % 2 ** 32);
    frame[at + FRAME_HEAD.kind] = kind;
    frame[at + FRAME_HEAD.flags] = flags;
    const told = cells < HEAD_CELLS_LIMIT ? cells : 0;
    frame[at + FRAME_HEAD.cells] = told & 0xff;
    frame[at + FRAME_HEAD.cells + 1] = told >>> 8;
    const crc = frameCrc(frame, at, length, this.frameSeed);
    const target = this.blockAt + this.position;
    this.storage.write(target + FRAME_ALIGN, frame, at + FRAME_ALIGN, padded - FRAME_ALIGN);
    this.storage.commit(target, length, crc);
    this.position += padded;
    return padded;
  }

  /** Closes the block; `sequence` is that of the next frame. */
  end(sequence: number): void {
    if (!this.isOpen) return;
    this.append(this.endFrame, 0, FRAME_HEAD.bytes, KIND_END, 0, sequence);
    this.isOpen = false;
  }
}

function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value & 0xff;
  out[at + 1] = (value >>> 8) & 0xff;
  out[at + 2] = (value >>> 16) & 0xff;
  out[at + 3] = value >>> 24;
}
