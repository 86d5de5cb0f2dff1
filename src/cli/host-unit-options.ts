/** The page size and the clock tick that a command counts with: from its options, the tree it reads, or this host. */
import { readHostUnits, readTreeUnits, whyNoTreeUnits } from '../procfs/host-units.js';
import type { HostUnits } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import { UsageError } from './command-error.js';

export interface HostUnitOptions {
  pageSize?: number;
  clockTicks?: number;
}

/**
 * The units of the host that a text or a tree comes from: what the options say, then what the tree itself tells, then
 * this host's. Throws `UsageError` for another host's tree that tells nothing, rather than guess.
 */
export function hostUnitsOf(options: HostUnitOptions & { procfs?: string }): HostUnits {
  const { pageSize, clockTicks, procfs = '/proc' } = options;
  if (pageSize !== undefined && clockTicks !== undefined) return { pageSize, clockTicksPerSecond: clockTicks };
  const known = procfs === '/proc' ? readHostUnits() : readTreeUnits(procfs);
  if (!known) {
    const tree = `"${escapeTerminal(procfs)}"`;
    const why = whyNoTreeUnits(procfs);
    const reason = why === undefined ? '' : ` (${escapeTerminal(why)})`;
    throw new UsageError(
      `--procfs: nothing in ${tree} tells its page size${reason}; give --page-size and --clock-ticks`,
    );
  }
  return {
    pageSize: pageSize ?? known.pageSize,
    clockTicksPerSecond: clockTicks ?? known.clockTicksPerSecond,
  };
}
