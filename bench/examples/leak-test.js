/**
 * A leak test: whether a handler holds on to what it was given; exit code 1 when it does, 2 when these rounds cannot tell.
 *
 *     node bench/examples/leak-test.js            # a cache with a limit
 *     node bench/examples/leak-test.js --leaky    # the same without one
 */
import { measureGrowth } from 'tidemark';

const LIMIT = 1000;
const isLeaky = process.argv.includes('--leaky');
const sessions = new Map();
let next = 0;

function handle() {
  const id = next++;
  sessions.set(id, { id, seen: Date.now(), name: `session ${id}` });
  if (!isLeaky && sessions.size > LIMIT) sessions.delete(sessions.keys().next().value);
}

// The cache fills while the first rounds run, which are not counted.
const { verdict, perIteration, fastest, detectableBytes, iterationsNeeded } = await measureGrowth(handle, {
  iterations: 2000,
});
const { value, low, high } = perIteration;
console.log(`${verdict}: ${value.toFixed(1)} bytes a call (${low.toFixed(1)} .. ${high.toFixed(1)})`);
if (verdict === 'grows') console.log(`fastest in: ${fastest}`);
if (verdict === 'none') console.log(`${detectableBytes.toFixed(1)} bytes a call would have been seen`);
if (verdict === 'inconclusive') console.log(`${iterationsNeeded} calls a round would tell`);
process.exitCode = { none: 0, grows: 1, inconclusive: 2 }[verdict];
