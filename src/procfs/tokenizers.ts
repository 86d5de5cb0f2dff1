/**
 * The tokenizers as one value, so that everything above can be given these or the addon's, which fill the same bytes.
 */
import type { MappingTable } from './mapping-table.js';
import { tokenizeMaps } from './maps.js';
import { tokenizeSmaps } from './smaps.js';
import { type StatValues, tokenizeStat } from './stat.js';
import { type StatmValues, tokenizeStatm } from './statm.js';
import { type StatusValues, tokenizeStatus } from './status.js';

export interface Tokenizers {
  readonly maps: (bytes: Uint8Array, length: number, table: MappingTable) => void;
  /** Also reads `smaps_rollup`, which is one record of the same form. */
  readonly smaps: (bytes: Uint8Array, length: number, table: MappingTable) => void;
  readonly statm: (bytes: Uint8Array, length: number, out: StatmValues) => boolean;
  readonly stat: (bytes: Uint8Array, length: number, out: StatValues) => boolean;
  readonly status: (bytes: Uint8Array, length: number, out: StatusValues) => boolean;
}

export const typescriptTokenizers: Tokenizers = {
  maps: tokenizeMaps,
  smaps: tokenizeSmaps,
  statm: tokenizeStatm,
  stat: tokenizeStat,
  status: tokenizeStatus,
};
