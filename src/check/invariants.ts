/**
 * What must hold between the kernel's own files of one process, whoever parses them.
 *
 * - `vmRSS` of `status` is `resident` of `statm`: one counter, printed twice.
 * - `Rss` of `smaps_rollup` is the sum over `smaps`: both walk the same page tables.
 * - 0 <= `Pss` of `smaps_rollup` - the sum over `smaps` < one kB per mapping, since every mapping's Pss is floored to kB
 *   and the rollup's once.
 *
 * The trap: all of it holds only for one instant, and the reads are several. Judging is for the caller who knows that
 * nothing moved between them; see `process-texts.ts`.
 */

export const INVARIANTS = ['vmrss-is-resident', 'rollup-rss-is-sum', 'rollup-pss-near-sum'] as const;
export type InvariantName = (typeof INVARIANTS)[number];

/** The numbers of one process that the invariants speak of, in bytes, as read at one instant. */
export interface ProcessSums {
  /** Resident pages of `statm` times the page size. */
  readonly resident: number;
  readonly vmRSS: number;
  readonly rollupRss: number;
  readonly rollupPss: number;
  /** Sums over all mappings of `smaps`. */
  readonly smapsRss: number;
  readonly smapsPss: number;
  readonly mappings: number;
}

export interface BrokenInvariant {
  readonly invariant: InvariantName;
  /** The numbers that contradict each other, in bytes and by name. */
  readonly numbers: Readonly<Record<string, number>>;
}

const KIBIBYTE = 1024;

/** The invariants that do not hold; a number that the kernel did not give (NaN) breaks none. */
export function brokenInvariants(sums: ProcessSums): BrokenInvariant[] {
  const { resident, vmRSS, rollupRss, rollupPss, smapsRss, smapsPss, mappings } = sums;
  const broken: BrokenInvariant[] = [];
  if (differ(vmRSS, resident)) broken.push({ invariant: 'vmrss-is-resident', numbers: { vmRSS, resident } });
  if (differ(rollupRss, smapsRss)) broken.push({ invariant: 'rollup-rss-is-sum', numbers: { rollupRss, smapsRss } });
  const floored = rollupPss - smapsPss;
  // With no mapping at all both sides are 0; the strict bound would refuse that.
  if (floored < 0 || floored >= Math.max(mappings, 1) * KIBIBYTE) {
    broken.push({ invariant: 'rollup-pss-near-sum', numbers: { rollupPss, smapsPss, mappings } });
  }
  return broken;
}

function differ(a: number, b: number): boolean {
  return !Number.isNaN(a - b) && a !== b;
}
