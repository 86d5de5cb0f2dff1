/**
 * Which blocks stand, by ring and sequence, and how that changes under a live writer.
 *
 * Reading all block headers is for opening; a follower looks only where a new block can appear: in the first unused
 * block, or in place of the oldest block of the ring itself.
 */
import { type BlockHeader, parseBlockHeader } from './block-header.js';
import type { FileHeader } from './file-header.js';
import { BLOCK_HEADER } from './layout.js';
import type { Storage } from './storage.js';

export interface BlockEntry extends BlockHeader {
  /** Byte offset of the block in the ring. */
  offset: number;
}

/** Something that cannot be read; everything else still can. */
export interface Damage {
  /** Byte offset in the ring. */
  offset: number;
  /** The number of the ring, or -1 if not known. */
  ring: number;
  /** 0 if not known. */
  blockSequence: number;
  /** `truncated`: the file ends too early; the others name what is wrong at the offset. */
  reason: 'truncated' | 'bad-block-header' | 'duplicate-block' | 'bad-frame' | 'bad-payload';
}

export class BlockIndex {
  /** Damage to block headers, as of the last full scan. */
  damage: Damage[] = [];
  /** By ring, ascending by sequence. */
  private rings: BlockEntry[][] = [];
  private firstUnused = 0;
  private physicalCount = 0;
  private readonly bytes = new Uint8Array(BLOCK_HEADER.bytes);

  constructor(
    private readonly storage: Storage,
    private readonly header: FileHeader,
    private readonly fileSeed: number,
  ) {}

  /** Blocks of a ring, oldest first. */
  of(ring: number): readonly BlockEntry[] {
    return this.rings[ring];
  }

  /** The block of `ring` that comes next after `sequence`, if it stands. */
  after(ring: number, sequence: number): BlockEntry | undefined {
    const entries = this.rings[ring];
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[middle].sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return entries[low];
  }

  /** Reads every block header. `promised` is the number of blocks that should be there. */
  scan(promised: number): void {
    const { blockBytes, headerBytes } = this.header;
    const size = this.storage.sizeBytes;
    this.physicalCount = this.countOf(promised, size);
    this.damage = [];
    if (size < headerBytes + promised * blockBytes) this.note(size, -1, 0, 'truncated');
    this.rings = this.header.table.rings.map(() => []);
    this.firstUnused = this.physicalCount;
    // From the end, since a live writer takes blocks from the begin: what is unused before one in use was in use itself.
    let isBeforeUsed = false;
    for (let physical = this.physicalCount - 1; physical >= 0; physical--) {
      const entry = this.readEntry(physical);
      if (entry === 'unused') {
        if (this.firstUnused === physical + 1) this.firstUnused = physical;
        if (isBeforeUsed) this.note(this.offsetOf(physical), -1, 0, 'bad-block-header');
      } else if (entry !== 'damaged') {
        isBeforeUsed = true;
        this.rings[entry.ring].push(entry);
      } else if (this.offsetOf(physical) + BLOCK_HEADER.bytes <= size) {
        this.note(this.offsetOf(physical), -1, 0, 'bad-block-header');
      }
    }
    for (let ring = 0; ring < this.rings.length; ring++) this.rings[ring] = this.sorted(this.rings[ring]);
  }

  /** Whether it still holds as many blocks as at the last scan: a file is cut when it ends, and grows when it is gone on with. */
  isCutAs(promised: number): boolean {
    return this.physicalCount === this.countOf(promised, this.storage.sizeBytes);
  }

  private countOf(promised: number, sizeBytes: number): number {
    const held = Math.max(0, Math.ceil((sizeBytes - this.header.headerBytes) / this.header.blockBytes));
    return Math.min(promised, held);
  }

  /** Brings the blocks of `ring` up to date with a live writer, at the cost of a few header reads. */
  follow(ring: number): void {
    for (; this.firstUnused < this.physicalCount; this.firstUnused++) {
      const entry = this.readEntry(this.firstUnused);
      if (typeof entry === 'string') break;
      this.insert(entry);
    }
    const entries = this.rings[ring];
    for (let left = entries.length; left > 0; left--) {
      const oldest = entries[0];
      const now = this.readEntry((oldest.offset - this.header.headerBytes) / this.header.blockBytes);
      if (typeof now !== 'string' && now.sequence === oldest.sequence) break;
      if (now === 'damaged') break;
      entries.shift();
      if (now !== 'unused') this.insert(now);
    }
  }

  private readEntry(physical: number): BlockEntry | 'unused' | 'damaged' {
    const offset = this.offsetOf(physical);
    // Twice: a live writer may have been in the middle of the first copy.
    for (let attempt = 0; ; attempt++) {
      const length = this.storage.read(offset, this.bytes, 0, BLOCK_HEADER.bytes);
      const parsed = parseBlockHeader(this.bytes.subarray(0, length), this.fileSeed);
      if (parsed === 'unused') return parsed;
      if (parsed !== 'damaged' && parsed.ring < this.rings.length) return { ...parsed, offset };
      if (attempt === 1) return 'damaged';
    }
  }

  private offsetOf(physical: number): number {
    return this.header.headerBytes + physical * this.header.blockBytes;
  }

  private sorted(entries: BlockEntry[]): BlockEntry[] {
    entries.sort((a, b) => a.sequence - b.sequence || a.offset - b.offset);
    return entries.filter((entry, at) => {
      const twice = at > 0 && entries[at - 1].sequence === entry.sequence;
      if (twice) this.note(entry.offset, entry.ring, entry.sequence, 'duplicate-block');
      return !twice;
    });
  }

  private insert(entry: BlockEntry): void {
    const entries = this.rings[entry.ring];
    let at = entries.length;
    while (at > 0 && entries[at - 1].sequence > entry.sequence) at--;
    if (at === 0 || entries[at - 1].sequence !== entry.sequence) entries.splice(at, 0, entry);
  }

  private note(offset: number, ring: number, blockSequence: number, reason: Damage['reason']): void {
    this.damage.push({ offset, ring, blockSequence, reason });
  }
}
