/** Runs a property of fast-check for some seconds, or until something does not hold. */
import fc from 'fast-check';
import { Finding, type FuzzContext, type FuzzFigures } from './fuzz-target.js';

const FOR_EVER = 2 ** 31 - 1;

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
  const end = { interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false };
  const outcome = await fc.check(property, { numRuns: FOR_EVER, seed, ...end });
  if (outcome.failed) {
    const input = outcome.counterexample ? show(outcome.counterexample[0]) : '';
    const why = outcome.errorInstance instanceof Error ? outcome.errorInstance.message : String(outcome.errorInstance);
    throw new Finding(`${name}: ${why} on ${input}; seed ${seed}, path ${outcome.counterexamplePath}`);
  }
  return { executions, seconds: Math.round((performance.now() - from) / 100) / 10 };
}
