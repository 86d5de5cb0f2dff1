/**
 * `/proc/PID/limits`: the limits of memory that a process was given.
 *
 * The traps: the columns are separated by spaces that names have too, so a line is found by its name; and of the two values
 * the first, the soft one, is what the kernel refuses memory by. `Max resident set` is there and limits nothing since
 * Linux 2.4.30, so it is left out.
 */
export interface MemoryLimits {
  /** Bytes of address space (`RLIMIT_AS`); absent: no limit. */
  readonly addressSpace?: number;
  /** Bytes of private writable memory (`RLIMIT_DATA`). */
  readonly data?: number;
}

/** What is not limited is absent. */
export function parseMemoryLimits(text: string): MemoryLimits {
  const addressSpace = softOf(text, 'Max address space');
  const data = softOf(text, 'Max data size');
  return { ...(addressSpace === undefined ? {} : { addressSpace }), ...(data === undefined ? {} : { data }) };
}

function softOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name} +(\\d+) `, 'm').exec(text);
  return found ? Number(found[1]) : undefined;
}
