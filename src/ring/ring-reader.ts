/**
 * The reading end of a ring: opens it, lists its blocks and damage, and gives out cursors. It does not know or ask
 * whether the writer is alive.
 */
import { BlockCopy } from './block-copy.js';
import { type BlockEntry, BlockIndex, type Damage } from './block-index.js';
import { fileSeedOf } from './checksum.js';
import { type FileHeader, parseCloseRecord, parseFileHeader } from './file-header.js';
import { type FrameTimes, firstFrameTime, frameTimes, isStillWhole } from './frame-times.js';
import { HeldBlocks } from './held-blocks.js';
import { CLOSE_RECORD } from './layout.js';
import { RingCursor } from './ring-cursor.js';
import type { RingSpec } from './ring-table.js';
import type { CursorStart } from './start-point.js';
import type { Storage } from './storage.js';
import { type RingOwner, readOwner } from './writer-record.js';

/** In these the first sweep of thousands of processes ends. */
const FIRST_BYTES = 256 * 1024;

export class RingReader {
  /** What the writer was given. */
  readonly metadata: Record<string, unknown>;
  readonly rings: readonly RingSpec[];
  readonly maxSlots: number;
  readonly blockBytes: number;
  readonly fileId: Uint8Array;
  private readonly fileSeed: number;
  private readonly index: BlockIndex;
  private copy: BlockCopy | undefined;
  private readonly held: HeldBlocks;
  private readonly frameDamage = new Map<number, Damage>();
  /** Frames of kinds that this version does not know, as cursors met them. */
  unknownFrames = 0;

  /** Throws `RingFormatError` if this is not a ring or damaged in its header. */
  static open(storage: Storage): RingReader {
    const header = parseFileHeader((length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, storage.read(0, bytes, 0, length));
    });
    return new RingReader(storage, header);
  }

  private constructor(
    readonly storage: Storage,
    private readonly header: FileHeader,
  ) {
    this.metadata = header.metadata;
    this.rings = header.table.rings;
    this.maxSlots = header.table.maxSlots;
    this.blockBytes = header.blockBytes;
    this.fileId = header.fileId;
    this.fileSeed = fileSeedOf(header.fileId);
    this.held = new HeldBlocks(header.blockBytes);
    this.index = new BlockIndex(storage, header, this.fileSeed);
    this.refresh();
  }

  /** Major version of the format; above `FORMAT_MAJOR`, frames of unknown kinds may be missing from what is read. */
  get major(): number {
    return this.header.major;
  }

  /** The number of a ring by its name, or -1. */
  ringId(name: string): number {
    return this.rings.findIndex((spec) => spec.name === name);
  }

  /** Reads all block headers anew. Cursors keep up by themselves; this is for `blocks` and `damage`. */
  refresh(): void {
    this.index.scan(this.promisedBlocks());
  }

  /** Brings `blocks` up to date at the cost of a few header reads; `damage` stays as of the last `refresh`. */
  follow(): void {
    const promised = this.promisedBlocks();
    if (this.index.isCutAs(promised)) for (let ring = 0; ring < this.rings.length; ring++) this.index.follow(ring);
    else this.index.scan(promised);
  }

  private promisedBlocks(): number {
    const bytes = new Uint8Array(CLOSE_RECORD.bytes);
    const count = this.storage.read(this.header.headerBytes - CLOSE_RECORD.bytes, bytes, 0, bytes.length);
    const closed = parseCloseRecord(bytes.subarray(0, count), this.fileSeed);
    return closed === -1 ? this.header.blockCount : Math.min(closed, this.header.blockCount);
  }

  /** The blocks of a ring that stand, oldest first. */
  blocks(ring: number): readonly BlockEntry[] {
    return this.index.of(this.checked(ring));
  }

  /** Damage to blocks as of the last refresh, and to frames that cursors met; by offset. */
  get damage(): Damage[] {
    return [...this.index.damage, ...this.frameDamage.values()].sort((a, b) => a.offset - b.offset);
  }

  /** Bytes that the ring has now. */
  get sizeBytes(): number {
    return this.storage.sizeBytes;
  }

  cursor(ring: number, start: CursorStart = {}): RingCursor {
    const { storage, header, fileSeed, index } = this;
    const noteDamage = (damage: Damage) => this.frameDamage.set(damage.offset, damage);
    const noteUnknown = () => {
      this.unknownFrames++;
    };
    const source = { storage, header, fileSeed, index, blocks: this.held, noteDamage, noteUnknown };
    return new RingCursor(source, this.checked(ring), start);
  }

  /** When the sweeps of a block were, which may be as `known`; undefined when it has been overwritten meanwhile. */
  frameTimes(entry: BlockEntry, known?: FrameTimes): FrameTimes | undefined {
    if (known && isStillWhole(this.storage, entry, known)) return known;
    this.copy ??= new BlockCopy(this.storage, this.fileSeed, this.header.blockBytes, this.held);
    return this.copy.loadNow(entry) ? frameTimes(this.copy, entry) : undefined;
  }

  /** When the first sweep of a block was; undefined when it has none, or has been overwritten meanwhile. */
  firstFrameTime(entry: BlockEntry): bigint | undefined {
    this.copy ??= new BlockCopy(this.storage, this.fileSeed, this.header.blockBytes, this.held);
    if (!this.copy.load(entry, Math.min(FIRST_BYTES, this.header.blockBytes))) return undefined;
    return firstFrameTime(this.copy, entry) ?? this.frameTimes(entry)?.startNs[0];
  }

  /** How the file is cut, for whoever goes on writing it. */
  get layout(): FileHeader & { readonly fileSeed: number } {
    return { ...this.header, fileSeed: this.fileSeed };
  }

  /** Who signed the ring and has not ended in order; undefined when nobody did. Whether it lives is not known here. */
  get owner(): RingOwner | undefined {
    return readOwner(this.storage, this.header.headerBytes, this.fileSeed);
  }

  /** Closes the storage. */
  close(): void {
    this.storage.close();
  }

  private checked(ring: number): number {
    if (this.rings[ring] === undefined) throw new TypeError(`Expected a ring from 0 to ${this.rings.length - 1}`);
    return ring;
  }
}
