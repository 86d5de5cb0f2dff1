/** The owner of each mapping of a process that is anonymous memory, and the sums by owner. */
import type { MappingTable } from '../procfs/mapping-table.js';
import { addRow, type ClassSums, nothing } from './class-sums.js';
import { type Classification, type Row, rowOf } from './classify.js';
import { MAPPING_CLASSES } from './mapping-classes.js';
import { isGrowingArena, OWNER_RULES, type Owner, type OwnerRule, type Placed, type Traits } from './owner-rules.js';

/** Classes that can have an owner: a stack has a thread, and what has a file belongs to that. */
const OWNED: ReadonlySet<string> = new Set(['heap', 'anon', 'jit']);
const V8_PROGRAM = /\/(?:node|nodejs|electron|chrome|chromium|deno)[^/]*$|\/libnode\.so/;
const PYTHON = /\/(?:lib)?python3?[^/]*$/;

export interface Owned {
  readonly owner: Owner;
  readonly rule: OwnerRule;
}

/** By row; undefined where nobody is known, or where the class has none. `classification` is that of the same text. */
export function ownersOf(
  table: MappingTable,
  bytes: Uint8Array,
  classification: Classification,
): (Owned | undefined)[] {
  const rows = Array.from({ length: table.rows }, (_, index) => rowOf(table, bytes, index));
  const traits = traitsOf(rows);
  return rows.map((row, index) => {
    const mappingClass = MAPPING_CLASSES[classification.classes[index]!]!.name;
    if (!OWNED.has(mappingClass)) return undefined;
    const placed: Placed = { row, rows, index, mappingClass, traits };
    for (const rule of OWNER_RULES) {
      const owner = rule.owner(placed);
      if (owner !== undefined) return { owner, rule };
    }
    return undefined;
  });
}

export interface OwnerSums {
  /** Undefined: anonymous memory of nobody that is known. */
  readonly owned: Owned | undefined;
  readonly sums: ClassSums;
}

/** One entry for each owner and rule that occurs, the most resident first. */
export function sumByOwner(
  table: MappingTable,
  classification: Classification,
  owners: readonly (Owned | undefined)[],
): OwnerSums[] {
  const found = new Map<string, OwnerSums>();
  owners.forEach((owned, row) => {
    if (!OWNED.has(MAPPING_CLASSES[classification.classes[row]!]!.name)) return;
    const key = owned ? `${owned.owner} ${owned.rule.name}` : '';
    const entry = found.get(key) ?? { owned, sums: nothing() };
    found.set(key, entry);
    addRow(entry.sums, table, row);
  });
  return [...found.values()].sort((a, b) => (b.sums.rss || 0) - (a.sums.rss || 0) || b.sums.size - a.sums.size);
}

function traitsOf(rows: readonly Row[]): Traits {
  const files = new Set(
    rows.flatMap(({ file, name }) => (file === undefined ? [] : [name.replace(/ \(deleted\)$/, '')])),
  );
  const has = (pattern: RegExp) => [...files].some((file) => pattern.test(file));
  return {
    isV8: has(V8_PROGRAM),
    isJvm: has(/\/libjvm\.so/),
    isPython: has(PYTHON) || has(/\/libpython3/),
    hasGlibc: has(/\/libc(?:-2\.\d+)?\.so(?:\.6)?$/) && !has(/\/ld-musl/),
    hasGrowingArena: rows.some((_, index) => isGrowingArena(rows, index)),
    hasJemalloc: has(/\/libjemalloc/),
    hasTcmalloc: has(/\/libtcmalloc/),
  };
}
