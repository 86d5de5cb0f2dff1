/** The resident memory of one read of mappings, those of one name, class and owner added up: what can be followed over time. */
import type { MappingTable } from '../procfs/mapping-table.js';
import { classifyMappings } from './classify.js';
import { MAPPING_CLASSES } from './mapping-classes.js';
import { residentOf } from './mapping-growth.js';
import type { Owner } from './owner-rules.js';
import { ownersOf } from './owners.js';

export interface MappingKind {
  /** `[anon]` for what has no name. */
  readonly name: string;
  readonly mappingClass: string;
  /** Of anonymous memory, where it is known. */
  readonly owner?: Owner;
}

export interface MappingGroup {
  readonly mapping: MappingKind;
  /** Resident and swapped. */
  bytes: number;
}

/** By a key that is the same in every read. */
export function mappingGroups(table: MappingTable, text: Uint8Array): Map<string, MappingGroup> {
  const classification = classifyMappings(table, text);
  const owners = ownersOf(table, text, classification);
  const groups = new Map<string, MappingGroup>();
  for (let row = 0; row < table.rows; row++) {
    const start = table.nameStart[row]!;
    const name = Buffer.from(text.subarray(start, start + table.nameLength[row]!)).toString('utf8') || '[anon]';
    const mappingClass = MAPPING_CLASSES[classification.classes[row]!]!.name;
    const owner = owners[row]?.owner;
    const key = `${name}\0${mappingClass}\0${owner}`;
    const mapping = { name, mappingClass, ...(owner === undefined ? {} : { owner }) };
    const group = groups.get(key) ?? { mapping, bytes: 0 };
    group.bytes += residentOf(table, row) || 0;
    groups.set(key, group);
  }
  return groups;
}
