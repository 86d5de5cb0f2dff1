/**
 * The page faults of this process, as the kernel counts them: exact at any instant.
 *
 * The trap: a recording reads them ten times a second at best, so a span of milliseconds has them only if somebody asks at its ends.
 */
export interface Faults {
  readonly minor: number;
  readonly major: number;
}

/** Of all its threads since it began, those that have ended among them; takes a few microseconds. */
export function ownFaults(): Faults {
  const { minorPageFault, majorPageFault } = process.resourceUsage();
  return { minor: minorPageFault, major: majorPageFault };
}

export function faultsSince(before: Faults): Faults {
  const { minor, major } = ownFaults();
  return { minor: minor - before.minor, major: major - before.major };
}
