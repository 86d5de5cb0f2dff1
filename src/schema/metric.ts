/**
 * What is told of one metric, and how its names are made.
 */

export type Tier = 'counters' | 'rollup' | 'mappings' | 'host' | 'cgroup';

export type Unit = 'bytes' | 'nanoseconds' | 'count' | 'pid' | 'id' | 'percent';

/** The step in which the kernel reports the value; what a recording stores differences in. */
export type Quantum = 'page' | 'kibibyte' | 'clock-tick' | 'microsecond' | 'hundredth' | 'one';

export interface Metric {
  readonly name: string;
  readonly tier: Tier;
  readonly unit: Unit;
  readonly quantum: Quantum;
  /** Kernel file and field, as `proc(5)` names them. */
  readonly source: string;
  /** `exact`: what the kernel accounts at that instant. `floored`: truncated to the unit of the kernel's text. */
  readonly exactness: 'exact' | 'floored' | 'approximate' | 'measured-here';
  /** Engines that read it at every tick; the others leave it absent. */
  readonly engines: 'all' | 'bpf';
  /** Counters only grow while a process, a group or a boot lives; gauges move both ways. */
  readonly kind: 'gauge' | 'counter';
  /** OpenTelemetry name where the conventions have one, else under `process.linux`, `system.linux` or `container.linux`. */
  readonly otel: string;
  readonly prometheus: string;
  readonly help: string;
}

/** `pssAnon` as `pss_anon`. */
export function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
