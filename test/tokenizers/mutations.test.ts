/**
 * Fixtures with something done to them: both tokenizers must still agree, whatever it was. The seed of a failure is
 * printed by fast-check; TIDEMARK_FUZZ_RUNS makes the runs longer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KERNEL_FILES } from '../../src/procfs/read.js';
import { differenceOf } from './compare.js';
import { edit, place } from './edits.js';
import { FIXTURES } from './fixtures.js';

const RUNS = Number(process.env.TIDEMARK_FUZZ_RUNS ?? 2500);
/** Bytes of a fixture that are mutated at a time: a few records. */
const PIECE = 3000;

describe('the twins agree on mutations of', () => {
  it.each(KERNEL_FILES)('%s', (file) => {
    const texts = FIXTURES.filter((fixture) => fixture.file === file && fixture.bytes.length > 0);
    const piece = fc.tuple(fc.constantFrom(...texts), place).map(([{ bytes }, at]) => {
      if (bytes.length <= PIECE) return bytes;
      const from = bytes.indexOf(10, at % (bytes.length - PIECE)) + 1;
      return bytes.subarray(from, from + PIECE);
    });
    const edits = fc.array(edit, { minLength: 1, maxLength: 5 });
    const rows = fc.constantFrom(8, 24, 104);
    fc.assert(
      fc.property(piece, edits, place, rows, (bytes, changes, turn, capacity) => {
        const text = changes.reduce<Buffer>((text, change) => change(text), Buffer.from(bytes));
        const difference = differenceOf(file, text, turn, capacity);
        if (difference !== undefined) expect.fail(`${difference}\n${JSON.stringify(text.toString('latin1'))}`);
      }),
      { numRuns: RUNS },
    );
  });
});
