/**
 * The working set of a process from one read of its smaps after the referenced bits were cleared: how much of it was in use,
 * by class and, of anonymous memory, by owner.
 *
 * The trap: what is referenced counts whole pages, and a huge page is one: a byte of it that was read is 2 MiB.
 */
import { type MappingTable, SmapsColumn } from '../procfs/mapping-table.js';
import { classifyMappings } from './classify.js';
import { MAPPING_CLASSES, type MappingClass } from './mapping-classes.js';
import type { Owner } from './owner-rules.js';
import { ownersOf } from './owners.js';

/** Sums in bytes; NaN where the kernel does not tell. */
export interface UsedMemory {
  count: number;
  rss: number;
  referenced: number;
}

export interface WorkingSetPart extends UsedMemory {
  readonly mappingClass: MappingClass;
  /** Of anonymous memory, where it is known. */
  readonly owner: Owner | undefined;
}

export interface WorkingSet {
  readonly total: UsedMemory;
  /** Those with resident memory, the most referenced first. */
  readonly parts: readonly WorkingSetPart[];
}

/** `exe` is what the link of that name gives, where it can be read; names of the table lie in `bytes`. */
export function workingSetOf(table: MappingTable, bytes: Uint8Array, exe?: string): WorkingSet {
  const classification = classifyMappings(table, bytes, exe);
  const owners = ownersOf(table, bytes, classification);
  const total: UsedMemory = { count: 0, rss: Number.NaN, referenced: Number.NaN };
  const parts = new Map<string, WorkingSetPart>();
  for (let row = 0; row < table.rows; row++) {
    const mappingClass = MAPPING_CLASSES[classification.classes[row]!]!.name;
    const owner = owners[row]?.owner;
    const key = `${mappingClass} ${owner}`;
    const part = parts.get(key) ?? { mappingClass, owner, count: 0, rss: Number.NaN, referenced: Number.NaN };
    parts.set(key, part);
    for (const sum of [part, total]) {
      sum.count++;
      sum.rss = plus(sum.rss, table.sizes[SmapsColumn.rss]![row]!);
      sum.referenced = plus(sum.referenced, table.sizes[SmapsColumn.referenced]![row]!);
    }
  }
  const shown = [...parts.values()].filter(({ rss }) => rss > 0);
  return { total, parts: shown.sort((a, b) => b.referenced - a.referenced || b.rss - a.rss) };
}

function plus(sum: number, value: number): number {
  if (Number.isNaN(value)) return sum;
  return Number.isNaN(sum) ? value : sum + value;
}
