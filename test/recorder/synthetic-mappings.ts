/** Reads of mappings that are made by hand, of a recording by `Author`. */
import type { MappingText } from '../../src/analyze/mapping-growth.js';
import type { ProcessIdentity } from '../../src/engine/identity.js';
import { appendMappings } from '../../src/engine/mapping-rows.js';
import { MappingSweep } from '../../src/engine/mapping-sweep.js';
import { MappingTable, tokenizeGrowing } from '../../src/procfs/mapping-table.js';
import { pad } from '../../src/procfs/padding.js';
import { tokenizeSmaps } from '../../src/procfs/smaps.js';
import { MAPPING_COLUMNS } from '../../src/recording/mapping-columns.js';
import { Status } from '../../src/schema.js';
import type { Author } from './synthetic.js';

/** Metadata of a recording that has room for them. */
export const MAPPED = { mappings: '1', mappingColumns: MAPPING_COLUMNS } as const;

/** A mapping as smaps tells it, with its sizes in kB. */
export function mapping(range: string, rest: string, sizes: Readonly<Record<string, number>>): string {
  const lines = Object.entries(sizes).map(([key, value]) => `${key}: ${value} kB\n`);
  return `${range} ${rest}\n${lines.join('')}`;
}

/** A text of smaps or maps as a table, and the bytes that its spans lie in. */
export function tableOf(text: string | Uint8Array, tokenize = tokenizeSmaps): MappingText {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  return { table: tokenizeGrowing(tokenize, bytes, length, new MappingTable(16)), text: bytes };
}

/** Stores a read of a process: the text of its smaps, at the time of the tick that is written next or another one. */
export function storeMappings(
  author: Author,
  who: ProcessIdentity,
  tick: number,
  smaps: Uint8Array | string,
  atNs: bigint = author.nowNs,
): void {
  const { table, text } = tableOf(smaps);
  const sweep = new MappingSweep(table.rows + 8, 8);
  if (sweep.text.length < text.length) sweep.text = new Uint8Array(text.length);
  appendMappings(table, text, sweep, 0, 0);
  author.writer.mappings(atNs, who, tick, Status.ok, 5n, sweep, 0, table.rows);
}
