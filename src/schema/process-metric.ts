/** The forms that metrics of a process have, by where they come from. */
import { snakeOf, type Unit } from './metric.js';

export const bytes = { unit: 'bytes', kind: 'gauge' } as const;

/** What the read itself was like: measured here, not told by the kernel. */
export function ofRead<const N extends string, const U extends Unit>(name: N, unit: U, source: string, help: string) {
  const snake = snakeOf(name);
  return {
    ...({ tier: 'rollup', kind: 'gauge', quantum: 'one', engines: 'all', exactness: 'measured-here' } as const),
    ...{ name, unit, source, help },
    otel: `process.linux.memory.${snake}`,
    prometheus: unit === 'nanoseconds' ? `process_${snake}_nanoseconds` : `process_${snake}`,
  } as const;
}

/** Small files that are read along with each deep read. */
export function oomScore<const N extends string>(name: N, source: string, help: string) {
  const snake = snakeOf(name);
  return {
    ...({ tier: 'rollup', unit: 'count', kind: 'gauge', quantum: 'one', engines: 'all', exactness: 'exact' } as const),
    ...{ name, source, help },
    otel: `process.linux.memory.${snake}`,
    prometheus: `process_${snake}`,
  } as const;
}

export function rollupBytes<const N extends string>(name: N, field: string, help: string) {
  const snake = snakeOf(name);
  return {
    ...({ tier: 'rollup', quantum: 'kibibyte', engines: 'all', exactness: 'floored' } as const),
    ...{ ...bytes, name, source: `smaps_rollup ${field}`, help },
    otel: `process.linux.memory.${snake}`,
    prometheus: `process_${snake}_bytes`,
  } as const;
}

/** What the kernel keeps of a process's memory and tells in `status` only, or nowhere. */
export function kernelBytes<const N extends string>(name: N, source: string, help: string) {
  const snake = snakeOf(name);
  return {
    ...({ tier: 'counters', quantum: 'page', engines: 'bpf', exactness: 'exact' } as const),
    ...{ ...bytes, name, source, help },
    otel: `process.linux.memory.${snake}`,
    prometheus: `process_${snake}_bytes`,
  } as const;
}

export function kernelId<const N extends string>(name: N, source: string, help: string) {
  const snake = snakeOf(name);
  return {
    ...({ tier: 'counters', unit: 'id', kind: 'gauge', quantum: 'one', engines: 'bpf', exactness: 'exact' } as const),
    ...{ name, source, help },
    otel: `process.linux.${snake}`,
    prometheus: `process_${snake}`,
  } as const;
}
