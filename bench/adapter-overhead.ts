/**
 * What an adapter costs what it measures: operations per second of twenty small programs with `tidemark/tinybench` at 100 Hz and
 * without it, and beside it with pidusage polled in process at 10 Hz; and what the two hooks of a task cost. `npm run bench:adapter [ROUNDS]`.
 *
 * The traps: a run differs from the run before it by more than what is looked for, so the arms take turns, each first as often as the
 * others, and a round compares neighbours; and a forced collection before a task, which what is retained cannot be told without,
 * makes a program faster by a half where the tasks before it have left garbage, so that has an arm of its own.
 */
import pidusage from 'pidusage';
import { Bench } from 'tinybench';
import { TaskStamper } from '../src/harness/task-stamp.js';
import { withMemory } from '../src/harness/tinybench.js';
import { collectGarbage } from '../src/harness/v8-heap.js';
import { SMALL_PROGRAMS } from './small-programs.js';
import { spreadOf } from './spread.js';

const ROUNDS = Number(process.argv[2] ?? 15);
const TIME_MS = Number(process.argv[3] ?? 100);
const HZ = 100;
const HOOKS = 200;
const POLL_MS = 100;

/** `collected`: nothing but the collections that the adapter makes as well. */
const ARMS = ['without', 'collected', 'with', 'pidusage'] as const;
type Arm = (typeof ARMS)[number];

/** Operations per second of each program, once. */
async function round(arm: Arm): Promise<number[]> {
  const bench = new Bench({ time: TIME_MS, warmupTime: 20, throws: true });
  for (const { name, run } of SMALL_PROGRAMS) bench.add(name, run as () => void);
  const measured = arm === 'with' ? withMemory(bench, { hz: HZ }) : bench;
  if (arm === 'collected') {
    for (const task of bench.tasks) {
      task.addEventListener('start', collectGarbage);
      task.addEventListener('complete', collectGarbage);
    }
  }
  const poll = arm === 'pidusage' ? setInterval(() => void pidusage([process.pid]), POLL_MS) : undefined;
  try {
    await bench.warmup();
    await measured.run();
  } finally {
    clearInterval(poll);
  }
  return bench.tasks.map(({ result }) => 1000 / result!.mean);
}

const samples = new Map<Arm, number[][]>(ARMS.map((arm) => [arm, []]));
for (let turn = -1; turn < ROUNDS; turn++) {
  for (let place = 0; place < ARMS.length; place++) {
    const arm = ARMS[(place + turn + ARMS.length) % ARMS.length]!;
    const rates = await round(arm);
    if (turn >= 0) samples.get(arm)!.push(rates);
  }
}

/** By how much the rate of an arm differs from that of another in the same round, in percent: the median of all rounds. */
function apart(arm: Arm, from: Arm, program: number): number {
  const other = samples.get(from)!;
  return (spreadOf(samples.get(arm)!.map((rates, turn) => rates[program]! / other[turn]![program]!)).median - 1) * 100;
}

const percent = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(2)} %`;
const PAIRS = [
  ['with', 'collected'],
  ['with', 'without'],
  ['collected', 'without'],
  ['pidusage', 'without'],
] as const;

console.log(`| program | ops/s without | quartiles apart | ${PAIRS.map((pair) => pair.join(' / ')).join(' | ')} |`);
console.log(`|---|--:|--:|${PAIRS.map(() => '--:').join('|')}|`);
for (const [index, { name }] of SMALL_PROGRAMS.entries()) {
  const { median, p25, p75 } = spreadOf(samples.get('without')!.map((rates) => rates[index]!));
  const cells = PAIRS.map(([arm, from]) => percent(apart(arm, from, index)));
  const noise = (((p75 - p25) / median) * 100).toFixed(1);
  console.log(`| ${name} | ${median.toFixed(median < 1000 ? 1 : 0)} | ${noise} % | ${cells.join(' | ')} |`);
}
for (const [arm, from] of PAIRS) {
  const all = spreadOf(SMALL_PROGRAMS.map((_, index) => apart(arm, from, index)));
  console.log(
    `${arm} / ${from}: median of ${all.count} programs ${percent(all.median)}, half of them within ${percent(all.p25)} and ${percent(all.p75)}`,
  );
}

const stamper = new TaskStamper(false);
const hooks: number[] = [];
for (let trial = 0; trial < HOOKS; trial++) {
  stamper.begin('nothing');
  const { fromNs, toNs } = stamper.end(1)!;
  hooks.push(Number(toNs - fromNs) / 2);
}
const { median, p25, p75 } = spreadOf(hooks);
console.log(
  `one hook: ${median.toFixed(0)} ns (${p25.toFixed(0)} to ${p75.toFixed(0)}), ${ROUNDS} rounds of ${TIME_MS} ms`,
);
