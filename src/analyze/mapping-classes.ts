/** The mapping classes: what each is for, in the words of a table. Numbers are indexes into this list and may change. */

export interface MappingClassText {
  readonly name: string;
  /** Half a line for people. */
  readonly notes: string;
}

export const MAPPING_CLASSES = [
  { name: 'text', notes: 'code of the program' },
  { name: 'rodata', notes: 'constants, headers and relocated data of the program, read-only' },
  { name: 'data', notes: 'initialised variables of the program' },
  { name: 'bss', notes: 'zero-initialised variables of the program' },
  { name: 'heap', notes: 'the heap: malloc below its mmap threshold' },
  { name: 'stack', notes: 'stack of the main thread' },
  { name: 'thread-stack', notes: 'stacks of other threads and of signal handlers' },
  { name: 'lib-text', notes: 'code of shared libraries' },
  { name: 'lib-rodata', notes: 'constants of shared libraries, read-only' },
  { name: 'lib-data', notes: 'variables of shared libraries, zero-initialised ones among them' },
  { name: 'anon', notes: 'anonymous memory: large allocations, arenas, managed heaps' },
  { name: 'jit', notes: 'code that was made at run time' },
  { name: 'file', notes: 'files mapped as data' },
  { name: 'shm', notes: 'memory to be shared: memfd, POSIX and System V segments, shared anonymous' },
  { name: 'guard', notes: 'no access: guard pages, and address space that is only reserved' },
  { name: 'vdso', notes: 'code and data that the kernel lends every process' },
  { name: 'hugetlb', notes: 'huge pages set aside by the administrator; in neither Rss nor Pss' },
  { name: 'device', notes: 'memory of a device or of a kernel object' },
] as const satisfies readonly MappingClassText[];

export type MappingClass = (typeof MAPPING_CLASSES)[number]['name'];

/** Number of a class by its name. */
export const ClassNumber = Object.fromEntries(MAPPING_CLASSES.map(({ name }, index) => [name, index])) as Record<
  MappingClass,
  number
>;
