/**
 * Whose anonymous memory is: the allocator or runtime that asked the kernel for it.
 *
 * The traps: the kernel does not know, so it is told from habits: where a runtime asks to be put, how large and how aligned its
 * pieces are, which advice it gave, and what lies beside them; habits change with versions, and two owners may have the same. So each
 * rule says how sure it is, and what no rule knows has no owner. An allocator that was linked statically has no library to go by.
 * Verified with glibc 2.36, jemalloc 5.3, gperftools 2.10, Go 1.19, Node 20, OpenJDK 17 and CPython 3.11 on x86-64.
 */
import { Permission } from '../procfs/mapping-table.js';
import type { Row } from './classify.js';
import type { MappingClass } from './mapping-classes.js';

export const OWNERS = [
  'glibc arena',
  'glibc mmap',
  'jemalloc',
  'tcmalloc',
  'python arena',
  'v8 heap',
  'v8 code',
  'jvm heap',
  'jvm code',
  'jvm metaspace',
  'go heap',
] as const;
export type Owner = (typeof OWNERS)[number];

/** `certain`: named so by its owner; `likely`: nothing else that is known looks like this; `possible`: others do as well. */
export type Confidence = 'certain' | 'likely' | 'possible';

/** What the whole of a process tells. */
export interface Traits {
  readonly isV8: boolean;
  readonly isJvm: boolean;
  readonly isPython: boolean;
  readonly hasGlibc: boolean;
  /** Some arena of glibc still has room to grow. */
  readonly hasGrowingArena: boolean;
  readonly hasJemalloc: boolean;
  readonly hasTcmalloc: boolean;
}

/** A row in its place: `rows` are all of the process, by address. */
export interface Placed {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly index: number;
  readonly mappingClass: MappingClass;
  readonly traits: Traits;
}

export interface OwnerRule {
  readonly name: string;
  readonly confidence: Confidence;
  /** Half a line for people. */
  readonly why: string;
  readonly owner: (placed: Placed) => Owner | undefined;
}

const MIB = 1024n * 1024n;
/** `HEAP_MAX_SIZE` of glibc where addresses have 64 bits. */
const GLIBC_HEAP = 64n * MIB;
/** glibc maps by itself what is as large as `M_MMAP_THRESHOLD` at first, with a head and rounded up to pages. */
const GLIBC_LEAST_MMAP = 132n * 1024n;
const V8_PAGE = 256n * 1024n;
/** Where Go asks for its first arena: amd64 and others, then arm64; each row of arenas takes 1 TiB at most. */
const GO_BEGINS = [0xc000000000n, 0x4000000000n];
const GO_ROOM = 1n << 40n;
/** Compressed references of the JVM reach so far. */
const JVM_LOW = 32n * 1024n * MIB;
/** `ARENA_BITS` of CPython up to 3.9 was 18, then 20. */
const PYTHON_ARENA = 256n * 1024n;
const NAMES: readonly (readonly [pattern: RegExp, owner: Owner])[] = [
  [/^\[anon: ?glibc: malloc/, 'glibc arena'],
  [/^\[anon:jemalloc/, 'jemalloc'],
  [/^\[anon: ?tcmalloc/, 'tcmalloc'],
  [/^\[anon: ?v8.*code/i, 'v8 code'],
  [/^\[anon: ?v8/i, 'v8 heap'],
  [/^\[anon: ?Go: heap(?: reservation)?\]/, 'go heap'],
];

const size = ({ start, end }: Row) => end - start;
const hasFlags = (row: Row, ...names: string[]) => names.every((name) => row.flags.includes(` ${name} `));
const isWritable = ({ perms }: Row) => (perms & Permission.write) !== 0;
const isExecutable = ({ perms }: Row) => (perms & Permission.execute) !== 0;
const isAnonymous = ({ file, name }: Row) => file === undefined && (name === '' || name === '[heap]');
const nothing = ({ perms }: Row) => (perms & (Permission.read | Permission.write | Permission.execute)) === 0;

/** Of the 65,530 mappings that a process may have all may touch. */
const REACH = 64;

/** The rows that touch a row and are of a kind, itself among them. */
function neighbours({ rows, index }: Placed, isOne: (row: Row) => boolean): Row[] {
  let [first, last] = [index, index];
  while (first > 0 && index - first < REACH && isOne(rows[first - 1]!) && rows[first - 1]!.end === rows[first]!.start)
    first--;
  while (
    last + 1 < rows.length &&
    last - index < REACH &&
    isOne(rows[last + 1]!) &&
    rows[last + 1]!.start === rows[last]!.end
  )
    last++;
  return rows.slice(first, last + 1);
}

/** Right behind the variables of a library of that name: those that the loader has not told as its own. */
function isBehind({ rows, index }: Placed, library: RegExp): boolean {
  const before = rows[index - 1];
  return before?.file !== undefined && library.test(before.file) && before.end === rows[index]!.start;
}

const mayBeHeap = (row: Row) => isAnonymous(row) && row.start % GLIBC_HEAP === 0n && !isExecutable(row);

/** Used in part: what is reserved behind the row ends where a heap of glibc does. */
export function isGrowingArena(rows: readonly Row[], index: number): boolean {
  const [row, rest] = [rows[index]!, rows[index + 1]];
  if (rest === undefined || !mayBeHeap(row) || !nothing(rest) || rest.start !== row.end) return false;
  return rest.end === row.start + GLIBC_HEAP;
}

/** Any block of 64 MiB looks like one that begins so, as one of 32 does: the kernel aligns what can be huge pages. */
const isFullHeap = (row: Row) => mayBeHeap(row) && size(row) === GLIBC_HEAP;

/** A reserved part of the address space that V8 never shares with a child, its place for code if some of it is executable. */
const V8_FLAGS = ['dc', 'nr'];
const isOfV8 = (row: Row) => isAnonymous(row) && hasFlags(row, ...V8_FLAGS);

/** In the order in which they are asked. */
export const OWNER_RULES: readonly OwnerRule[] = [
  {
    name: 'named',
    confidence: 'certain',
    why: 'its owner has named it (prctl PR_SET_VMA_ANON_NAME)',
    owner: ({ row }) => NAMES.find(([pattern]) => pattern.test(row.name))?.[1],
  },
  {
    name: 'go-arena',
    confidence: 'likely',
    why: 'connected with 0xc000000000 (0x4000000000 on arm64), where Go asks for its first arena',
    owner: (placed) => {
      const begin = GO_BEGINS.find((at) => placed.row.start >= at && placed.row.start < at + GO_ROOM);
      if (begin === undefined || !isAnonymous(placed.row)) return undefined;
      return neighbours(placed, isAnonymous)[0]!.start === begin ? 'go heap' : undefined;
    },
  },
  {
    name: 'v8-code-range',
    confidence: 'likely',
    why: 'in a reservation of V8 (flags dc and nr) that has executable memory in it',
    owner: (placed) =>
      placed.traits.isV8 && isOfV8(placed.row) && neighbours(placed, isOfV8).some(isExecutable) ? 'v8 code' : undefined,
  },
  {
    name: 'v8-pages',
    confidence: 'likely',
    why: 'a program with V8: reserved and kept from children (flags dc and nr), begins at a multiple of 256 KiB',
    owner: ({ row, traits }) => (traits.isV8 && isOfV8(row) && row.start % V8_PAGE === 0n ? 'v8 heap' : undefined),
  },
  {
    name: 'v8-page-size',
    confidence: 'possible',
    why: 'a program with V8, in a text without flags: 256 KiB at a multiple of 256 KiB',
    owner: ({ row, traits }) =>
      traits.isV8 && row.flags === '' && isAnonymous(row) && row.start % V8_PAGE === 0n && size(row) === V8_PAGE
        ? 'v8 heap'
        : undefined,
  },
  {
    name: 'v8-executable',
    confidence: 'possible',
    why: 'a program with V8: executable memory that is no file',
    owner: ({ row, traits }) => (traits.isV8 && isAnonymous(row) && isExecutable(row) ? 'v8 code' : undefined),
  },
  {
    name: 'jvm-code-cache',
    confidence: 'likely',
    why: 'a program with libjvm: executable memory that is no file',
    owner: ({ row, traits }) => (traits.isJvm && isAnonymous(row) && isExecutable(row) ? 'jvm code' : undefined),
  },
  {
    name: 'jvm-low-heap',
    confidence: 'likely',
    why: 'a program with libjvm: below 32 GiB, where compressed references reach',
    owner: ({ row, traits }) =>
      traits.isJvm && isAnonymous(row) && row.name === '' && row.end <= JVM_LOW && isWritable(row)
        ? 'jvm heap'
        : undefined,
  },
  {
    name: 'jvm-class-space',
    confidence: 'likely',
    why: 'a program with libjvm: connected with its archive of classes (classes.jsa)',
    owner: (placed) => {
      if (!placed.traits.isJvm || !isAnonymous(placed.row)) return undefined;
      const around = neighbours(placed, (row) => isAnonymous(row) || row.name.endsWith('.jsa'));
      return around.some(({ name }) => name.endsWith('.jsa')) ? 'jvm metaspace' : undefined;
    },
  },
  {
    name: 'glibc-arena',
    confidence: 'likely',
    why: 'begins at a multiple of 64 MiB, and what is reserved behind it ends at the next one; full ones beside such',
    owner: ({ row, rows, index, traits }) => {
      if (!traits.hasGlibc) return undefined;
      return isGrowingArena(rows, index) || (traits.hasGrowingArena && isFullHeap(row)) ? 'glibc arena' : undefined;
    },
  },
  {
    name: 'tcmalloc-heap',
    confidence: 'likely',
    why: 'a program with libtcmalloc: the break, of which it takes what it can get, or right behind its variables',
    owner: (placed) =>
      placed.traits.hasTcmalloc && (placed.row.name === '[heap]' || isBehind(placed, /libtcmalloc/))
        ? 'tcmalloc'
        : undefined,
  },
  {
    name: 'jemalloc-extent',
    confidence: 'likely',
    why: 'a program with libjemalloc: reserved without commitment (flag nr), or right behind its variables',
    owner: (placed) =>
      placed.traits.hasJemalloc &&
      isAnonymous(placed.row) &&
      (hasFlags(placed.row, 'nr') || isBehind(placed, /libjemalloc/))
        ? 'jemalloc'
        : undefined,
  },
  {
    name: 'jemalloc-or-own',
    confidence: 'possible',
    why: 'a program with libjemalloc: 128 KiB or more of anonymous memory',
    owner: ({ row, traits }) =>
      traits.hasJemalloc && isAnonymous(row) && size(row) >= GLIBC_LEAST_MMAP ? 'jemalloc' : undefined,
  },
  {
    name: 'tcmalloc-or-own',
    confidence: 'possible',
    why: 'a program with libtcmalloc: 128 KiB or more of anonymous memory',
    owner: ({ row, traits }) =>
      traits.hasTcmalloc && isAnonymous(row) && size(row) >= GLIBC_LEAST_MMAP ? 'tcmalloc' : undefined,
  },
  {
    name: 'glibc-break',
    confidence: 'likely',
    why: 'the break of a program with glibc: the arena of its main thread',
    owner: ({ row, traits }) => (traits.hasGlibc && row.name === '[heap]' ? 'glibc arena' : undefined),
  },
  {
    name: 'python-arenas',
    confidence: 'possible',
    why: 'python: a multiple of 256 KiB of anonymous memory; large blocks of malloc look alike',
    owner: ({ row, traits }) =>
      traits.isPython && isAnonymous(row) && size(row) >= PYTHON_ARENA && size(row) % PYTHON_ARENA === 0n
        ? 'python arena'
        : undefined,
  },
  {
    name: 'glibc-mmap',
    confidence: 'possible',
    why: 'a program with glibc: 132 KiB or more of plain anonymous memory, as of large blocks of malloc',
    owner: ({ row, traits }) =>
      traits.hasGlibc &&
      !traits.isJvm &&
      isAnonymous(row) &&
      isWritable(row) &&
      size(row) >= GLIBC_LEAST_MMAP &&
      !['nr', 'dc', 'nh', 'ht'].some((flag) => hasFlags(row, flag))
        ? 'glibc mmap'
        : undefined,
  },
];
