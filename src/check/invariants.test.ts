import { describe, expect, it } from 'vitest';
import { brokenInvariants, type ProcessSums } from './invariants.js';

const KB = 1024;
const sums: ProcessSums = {
  resident: 20 * KB,
  vmRSS: 20 * KB,
  rollupRss: 20 * KB,
  rollupPss: 11 * KB,
  smapsRss: 20 * KB,
  smapsPss: 10 * KB,
  mappings: 2,
};
const namesOf = (changed: Partial<ProcessSums>) =>
  brokenInvariants({ ...sums, ...changed }).map(({ invariant }) => invariant);

describe('brokenInvariants', () => {
  it('allows what the kernel floors', () => {
    expect(namesOf({})).toEqual([]);
    expect(namesOf({ rollupPss: 10 * KB })).toEqual([]);
    expect(namesOf({ mappings: 0, rollupPss: 0, smapsPss: 0 })).toEqual([]);
  });

  it('refuses a kB per mapping and more, and any less', () => {
    expect(namesOf({ rollupPss: 12 * KB })).toEqual(['rollup-pss-near-sum']);
    expect(namesOf({ rollupPss: 9 * KB })).toEqual(['rollup-pss-near-sum']);
  });

  it('compares resident memory exactly, with the numbers', () => {
    expect(brokenInvariants({ ...sums, vmRSS: 24 * KB })).toEqual([
      { invariant: 'vmrss-is-resident', numbers: { vmRSS: 24 * KB, resident: 20 * KB } },
    ]);
    expect(namesOf({ smapsRss: 16 * KB })).toEqual(['rollup-rss-is-sum']);
  });

  it('says nothing about a number that the kernel did not give', () => {
    expect(namesOf({ vmRSS: Number.NaN, rollupRss: Number.NaN, rollupPss: Number.NaN })).toEqual([]);
  });
});
