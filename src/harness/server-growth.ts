/**
 * The growth of another process while it is made to work: a server under requests, or whatever a function does to it.
 *
 * The trap: nobody can force a collection over there, and until one comes by itself memory rises whether anything leaks or not. So it
 * is made to work until it can be told, for thousands of requests or for as long as the caller lets it.
 */

import type { Growth } from './growth.js';
import { GrowthWatch } from './growth-watch.js';
import type { GrowthPlan } from './measure-growth.js';
import { Requests } from './requests.js';
import { serverOf } from './server-process.js';
import { serverVerdict } from './server-verdict.js';

/** Looks in a round. */
const LOOKS = 64;
export async function serverGrowth(
  what: (() => unknown) | URL,
  plan: GrowthPlan,
  given: number | undefined,
  concurrency: number,
): Promise<Growth> {
  const pid = given ?? serverOf(what as URL);
  if (pid === process.pid)
    throw new TypeError('Expected a process other than this one: give measureGrowth the function');
  const { iterations, rounds, warmup, mostMs } = plan;
  const until = performance.now() + mostMs;
  const load = what instanceof URL ? new Requests(what, concurrency) : undefined;
  const watch = new GrowthWatch(pid);
  const every = Math.max(1, Math.round(iterations / LOOKS));
  let calls = 0;
  const work = async (look: (calls: number) => void) => {
    const made = () => {
      if (++calls % every === 0) look(calls);
    };
    if (load) await load.send(iterations, made);
    else
      for (let call = 0; call < iterations; call++) {
        await (what as () => unknown)();
        made();
      }
  };
  try {
    for (let round = 0; round < warmup; round++) await work(() => {});
    await watch.read(calls);
    const ends = [calls];
    for (let round = 1; ; round++) {
      await work((at) => watch.look(at));
      await watch.read(calls);
      ends.push(calls);
      if (round < rounds) continue;
      const isLate = performance.now() >= until;
      const growth = serverVerdict(watch, ends, plan, isLate);
      if (growth.verdict !== 'inconclusive' || isLate) return growth;
    }
  } finally {
    load?.close();
  }
}
