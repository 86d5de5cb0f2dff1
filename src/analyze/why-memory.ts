/**
 * What the memory of one process is made of, by class and by owner, from one read of its mappings.
 *
 * The trap: `maps` without sizes sorts as well, so what was not measured stays NaN; and a large process's recorded read comes
 * in parts, of which each is a table of its own.
 */
import { addRow, type ClassSums, nothing, SUMMED } from './class-sums.js';
import { classifyMappings } from './classify.js';
import { MAPPING_CLASSES } from './mapping-classes.js';
import type { MappingText } from './mapping-growth.js';
import type { Confidence, Owner } from './owner-rules.js';
import { ownersOf, sumByOwner } from './owners.js';

export interface ClassPart extends Readonly<ClassSums> {
  readonly class: string;
  readonly notes: string;
}

export interface OwnerPart extends Readonly<ClassSums> {
  /** `unknown`: anonymous memory that no rule knows. */
  readonly owner: Owner | 'unknown';
  readonly rule?: string;
  readonly confidence?: Confidence;
  readonly why?: string;
}

export interface MemoryBreakdown {
  /** The most resident first. */
  readonly classes: readonly ClassPart[];
  readonly owners: readonly OwnerPart[];
  readonly total: Readonly<ClassSums>;
}

/** `exe`: what the link of that name gives, as characters of one byte each. */
export function breakDown(parts: readonly MappingText[], exe?: string): MemoryBreakdown {
  const classes = MAPPING_CLASSES.map(nothing);
  const total = nothing();
  const owners = new Map<string, { part: Omit<OwnerPart, keyof ClassSums>; sums: ClassSums }>();
  for (const { table, text } of parts) {
    const classification = classifyMappings(table, text, exe);
    for (let row = 0; row < table.rows; row++) {
      for (const sums of [classes[classification.classes[row]!]!, total]) addRow(sums, table, row);
    }
    for (const { owned, sums } of sumByOwner(table, classification, ownersOf(table, text, classification))) {
      const { name: rule, confidence, why } = owned?.rule ?? {};
      const key = `${owned?.owner} ${rule}`;
      const entry = owners.get(key) ?? {
        part: {
          owner: owned?.owner ?? 'unknown',
          ...(owned ? { rule: rule!, confidence: confidence!, why: why! } : {}),
        },
        sums: nothing(),
      };
      owners.set(key, entry);
      addSums(entry.sums, sums);
    }
  }
  return {
    classes: byResident(classes.flatMap((sums, number) => (sums.count === 0 ? [] : [{ ...named(number), ...sums }]))),
    owners: byResident([...owners.values()].map(({ part, sums }) => ({ ...part, ...sums }))),
    total,
  };
}

function named(number: number): Pick<ClassPart, 'class' | 'notes'> {
  const { name, notes } = MAPPING_CLASSES[number]!;
  return { class: name, notes };
}

function addSums(sum: ClassSums, more: ClassSums): void {
  sum.count += more.count;
  for (const field of SUMMED) {
    if (Number.isNaN(more[field])) continue;
    sum[field] = Number.isNaN(sum[field]) ? more[field] : sum[field] + more[field];
  }
}

/** By what is resident and swapped out; without those, by size. */
function byResident<T extends ClassSums>(parts: T[]): T[] {
  const bytes = ({ rss, swap }: ClassSums) => (rss || 0) + (swap || 0);
  return parts.sort((a, b) => bytes(b) - bytes(a) || b.size - a.size);
}
