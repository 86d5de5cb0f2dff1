import { describe, expect, it } from 'vitest';
import type { VerifyReport } from '../check/verify.js';
import { exitCodeOf } from './verify.js';
import { verifyLines } from './verify-lines.js';

const report: VerifyReport = {
  schema: 1,
  engines: ['ts', 'native'],
  passes: 3,
  processes: 12,
  files: 60,
  bytes: 2048,
  mismatchCount: 0,
  mismatches: [],
  byStatus: { ok: 9, 'no-mm': 3 },
  invariants: { judged: 8, moved: 1, violationCount: 0, violations: [] },
};
const differing: VerifyReport = {
  ...report,
  mismatchCount: 2,
  mismatches: [{ pid: 7, file: 'smaps', field: 'pss[3]', a: '1024', b: '2048' }],
};
const broken: VerifyReport = {
  ...report,
  invariants: {
    judged: 8,
    moved: 1,
    violationCount: 1,
    violations: [{ pid: 7, invariant: 'vmrss-is-resident', numbers: { vmRSS: 8192, resident: 4096 } }],
  },
};

describe('the exit code', () => {
  it.each([
    ['agreement', report, false, 0],
    ['a mismatch', differing, false, 3],
    ['a broken invariant', broken, false, 0],
    ['a broken invariant when strict', broken, true, 3],
    ['nothing compared', { ...report, files: 0 }, false, 1],
  ])('of %s', (_name, found, strict, code) => {
    expect(exitCodeOf(found, strict)).toBe(code);
  });
});

describe('the lines', () => {
  it('say what was looked at', () => {
    expect(verifyLines(report)).toEqual([
      '60 files, 2.0 KiB: ts and native agree',
      'processes: 12: 9 ok, 3 no-mm, in 3 passes',
      'kernel: 8 processes judged, 1 moved while they were read, 0 invariants broken',
    ]);
  });

  it('name each difference, and count what is not listed', () => {
    const lines = verifyLines(differing);
    expect(lines[0]).toBe('60 files, 2.0 KiB: ts and native differ on 2 files');
    expect(lines.slice(3)).toEqual(['mismatch: pid 7 smaps pss[3]: ts 1024, native 2048', 'and 1 more']);
    expect(verifyLines(broken).at(-1)).toBe('broken: pid 7 vmrss-is-resident: vmRSS 8192, resident 4096');
  });
});
