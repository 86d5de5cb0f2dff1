/**
 * The resident memory of this process at the end of each round, by kind and by mapping.
 *
 * The trap: what is kept from round to round in a process that measures itself is growth of ours: so all room is taken at the first
 * sight of a mapping, and a read leaves nothing else behind.
 */
import { openSync } from 'node:fs';
import { type MappingKind, mappingGroups } from '../analyze/mapping-groups.js';
import { WholeFile } from '../engine/whole-file.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { tokenizeSmaps } from '../procfs/smaps.js';

/** What a mapping is to those who look for a leak; `file`: pages of files, which the kernel takes back. */
export type MappingPart = 'v8-heap' | 'malloc' | 'mmap' | 'stack' | 'file';

const OWN_FILES = { open: (path: string) => openSync(path, 'r') };
const MALLOC = new Set<string | undefined>(['glibc arena', 'glibc mmap', 'jemalloc', 'tcmalloc', 'python arena']);
const V8 = new Set<string | undefined>(['v8 heap', 'v8 code']);
const STACKS = new Set(['stack', 'thread-stack']);
const MAPPED = new Set(['anon', 'jit', 'shm', 'hugetlb', 'heap']);

/** The mappings of one name, class and owner: their resident bytes at each of some instants. */
export interface MappingSeries {
  readonly mappings: readonly { readonly mapping: MappingKind; readonly bytes: Float64Array }[];
  /** The sums of the mappings of a part. */
  part(part: MappingPart): Float64Array;
}

/** Of this process. */
export class GrowthSeries implements MappingSeries {
  readonly #lines = new Map<string, { readonly mapping: MappingKind; readonly bytes: Float64Array }>();

  /** A buffer that stays, since what is let go of goes when it likes. */
  readonly #file = new WholeFile();
  #table = new MappingTable(1024);

  constructor(private readonly rounds: number) {}

  /** Reads the mappings; a round below 0 is thrown away. Throws what the system says. */
  take(round: number): void {
    const length = this.#file.read(OWN_FILES, '/proc/self/smaps');
    const text = this.#file.bytes;
    this.#table = tokenizeGrowing(tokenizeSmaps, text, length, this.#table);
    for (const [key, { mapping, bytes }] of mappingGroups(this.#table, text)) {
      let line = this.#lines.get(key);
      if (!line) {
        line = { mapping, bytes: new Float64Array(this.rounds) };
        this.#lines.set(key, line);
      }
      if (round >= 0) line.bytes[round] = bytes;
    }
  }

  part(part: MappingPart): Float64Array {
    return sumOfPart(part, this.mappings, this.rounds);
  }

  get mappings(): MappingSeries['mappings'] {
    return [...this.#lines.values()];
  }
}

export function sumOfPart(part: MappingPart, mappings: MappingSeries['mappings'], count: number): Float64Array {
  const sum = new Float64Array(count);
  for (const { mapping, bytes } of mappings) {
    if (partOf(mapping) !== part) continue;
    for (let place = 0; place < count; place++) sum[place]! += bytes[place]!;
  }
  return sum;
}

function partOf({ mappingClass, owner }: MappingKind): MappingPart {
  if (V8.has(owner)) return 'v8-heap';
  if (MALLOC.has(owner)) return 'malloc';
  if (STACKS.has(mappingClass)) return 'stack';
  return MAPPED.has(mappingClass) ? 'mmap' : 'file';
}
