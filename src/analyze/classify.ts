/**
 * Which class each mapping of a process belongs to: code, data, heap, stacks, libraries and the rest.
 *
 * The traps: the kernel names few mappings, so most is told by permissions and neighbours, and neighbours may have merged;
 * `smaps` says more than `maps` (VmFlags), and both must give an answer; and text comes from other hosts, other
 * architectures and other page sizes. Each rule is one function with what it goes by and what can fool it. The first
 * rule that applies decides, in the order of `RULES`.
 */
import { type MappingTable, NO_SPAN, Permission, SmapsColumn } from '../procfs/mapping-table.js';
import type { MappingClass } from './mapping-classes.js';
import { ClassNumber } from './mapping-classes.js';

/** A mapping as the rules see it. */
export interface Row {
  readonly start: bigint;
  readonly end: bigint;
  /** Bits of `Permission`. */
  readonly perms: number;
  /** As the kernel prints it, ` (deleted)` included. */
  readonly name: string;
  /** Two letters each, with spaces around every one; '' where the text has no VmFlags. */
  readonly flags: string;
  readonly kernelPageSize: number;
  readonly mmuPageSize: number;
  /** The file it maps, the same for every mapping of that file; undefined for memory without a path. */
  readonly file: string | undefined;
  mappingClass?: MappingClass | undefined;
  /** The program or library that it is a part of, zero-initialised variables included. */
  image?: string;
}

interface Process {
  /** The file of the program, or undefined when nothing tells. */
  readonly program: string | undefined;
  /** Files of which this process can execute something. */
  readonly executed: ReadonlySet<string>;
  /** Bytes of address space that each file is mapped into. */
  readonly bytesOfFile: ReadonlyMap<string, bigint>;
}

type Rule = (row: Row, before: Row | undefined, process: Process) => MappingClass | undefined;

/** Kernel pages of special mappings on all architectures; their names have no `:` and no `/`. */
const SPECIAL = /^\[[^:/\]]+\]$/;
const ALLOCATOR = /^\[anon:(?: ?glibc: malloc|libc_malloc|scudo:|GWP-ASan|jemalloc|malloc)/;
/** Such as `[anon: glibc: pthread stack: 1234]`. */
const NAMED_STACK = /^\[(?:stack:\d+\]|anon:(?:stack_and_tls:|.*\bstack\b))/i;
const NAMED_BSS = /^\[anon:\.bss\]$/;
const NAMED_JIT = /\bjit\b|jit[-_ ]?(?:code|cache|zygote)|js-executable-memory|v8(?:-code|CodeRange)/i;
const SHARED_MEMORY =
  /^(?:\/SYSV[0-9a-f]{8}\b|\/memfd:|\/dev\/shm\/|\/dev\/ashmem|\/dev\/zero(?: \(deleted\))?$|\[anon_shmem:)/;
const HUGETLB_NAME = /^(?:\/anon_hugepage\b|\/dev\/hugepages\/)/;
const KERNEL_OBJECT = /^(?:anon_inode:|socket:|\/?\[aio\]|\/dmabuf:|\/i915|\/drm mm object)/;
const LIBRARY_NAME = /\.so(?:\.\d+)*(?: \(deleted\))?$/;
/** `/lib64/ld-linux-x86-64.so.2`, `/lib/ld-musl-aarch64.so.1`, `/system/bin/linker64`. */
const DYNAMIC_LINKER = /\/(?:ld-[^/]*\.so(?:\.\d+)*|ld\.so(?:\.\d+)*|linker(?:64)?)$/;

/** glibc and musl put one page below a thread's stack, Java up to 16, with 64 KiB pages on arm64 one is 64 KiB. */
const MOST_GUARD_BYTES = 64n * 1024n;
const LEAST_STACK_BYTES = 16n * 1024n;
/** Zero-initialised variables that any library may have, however small it is itself. */
const MOST_SMALL_BSS = 256n * 1024n;
const MOST_STACK_BYTES = 256n * 1024n * 1024n;

/**
 * Special mappings: `[vdso]`, `[vvar]`, `[vvar_vclock]`, `[vsyscall]`, `[vectors]`, `[sigpage]`, `[uprobes]`. By the name,
 * which only the kernel can give; `[heap]` and `[stack]` have rules of their own.
 */
const special: Rule = ({ name }) => {
  if (name === '[heap]' || name === '[stack]' || NAMED_STACK.test(name)) return undefined;
  return SPECIAL.test(name) && name !== '[anon]' ? 'vdso' : undefined;
};

/**
 * Huge pages of hugetlbfs: the flag `ht`, a kernel page size above that of the MMU's smallest pages, or in a text without
 * flags the name. Transparent huge pages change neither. Fooled by a hugetlbfs mounted elsewhere than /dev/hugepages
 * when there is only `maps`.
 */
const hugetlb: Rule = ({ flags, name, kernelPageSize, mmuPageSize }) => {
  if (flags.includes(' ht ')) return 'hugetlb';
  if (flags === '' && HUGETLB_NAME.test(name)) return 'hugetlb';
  return kernelPageSize >= 1024 * 1024 && mmuPageSize >= 1024 * 1024 ? 'hugetlb' : undefined;
};

/**
 * Devices and kernel objects: the flags `io` (memory-mapped I/O) and `pf` (page frames without pages), a path below
 * /dev/ that is no shared memory, or the name of an object without a path (`anon_inode:[io_uring]`, `socket:[n]`,
 * `/[aio]`).
 */
const device: Rule = ({ flags, name }) => {
  if (SHARED_MEMORY.test(name) || HUGETLB_NAME.test(name)) return undefined;
  if (flags.includes(' io ') || flags.includes(' pf ')) return 'device';
  return name.startsWith('/dev/') || KERNEL_OBJECT.test(name) ? 'device' : undefined;
};

/** No access at all: guard pages, the unused rest of malloc's arenas, reservations of managed heaps. By permissions. */
const guard: Rule = ({ perms }) =>
  (perms & (Permission.read | Permission.write | Permission.execute)) === 0 ? 'guard' : undefined;

/** Stack of the main thread. By the name. */
const stack: Rule = ({ name }) => (name === '[stack]' ? 'stack' : undefined);

/** Stacks that are named: `[stack:TID]` of kernels before 4.5, and by prctl in bionic and newer glibc. */
const namedStack: Rule = ({ name }) => (NAMED_STACK.test(name) ? 'thread-stack' : undefined);

/** The break's heap, and what an allocator has named as its own. By the name. */
const heap: Rule = ({ name }) => (name === '[heap]' || ALLOCATOR.test(name) ? 'heap' : undefined);

/**
 * Code made at run time: executable memory that is no file of a file system (anonymous, memfd, shared segments), or memory
 * that its maker has named so, executable or not. Fooled by programs that unpack themselves into anonymous memory.
 */
const jit: Rule = ({ perms, name, file }) => {
  const isExecutable = (perms & Permission.execute) !== 0;
  if (isExecutable && (file === undefined || SHARED_MEMORY.test(name))) return 'jit';
  return /^(?:\[anon|\/memfd:)/.test(name) && NAMED_JIT.test(name) ? 'jit' : undefined;
};

/** Memory made to be shared: memfd, /dev/shm, System V, shared anonymous (which the kernel calls /dev/zero). By the name. */
const shm: Rule = ({ name }) => (SHARED_MEMORY.test(name) ? 'shm' : undefined);

/**
 * Parts of the program: private mappings of its file, by permissions. What is read-only after relocation counts as
 * rodata. The program is what `exe` names; where that is not known, the lowest file that is executed and is not the
 * dynamic linker, which address randomization leaves lowest. Fooled there by a library below the program.
 */
const program: Rule = (row, _, { program: file }) => {
  if (row.file === undefined || row.file !== file || (row.perms & Permission.shared) !== 0) return undefined;
  row.image = file;
  if ((row.perms & Permission.execute) !== 0) return 'text';
  return (row.perms & Permission.write) !== 0 ? 'data' : 'rodata';
};

/**
 * Parts of shared libraries, the dynamic linker among them: private mappings of a file of which this process executes
 * something, or that is called `*.so`. A file may be patched in place and be writable and executable: that is text.
 */
const library: Rule = (row, _, { executed }) => {
  if (row.file === undefined || (row.perms & Permission.shared) !== 0) return undefined;
  if (!executed.has(row.file) && !LIBRARY_NAME.test(row.name)) return undefined;
  row.image = row.file;
  if ((row.perms & Permission.execute) !== 0) return 'lib-text';
  return (row.perms & Permission.write) !== 0 ? 'lib-data' : 'lib-rodata';
};

/**
 * Zero-initialised variables: anonymous writable memory right behind the writable part of the program or of a library
 * (of the program also behind its last part, when nothing of it is writable), or `[anon:.bss]`. Those of a library
 * count as its data, up to 256 KiB or as much as the library itself takes: what is larger has merged with other memory.
 * Fooled where other anonymous memory was mapped right behind: the kernel merges the two.
 */
const bss: Rule = (row, before, { bytesOfFile }) => {
  const isNamed = NAMED_BSS.test(row.name);
  if (row.file !== undefined || (row.name !== '' && !isNamed)) return undefined;
  if ((row.perms & Permission.write) === 0 || (row.perms & Permission.shared) !== 0) return undefined;
  // Behind zero-initialised memory nothing of the same image follows.
  if (before?.image === undefined || before.file === undefined || before.end !== row.start) {
    return isNamed ? 'bss' : undefined;
  }
  row.image = before.image;
  if (before.mappingClass === 'data' || before.mappingClass === 'rodata' || before.mappingClass === 'text')
    return 'bss';
  if (isNamed) return 'lib-data';
  const library = bytesOfFile.get(before.file) ?? 0n;
  const most = library > MOST_SMALL_BSS ? library : MOST_SMALL_BSS;
  return before.mappingClass === 'lib-data' && row.end - row.start <= most ? 'lib-data' : undefined;
};

/**
 * Stacks without a name: anonymous writable memory right above a guard of at most 64 KiB, as glibc, musl and Java make
 * them: of a stack's size (16 KiB to 256 MiB), or of any size where the flag `nh` tells of MAP_STACK (since Linux 6.7;
 * stacks of signal handlers are small). The flag `nr` tells of reserved memory and so of none. Fooled by whoever puts a
 * guard below another buffer, and by stacks without a guard (Go's goroutines live in `anon`).
 */
const threadStack: Rule = (row, before) => {
  if (row.name !== '' || row.file !== undefined || before?.mappingClass !== 'guard' || before.end !== row.start) {
    return undefined;
  }
  const isWritable = (row.perms & (Permission.read | Permission.write)) === (Permission.read | Permission.write);
  if (!isWritable || (row.perms & Permission.shared) !== 0) return undefined;
  if (row.flags.includes(' nr ') || before.flags.includes(' nr ')) return undefined;
  if (before.file !== undefined || before.end - before.start > MOST_GUARD_BYTES) return undefined;
  const size = row.end - row.start;
  if (row.flags.includes(' nh ')) return 'thread-stack';
  return size >= LEAST_STACK_BYTES && size <= MOST_STACK_BYTES ? 'thread-stack' : undefined;
};

/** Whatever else has a path. */
const fileData: Rule = ({ file }) => (file !== undefined ? 'file' : undefined);

/** Whatever is left: anonymous memory, named by prctl or not. */
const anonymous: Rule = () => 'anon';

/** In the order in which they are asked. */
export const RULES: readonly { readonly name: string; readonly rule: Rule }[] = Object.entries({
  special,
  hugetlb,
  device,
  guard,
  stack,
  namedStack,
  heap,
  jit,
  shm,
  program,
  library,
  bss,
  threadStack,
  fileData,
  anonymous,
}).map(([name, rule]) => ({ name, rule }));

export interface Classification {
  /** By row: `ClassNumber`. */
  readonly classes: Uint8Array;
  /** By row: index into `RULES` of the rule that decided. */
  readonly rules: Uint8Array;
  /** The file taken for the program, as the text names it; undefined when nothing tells. */
  readonly program: string | undefined;
}

/**
 * Classifies every row of a tokenized `maps` or `smaps`, whose names and flags lie in `bytes`. `exe` is what the link of
 * that name gives, where it can be read.
 */
export function classifyMappings(table: MappingTable, bytes: Uint8Array, exe?: string): Classification {
  const rows = Array.from({ length: table.rows }, (_, index) => rowOf(table, bytes, index));
  const executed = new Set<string>();
  const bytesOfFile = new Map<string, bigint>();
  for (const { file, perms, start, end } of rows) {
    if (file === undefined) continue;
    if ((perms & Permission.execute) !== 0) executed.add(file);
    bytesOfFile.set(file, (bytesOfFile.get(file) ?? 0n) + (end - start));
  }
  const found = programOf(rows, exe);
  const process: Process = { program: found?.file, executed, bytesOfFile };
  const classes = new Uint8Array(rows.length);
  const rules = new Uint8Array(rows.length);
  rows.forEach((row, index) => {
    const decided = RULES.findIndex(({ rule }) => {
      row.mappingClass = rule(row, rows[index - 1], process);
      return row.mappingClass !== undefined;
    });
    rules[index] = decided;
    classes[index] = ClassNumber[row.mappingClass!];
  });
  return { classes, rules, program: found?.name };
}

/** The first mapping of the program. */
function programOf(rows: readonly Row[], exe: string | undefined): Row | undefined {
  if (exe !== undefined) {
    // The kernel escapes the newline in the one and not in the other.
    const name = exe.replaceAll('\n', '\\012');
    const named = rows.find((row) => row.file !== undefined && row.name === name);
    if (named) return named;
  }
  const isCode = ({ file, name, perms }: Row) =>
    file !== undefined && (perms & Permission.execute) !== 0 && !SHARED_MEMORY.test(name) && !name.startsWith('/dev/');
  const code = rows.filter(isCode);
  return code.find(({ name }) => !DYNAMIC_LINKER.test(name) && !LIBRARY_NAME.test(name)) ?? code[0];
}

/** A row of a tokenized text, whose spans lie in `bytes`. */
export function rowOf(table: MappingTable, bytes: Uint8Array, index: number): Row {
  const name = spanText(bytes, table.nameStart[index]!, table.nameLength[index]!);
  const flags = table.flagsStart[index]!;
  const device = `${table.deviceMajor[index]}:${table.deviceMinor[index]}`;
  return {
    start: table.start[index]!,
    end: table.end[index]!,
    perms: table.perms[index]!,
    name,
    flags: flags === NO_SPAN ? '' : ` ${spanText(bytes, flags, table.flagsLength[index]!)} `,
    kernelPageSize: table.sizes[SmapsColumn.kernelPageSize]![index]!,
    mmuPageSize: table.sizes[SmapsColumn.mmuPageSize]![index]!,
    file: name.startsWith('/') ? `${device}:${table.inode[index]}:${name}` : undefined,
  };
}

/** Bytes as characters of the same number: names need not be UTF-8. */
function spanText(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
}
