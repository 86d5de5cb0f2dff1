/**
 * Runs a property of fast-check for some seconds, or until something does not hold.
 *
 * The trap: a time limit of fast-check's own also ends a check that hangs, and says that all held. So it is asked for a few
 * runs at a time.
 */
import fc from 'fast-check';
import { Finding, type FuzzContext, type FuzzFigures } from './fuzz-target.js';

const RUNS_AT_A_TIME = 10;

/** `check` throws when something does not hold; what is thrown is told with the smallest input that fast-check finds. */
export async function runProperty<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
  { seconds, seed }: FuzzContext,
  show: (input: T) => string = (input) => fc.stringify(input),
): Promise<FuzzFigures> {
  let executions = 0;
  const from = performance.now();
  const property = fc.asyncProperty(inputs, async (input) => {
    executions++;
    await check(input);
  });
  for (let batch = 0; batch === 0 || performance.now() - from < seconds * 1000; batch++) {
    const outcome = await fc.check(property, { numRuns: RUNS_AT_A_TIME, seed: seed + batch });
    if (!outcome.failed) continue;
    const input = outcome.counterexample ? show(outcome.counterexample[0]) : '';
    const why = outcome.errorInstance instanceof Error ? outcome.errorInstance.message : String(outcome.errorInstance);
    throw new Finding(`${name}: ${why} on ${input}; seed ${seed + batch}, path ${outcome.counterexamplePath}`);
  }
  return { executions, seconds: Math.round((performance.now() - from) / 100) / 10 };
}
