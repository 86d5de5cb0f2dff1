/**
 * `measureGrowth` in trials: a function that holds 64 bytes per call, and one that only churns; `npm run bench:leaks`. Trials of one process
 * follow each other, so the heap of each begins with what those before it held.
 */
import { measureGrowth } from '../src/harness/measure-growth.js';

const TRIALS = Number(process.argv[2] ?? 100);
let churned: unknown;

/** A typed array's elements live in the V8 heap up to 64 bytes: a string of 52 characters takes 64 with its header. */
function leak(held: string[]): () => void {
  let call = 0;
  return () => {
    held[call % held.length] += '';
    held.push(Buffer.alloc(36, 97 + (call++ % 26)).toString('latin1'));
  };
}

const churn = () => {
  churned = [{ a: Math.random(), b: [1, 2, 3] }, String(Math.random()), new ArrayBuffer(64)];
};

for (const [name, make] of [
  ['holds about 64 bytes a call', () => leak(['x'])],
  ['churn', () => churn],
] as const) {
  const verdicts = { grows: 0, none: 0, inconclusive: 0 };
  const slopes: number[] = [];
  const started = performance.now();
  for (let trial = 0; trial < TRIALS; trial++) {
    const { verdict, perIteration } = await measureGrowth(make());
    verdicts[verdict]++;
    slopes.push(perIteration.value);
  }
  slopes.sort((a, b) => a - b);
  const each = ((performance.now() - started) / TRIALS).toFixed(0);
  console.log(
    `${name}: ${JSON.stringify(verdicts)}; bytes a call: ${slopes[0]!.toFixed(1)} .. median ${slopes[TRIALS >> 1]!.toFixed(1)} .. ${slopes.at(-1)!.toFixed(1)}; ${each} ms a trial`,
  );
}
if (churned === undefined) throw new Error('nothing was churned');
