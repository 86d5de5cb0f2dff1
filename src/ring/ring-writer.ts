/**
 * The writing end of a ring file: one writer, all its rings.
 *
 * A programmer's mistake throws a `TypeError`; whatever the world does (full key, failing disk) comes back as a reason
 * and is counted, so that attempted = stored + dropped holds for every ring at any time.
 */
import { randomBytes } from 'node:crypto';
import type { AppendResult, RingStats } from './append-result.js';
import { BlockPool } from './block-pool.js';
import { BlockWriter } from './block-writer.js';
import { fileSeedOf } from './checksum.js';
import type { SweepColumns } from './columns-encoder.js';
import { encodeCloseRecord, encodeFileHeader, isBlockSize, layOutHeader } from './file-header.js';
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  CLOSE_RECORD,
  CONTINUED_MAJOR,
  FILE_ID_BYTES,
  FORMAT_MAJOR,
  RING_BLOCKS_MIN,
} from './layout.js';
import { nextFrameAfter, openEndOf } from './next-frame.js';
import { type AppenderShared, RingAppender } from './ring-appender.js';
import { RingFormatError } from './ring-format-error.js';
import { RingReader } from './ring-reader.js';
import { checkRingTable, dealBlocks, type RingSpec, type RingTable } from './ring-table.js';
import type { Storage } from './storage.js';
import { type RingOwner, writeOwner } from './writer-record.js';

export interface RingWriterOptions {
  rings: RingSpec[];
  /** Anything JSON; readers get it back unchanged. */
  metadata: object;
  /** A power of two, 64 KiB to 64 MiB. */
  blockBytes: number;
  /** Slots are below this; default 65,536. */
  maxSlots?: number;
  /** 16 bytes; random by default. */
  fileId?: Uint8Array;
}

export class RingWriter {
  readonly rings: readonly RingSpec[];
  /** The last error of the storage, behind a `write-failed`. */
  lastError: unknown;
  private readonly appenders: RingAppender[];
  private closed = false;
  private isSigned = false;

  /**
   * Starts an empty ring over all of `storage`. Throws a `TypeError` or `RangeError` that names the option, if the table
   * is not valid or the storage has no room for two blocks of each ring; errors of the storage pass through.
   */
  static create(storage: Storage, options: RingWriterOptions): RingWriter {
    const { blockBytes, metadata, rings, maxSlots } = options;
    if (!isBlockSize(blockBytes)) {
      const range = `${BLOCK_BYTES_MIN} to ${BLOCK_BYTES_MAX}`;
      throw new TypeError(`Expected blockBytes to be a power of two from ${range}, found ${blockBytes}`);
    }
    const fileId = options.fileId ?? randomBytes(FILE_ID_BYTES);
    if (fileId.length !== FILE_ID_BYTES) throw new TypeError(`Expected fileId to have ${FILE_ID_BYTES} bytes`);
    const table = checkRingTable({ rings, maxSlots });
    const { json, headerBytes } = layOutHeader(table, metadata);
    const blockCount = Math.max(0, Math.floor((storage.sizeBytes - headerBytes) / blockBytes));
    const quotas = dealBlocks(table.rings, blockCount);
    const region = encodeFileHeader({ headerBytes, blockBytes, blockCount, fileId }, json);
    storage.write(0, region, 0, region.length);
    const seed = fileSeedOf(fileId);
    return new RingWriter(storage, table, headerBytes, blockBytes, seed, new BlockPool(quotas), FORMAT_MAJOR);
  }

  /**
   * Goes on in a ring whose writer has ended or died: everything in it stays, and each ring begins a block with its next
   * frame. `grow` gives a storage that was trimmed its whole size back. Throws `RingFormatError` if `storage` holds no
   * ring, one of another version, or a damaged one.
   */
  static resume(storage: Storage, grow: (sizeBytes: number) => void = () => {}): RingWriter {
    return RingWriter.goOn(storage, grow, false);
  }

  /**
   * The same in a copy that was made while the writer went on: records are put into the blocks that were open then, so that none is
   * overwritten that the writer would have kept.
   */
  static reopen(copy: Storage, grow: (sizeBytes: number) => void): RingWriter {
    return RingWriter.goOn(copy, grow, true);
  }

  private static goOn(storage: Storage, grow: (sizeBytes: number) => void, inOpenBlocks: boolean): RingWriter {
    const reader = RingReader.open(storage);
    const { headerBytes, blockBytes, blockCount, table, fileSeed, major } = reader.layout;
    if (major < CONTINUED_MAJOR || major > FORMAT_MAJOR) {
      const text = `The recording has format version ${major}; only one of version ${CONTINUED_MAJOR} to ${FORMAT_MAJOR} can be continued`;
      throw new RingFormatError(major < FORMAT_MAJOR ? 'older-version' : 'newer-version', text);
    }
    // The size first: until the record goes, it tells readers where the used blocks end.
    grow(headerBytes + blockCount * blockBytes);
    storage.write(headerBytes - CLOSE_RECORD.bytes, new Uint8Array(CLOSE_RECORD.bytes), 0, CLOSE_RECORD.bytes);
    reader.refresh();
    if (blockCount < RING_BLOCKS_MIN * table.rings.length) {
      throw new RingFormatError(
        'no-room',
        'The recording has no room to go on: it is a part of another, or made of several',
      );
    }
    const physical = (offset: number) => (offset - headerBytes) / blockBytes;
    const owned = table.rings.map((_, ring) => reader.blocks(ring).map(({ offset }) => physical(offset)));
    const pool = BlockPool.resume(dealBlocks(table.rings, blockCount), owned);
    const writer = new RingWriter(storage, table, headerBytes, blockBytes, fileSeed, pool, major);
    for (const [ring, appender] of writer.appenders.entries()) {
      const newest = reader.blocks(ring).at(-1);
      if (newest === undefined) continue;
      appender.resume(newest.sequence, nextFrameAfter(reader, ring, newest));
      const end = inOpenBlocks && appender.rows === 'none' ? openEndOf(reader, newest) : undefined;
      if (end !== undefined) appender.reopen(newest, end);
    }
    return writer;
  }

  private constructor(
    private readonly storage: Storage,
    private readonly table: RingTable,
    private readonly headerBytes: number,
    readonly blockBytes: number,
    private readonly fileSeed: number,
    private readonly pool: BlockPool,
    major: number,
  ) {
    this.rings = table.rings;
    const shared: AppenderShared = {
      pool,
      major,
      frame: new Uint8Array(blockBytes),
      blockOffset: (physical) => headerBytes + physical * blockBytes,
      blockClosed: () => storage.flushBehind(),
      failed: (error) => {
        this.lastError = error;
      },
    };
    this.appenders = table.rings.map(
      (spec, ring) => new RingAppender(ring, spec, new BlockWriter(storage, fileSeed, blockBytes), shared),
    );
  }

  /** Slots are below this. */
  get maxSlots(): number {
    return this.table.maxSlots;
  }

  /** Signs the ring, so that others know who writes it; `close` takes the signature away. */
  sign(owner: RingOwner): void {
    writeOwner(this.storage, this.headerBytes, this.fileSeed, owner);
    this.isSigned = true;
  }

  /** The number of a ring by its name; throws a `TypeError` if there is none. */
  ringId(name: string): number {
    const ring = this.rings.findIndex((spec) => spec.name === name);
    if (ring === -1) throw new TypeError(`There is no ring "${name}"`);
    return ring;
  }

  /** Labels a slot or renames it, with the next sweep of `ring`. At least one byte. */
  setLabel(ring: number, slot: number, label: Uint8Array): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.table.maxSlots) {
      throw new TypeError(`Expected a slot from 0 to ${this.table.maxSlots - 1}, found ${slot}`);
    }
    if (label.length === 0) throw new TypeError('Expected a label of at least one byte; clearLabel frees a slot');
    this.columnRing(ring).labels.set(slot, label);
  }

  /** Frees a slot with the next sweep of `ring`: its values become NaN, its status empty. */
  clearLabel(ring: number, slot: number): void {
    this.columnRing(ring).labels.clear(slot);
  }

  /** Stores one sweep. Throws a `TypeError` if the arrays do not cover the labelled slots. */
  appendColumns(ring: number, sweep: SweepColumns): AppendResult {
    const appender = this.columnRing(ring);
    return this.closed ? appender.dropClosed() : appender.appendColumns(sweep);
  }

  /** Stores one record: a time in monotonic ns, a type of 0 .. 65535 and opaque bytes. */
  appendRecord(ring: number, timeNs: bigint, type: number, payload: Uint8Array): AppendResult {
    const appender = this.appender(ring);
    if (appender.rows !== 'none') throw new TypeError(`Ring "${this.rings[ring].name}" holds columns, not records`);
    return this.closed ? appender.dropClosed() : appender.appendRecord(timeNs, type, payload);
  }

  /**
   * For records that build on one another within a block: how many bytes the payload of the next may have in the open
   * block and in an empty one, the number of the open block, and of the oldest that is not overwritten.
   */
  recordRoom(ring: number): { open: number; empty: number; block: number; oldest: number } {
    const appender = this.appender(ring);
    const block = appender.blockNumber;
    return { ...appender.recordRoom, block, oldest: block - this.pool.countOf(ring) + 1 };
  }

  /** Whether there are blocks that nothing was written to yet. */
  get hasUnusedBlocks(): boolean {
    return this.pool.hasUnused;
  }

  /**
   * Deals the blocks out anew, by other shares than those in the header, one for each ring. Nothing is taken from a ring
   * that has more than its part by now, so this has an effect only while there are unused blocks.
   */
  deal(shares: readonly number[]): void {
    const rings = this.rings.map((spec, ring) => ({ ...spec, share: shares[ring] ?? spec.share }));
    this.pool.deal(dealBlocks(rings, this.pool.total));
  }

  /** Lets the next record of the ring begin a block. */
  endBlock(ring: number): void {
    if (!this.closed) this.appender(ring).endBlock();
  }

  /** Live counts, one entry for each ring. */
  get stats(): readonly RingStats[] {
    return this.appenders.map((appender) => appender.stats);
  }

  /** See `Storage.gather`. */
  gather(gathers: boolean): void {
    this.storage.gather(gathers);
  }

  /** Returns once all that was appended is committed: seen by readers, and safe from the end of this process. */
  settle(): void {
    this.storage.settle();
  }

  /** Puts everything on stable storage; throws what the storage throws. */
  flush(): void {
    this.storage.flush();
  }

  /**
   * Closes all blocks and the storage; later appends are dropped as `closed`. With `trim`, a ring that never filled is
   * cut behind its last used block.
   */
  close(options: { trim?: boolean } = {}): void {
    if (this.closed) return;
    this.closed = true;
    for (const appender of this.appenders) appender.close();
    const trimmed = this.headerBytes + this.pool.used * this.blockBytes;
    if (options.trim === true && trimmed < this.storage.sizeBytes) {
      // The record first: a file cut by us must never look like one that lost its end.
      const record = encodeCloseRecord(this.pool.used, this.fileSeed);
      this.storage.write(this.headerBytes - CLOSE_RECORD.bytes, record, 0, record.length);
      this.storage.trim(trimmed);
    }
    if (this.isSigned) writeOwner(this.storage, this.headerBytes, this.fileSeed, undefined);
    try {
      this.storage.flush();
    } finally {
      this.storage.close();
    }
  }

  private columnRing(ring: number): RingAppender {
    const appender = this.appender(ring);
    if (appender.rows === 'none') throw new TypeError(`Ring "${this.rings[ring].name}" holds records, not columns`);
    return appender;
  }

  private appender(ring: number): RingAppender {
    const appender = this.appenders[ring];
    if (appender === undefined) throw new TypeError(`Expected a ring from 0 to ${this.appenders.length - 1}`);
    return appender;
  }
}
