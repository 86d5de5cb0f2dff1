/** A script with two benches, of the tinybench that is named: its tasks are measured in processes of their own. */
import { withMemory } from 'tidemark/tinybench';

const { Bench } = await import(process.argv[2]);
const options = { iterations: 32, time: 0, warmupIterations: 1, warmupTime: 0 };
const held = [];
const hold = () => {
  held.push(Buffer.alloc(2 ** 20, 1));
};
const first = withMemory(new Bench(options), { isolate: true });
first.add('other', () => 1);
await first.run();

const bench = withMemory(new Bench(options), { isolate: true });
bench.add('hold', hold);
bench.add('lean', () => 1);
bench.add('hold again', hold);
// A method in 2.9, and a flag of `run` later.
if (typeof bench.warmup === 'function') await bench.warmup();
await bench.run();
console.log(
  JSON.stringify({
    first: first.memory,
    memory: bench.memory,
    held: held.length,
    columns: Object.keys(bench.table()[0]),
  }),
);
