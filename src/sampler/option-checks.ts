/** Checks of options that only a recorder has; those of any are in text/option-checks.ts. */
import { findGroupHierarchy } from '../engine/group-hierarchy.js';
import type { WorkloadPart } from '../recording/format.js';
import type { HostUnits } from '../schema.js';
import { shown } from '../text/shown.js';
import type { DeepRate } from './deep-schedule.js';

/** What `rollup` and `mappings` may be. */
export const MAX_DEEP_HZ = 1000;

export function isPath(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

export function isWorkload(value: unknown): boolean {
  const { command } = (value ?? {}) as Partial<WorkloadPart>;
  return Array.isArray(command) && command.every((word) => typeof word === 'string');
}

export function areUnits(value: unknown): boolean {
  const { pageSize, clockTicksPerSecond } = (value ?? {}) as Partial<HostUnits>;
  return [pageSize, clockTicksPerSecond].every((unit) => Number.isSafeInteger(unit) && unit! > 0);
}

export function deepRate(name: string, value: unknown): DeepRate {
  if (value === 'auto' || value === 'off') return value;
  if (typeof value === 'number' && value > 0 && value <= MAX_DEEP_HZ) return value;
  throw new RangeError(
    `Expected the "${name}" option to be "auto", "off" or a number above 0 up to ${MAX_DEEP_HZ}, got ${shown(value)}`,
  );
}

/** How often control groups are read: not where none can be, and an error when they were asked for. */
export function groupRate(asked: DeepRate, procfs: string): DeepRate {
  const rate = deepRate('cgroupTier', asked);
  if (rate === 'off' || findGroupHierarchy(procfs)) return rate;
  if (rate === 'auto') return 'off';
  throw Object.assign(
    new Error(`no control groups that account memory can be read beside ${procfs}: leave the rate to us, or say "off"`),
    { code: 'no-cgroups' },
  );
}
