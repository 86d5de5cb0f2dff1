/** A bench with tasks that throw: always, and in the second argument's case in a fresh process only. */
import { withMemory } from 'tidemark/tinybench';

const [version, isFreshOnly] = process.argv.slice(2);
const { Bench } = await import(version);
const held = [];
const bench = withMemory(new Bench({ iterations: 32, time: 0, warmupIterations: 1, warmupTime: 0 }), { isolate: true });
bench.add('throws', () => {
  if (!isFreshOnly || process.send) throw new Error('of the task');
});
bench.add('hold', () => {
  held.push(Buffer.alloc(2 ** 20, 1));
});
const rejected = await bench.run().then(
  () => undefined,
  ({ name, message, cause }) => ({ name, message, cause }),
);
console.log(
  JSON.stringify({
    rejected,
    memory: bench.memory,
    errors: bench.tasks.map(({ result }) => result?.error?.message),
  }),
);
