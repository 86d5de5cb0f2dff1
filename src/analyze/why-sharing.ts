/**
 * With whom a process shares memory: which of its files and shared segments have pages that others map too, and who maps them.
 *
 * The traps: `shared` in smaps says that a page is mapped more than once, not by whom, and not even that it is by another
 * process; that another process maps the same file does not say that it has the same pages. So by process there is an upper
 * bound only, and the exact figure is what the kernel's PSS leaves: RSS - PSS is what counts for all others together.
 * Anonymous pages are shared after fork without any name: who has mappings of that kind at the same addresses is a relative, if
 * they are most of what is shared so; one or two are at the same address in every process of a program that is not relocated.
 */
import { type MappingTable, SmapsColumn } from '../procfs/mapping-table.js';
import type { MappingText } from './mapping-growth.js';

/** What both map, told by a key that is the same for both. */
export type ObjectKey = string;

export interface Other {
  readonly pid: number;
  readonly comm: string;
}

export interface SharedObject {
  /** The name of the first of its mappings; `[anon]` for memory shared after fork. */
  readonly name: string;
  /** Resident bytes of pages that are mapped more than once. */
  readonly shared: number;
  /** `shared` is all that is resident of it, since which of its pages are shared was not read: at most so much. */
  readonly isBound?: true;
  /** All resident bytes of it, and what counts for this process. */
  readonly rss: number;
  readonly pss: number;
  readonly others: readonly Other[];
}

export interface SharingProcess extends Other {
  /** At most so many bytes: all that is shared of what both map. */
  readonly upTo: number;
  readonly objects: number;
}

/** Why the mappings of another process are not known. */
export type WhyUnseen = 'denied' | 'timeout' | 'not-recorded';

export interface Sharing {
  /** Of the read of the mappings: resident, what counts for this process, and the rest, which counts for others. */
  readonly rss: number;
  readonly pss: number;
  readonly countedForOthers: number;
  /** What has shared pages, the most first. */
  readonly objects: readonly SharedObject[];
  /** Who maps any of it, the largest bound first. */
  readonly processes: readonly SharingProcess[];
  /** Processes that were looked at, and those whose mappings were not to be seen. */
  readonly lookedAt: number;
  readonly unseen: Readonly<Partial<Record<WhyUnseen, number>>>;
}

interface Own {
  name: string;
  shared: number;
  rss: number;
  pss: number;
  isBound: boolean;
  readonly others: Map<number, Other>;
}

/** Collects who maps what one process shares. */
export class SharingMeter {
  readonly #own = new Map<ObjectKey, Own>();
  readonly #processes = new Map<number, { other: Other; keys: Set<ObjectKey> }>();
  #rss = 0;
  #pss = 0;
  #lookedAt = 0;
  readonly #unseen: Partial<Record<WhyUnseen, number>> = {};

  constructor(parts: readonly MappingText[]) {
    for (const { table, text } of parts) for (let row = 0; row < table.rows; row++) this.#add(table, text, row);
    for (const [key, { shared }] of this.#own) if (!(shared > 0)) this.#own.delete(key);
  }

  /** Another process, by its mappings (`maps` is enough), or why these cannot be seen. `isAgain`: a later read of it. */
  look(other: Other, parts: readonly MappingText[] | WhyUnseen, isAgain = false): void {
    if (!isAgain) this.#lookedAt++;
    if (typeof parts === 'string') {
      this.#unseen[parts] = (this.#unseen[parts] ?? 0) + 1;
      return;
    }
    const keys = new Set<ObjectKey>();
    for (const { table, text } of parts) {
      for (let row = 0; row < table.rows; row++) {
        const key = keyOf(table, text, row);
        if (this.#own.has(key)) keys.add(key);
      }
    }
    if (isAgain) this.#forget(other.pid);
    if (!this.#isRelative(keys)) for (const key of keys) if (isNameless(key)) keys.delete(key);
    if (keys.size === 0) return;
    this.#processes.set(other.pid, { other, keys });
    for (const key of keys) this.#own.get(key)!.others.set(other.pid, other);
  }

  /** Whether most of what is shared without a name is among the keys. */
  #isRelative(keys: ReadonlySet<ObjectKey>): boolean {
    let [all, both] = [0, 0];
    for (const [key, { shared }] of this.#own) {
      if (!isNameless(key)) continue;
      all += shared;
      if (keys.has(key)) both += shared;
    }
    return both * 2 > all;
  }

  #forget(pid: number): void {
    for (const key of this.#processes.get(pid)?.keys ?? []) this.#own.get(key)!.others.delete(pid);
    this.#processes.delete(pid);
  }

  result(): Sharing {
    const merged = new Map<string, Own>();
    // Anonymous mappings are looked for one by one, and told as one.
    for (const own of this.#own.values()) {
      const known = merged.get(own.name);
      if (!known) merged.set(own.name, { ...own, others: new Map(own.others) });
      else {
        for (const field of ['shared', 'rss', 'pss'] as const) known[field] += own[field];
        known.isBound ||= own.isBound;
        for (const [pid, other] of own.others) known.others.set(pid, other);
      }
    }
    const objects = [...merged.values()].sort((a, b) => b.shared - a.shared);
    const processes = [...this.#processes.values()].map(({ other, keys }) => ({
      ...other,
      upTo: [...keys].reduce((sum, key) => sum + this.#own.get(key)!.shared, 0),
      objects: keys.size,
    }));
    return {
      rss: this.#rss,
      pss: this.#pss,
      countedForOthers: this.#rss - this.#pss,
      objects: objects.map(({ others, isBound, ...object }) => ({
        ...object,
        ...(isBound ? { isBound } : {}),
        others: [...others.values()],
      })),
      processes: processes.sort((a, b) => b.upTo - a.upTo || a.pid - b.pid),
      lookedAt: this.#lookedAt,
      unseen: this.#unseen,
    };
  }

  #add(table: MappingTable, text: Uint8Array, row: number): void {
    const size = (column: number) => table.sizes[column]![row]! || 0;
    const [rss, pss] = [size(SmapsColumn.rss), size(SmapsColumn.pss)];
    this.#rss += rss;
    this.#pss += pss;
    // A read in pieces tells the share of a mapping and not which pages make it: PSS below RSS means that some are shared.
    const isTold = !Number.isNaN(table.sizes[SmapsColumn.sharedClean]![row]!);
    const isBound = !isTold && pss < rss;
    const shared = isTold ? size(SmapsColumn.sharedClean) + size(SmapsColumn.sharedDirty) : isBound ? rss : 0;
    const key = keyOf(table, text, row);
    const own = this.#own.get(key) ?? {
      ...{ name: nameOf(table, text, row), shared: 0, rss: 0, pss: 0, isBound: false },
      others: new Map(),
    };
    own.shared += shared;
    own.isBound ||= isBound;
    own.rss += rss;
    own.pss += pss;
    this.#own.set(key, own);
  }
}

/** A file or segment by its device and inode; memory without one by its address, which relatives by fork have too. */
function keyOf(table: MappingTable, text: Uint8Array, row: number): ObjectKey {
  const inode = table.inode[row]!;
  if (inode !== 0n) return `${table.deviceMajor[row]}:${table.deviceMinor[row]}:${inode}`;
  return `${table.start[row]!.toString(16)} ${nameOf(table, text, row)}`;
}

function isNameless(key: ObjectKey): boolean {
  return key.includes(' ');
}

function nameOf(table: MappingTable, text: Uint8Array, row: number): string {
  const start = table.nameStart[row]!;
  return Buffer.from(text.subarray(start, start + table.nameLength[row]!)).toString('utf8') || '[anon]';
}
