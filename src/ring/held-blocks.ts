/**
 * The copies of blocks that the cursors of one reader hold, so that a block in which several stand is copied once: that is
 * megabytes, and the new pages for it cost as much again.
 *
 * The traps: bytes that others read are never written again, whoever wants younger ones takes memory of its own; and a
 * cursor may be dropped without a word, and what it held must go with it.
 */
import type { BlockEntry } from './block-index.js';

/** How many copies stay that nobody holds. */
const IDLE_MOST = 4;

export interface HeldBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Which block it is of; undefined: of none. */
  entry: BlockEntry | undefined;
  /** Bytes from the begin of the block that were copied. */
  held: number;
  users: number;
}

export class HeldBlocks {
  readonly #blockBytes: number;
  readonly #byOffset = new Map<number, WeakRef<HeldBlock>>();
  /** Those of nobody, the longest so first. */
  readonly #idle: HeldBlock[] = [];

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /**
   * The copy of a block as far as there is one, or memory for it. It is for one user more, who gives it back; `own` is what
   * that user had, and gives up.
   */
  take(entry: BlockEntry, own?: HeldBlock): HeldBlock {
    const known = this.#byOffset.get(entry.offset)?.deref();
    if (known && isOf(known, entry)) {
      known.users++;
      if (known.users === 1) this.#idle.splice(this.#idle.indexOf(known), 1);
      if (own) this.give(own);
      return known;
    }
    // Whoever goes from block to block needs memory for one.
    const block = own?.users === 1 ? own : this.#memory();
    if (own && own !== block) this.give(own);
    block.entry = entry;
    block.held = 0;
    this.#byOffset.set(entry.offset, new WeakRef(block));
    return block;
  }

  /** For whoever is to write into what others read: memory of its own, with the first bytes of it. */
  part(own: HeldBlock, bytes: number): HeldBlock {
    const block = this.#memory();
    block.bytes.set(own.bytes.subarray(0, bytes));
    block.entry = own.entry;
    block.held = bytes;
    this.give(own);
    if (block.entry) this.#byOffset.set(block.entry.offset, new WeakRef(block));
    return block;
  }

  give(block: HeldBlock): void {
    block.users--;
    if (block.users === 0) this.#idle.push(block);
  }

  /** For one user. */
  #memory(): HeldBlock {
    const longest = this.#idle.length >= IDLE_MOST ? this.#idle.shift() : undefined;
    if (longest) {
      longest.users = 1;
      return longest;
    }
    const bytes = new Uint8Array(this.#blockBytes);
    return { bytes, view: new DataView(bytes.buffer), entry: undefined, held: 0, users: 1 };
  }
}

function isOf({ entry }: HeldBlock, { ring, sequence, offset }: BlockEntry): boolean {
  return entry?.offset === offset && entry.sequence === sequence && entry.ring === ring;
}
