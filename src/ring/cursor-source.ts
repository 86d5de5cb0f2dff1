/** What the cursors of one reader share. */
import type { BlockIndex, Damage } from './block-index.js';
import type { FileHeader } from './file-header.js';
import type { HeldBlocks } from './held-blocks.js';
import type { Storage } from './storage.js';

export interface CursorSource {
  storage: Storage;
  header: FileHeader;
  fileSeed: number;
  index: BlockIndex;
  /** What they have copied. */
  blocks: HeldBlocks;
  noteDamage(damage: Damage): void;
  /** A frame of a kind that this version does not know was passed. */
  noteUnknown(kind: number): void;
}
