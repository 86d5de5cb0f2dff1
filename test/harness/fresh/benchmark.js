/** The same for a suite of benchmark.js. */
import Benchmark from 'benchmark';
import { attach } from 'tidemark/benchmark';

const held = [];
const options = { maxTime: 0.01, minSamples: 1, initCount: 1 };
const suite = new Benchmark.Suite()
  .add('hold', () => held.push(Buffer.alloc(2 ** 18, 1)), options)
  .add('lean', () => 1, options);
const memory = await attach(suite, { isolate: true });
await new Promise((resolve) => {
  suite.on('complete', resolve).run({ async: true });
});
console.log(JSON.stringify(await memory()));
