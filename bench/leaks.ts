/**
 * `measureGrowth` in trials: of a function that holds 64 bytes per call, of one that only churns, and of a server with a leak and
 * without; `npm run bench:leaks [TRIALS] [TRIALS OF A SERVER]`.
 *
 * The trap: trials of one process follow each other, so the heap of each begins with what those before it held.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { measureGrowth } from '../src/harness/measure-growth.js';
import { packageRoot } from '../src/text/package.js';

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

/** A server that replaces 100 MB piece by piece, and leaves 1 KiB of text or of buffers behind at each request, or nothing. */
const SERVER_TRIALS = Number(process.argv[3] ?? Math.max(1, Math.round(TRIALS / 10)));
const program = path.join(packageRoot(), 'test/harness/programs/server.mjs');
for (const [name, bytes, where] of [
  ['1 KiB of text a request', 1024, 'heap'],
  ['1 KiB of buffers a request', 1024, 'buffers'],
  ['nothing', 0, 'heap'],
] as const) {
  const found: Record<string, number> = {};
  const slopes: string[] = [];
  let longest = 0;
  for (let trial = 0; trial < SERVER_TRIALS; trial++) {
    const server = spawn(process.execPath, [program, String(bytes), where], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await once(server.stdout, 'data');
    const started = performance.now();
    const growth = await measureGrowth(new URL(`http://127.0.0.1:${String(port).trim()}/`));
    longest = Math.max(longest, performance.now() - started);
    server.kill();
    const verdict = `${growth.verdict} ${growth.fastestMapping?.owner ?? ''}`.trim();
    found[verdict] = (found[verdict] ?? 0) + 1;
    slopes.push(growth.perIteration.value.toFixed(0));
  }
  console.log(
    `server, 100 MB of churn, ${name}: ${JSON.stringify(found)}; bytes a request ${slopes.join(' ')}; ${(longest / 1000).toFixed(0)} s at most`,
  );
}
