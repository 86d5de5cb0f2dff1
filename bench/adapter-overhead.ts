/**
 * What an adapter costs what it measures: operations per second of twenty small programs with `tidemark/tinybench` at 100 Hz and
 * without it, and beside it with pidusage polled in process at 10 Hz; and what the two hooks of a task cost.
 * `npm run bench:adapter [ROUNDS] [MS]`, 15 rounds of 100 ms a program by default, 15 s a round.
 *
 * The traps: a run differs from the run before it by more than what is looked for, so the arms take turns, each first as often as the
 * others, and a ratio is one of the same round; one arm does what another does, and says what a difference of nothing looks like
 * here; and a forced collection before a task, which what is retained cannot be told without, makes a program faster by a half
 * where the tasks before it have left garbage, so that has an arm of its own.
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

/** `again`: the same as `without`; `collected`: nothing but the collections that the adapter makes as well. */
const ARMS = ['without', 'again', 'collected', 'with', 'pidusage'] as const;
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

/** By program and arm, round by round. */
const rates = SMALL_PROGRAMS.map(() => new Map<Arm, number[]>(ARMS.map((arm) => [arm, []])));
const started = performance.now();
for (let turn = -1; turn < ROUNDS; turn++) {
  for (let place = 0; place < ARMS.length; place++) {
    const arm = ARMS[(place + turn + 1) % ARMS.length]!;
    const found = await round(arm);
    if (turn >= 0) for (const [index, value] of found.entries()) rates[index]!.get(arm)!.push(value);
  }
}
const seconds = (performance.now() - started) / 1000;

interface Apart {
  readonly median: number;
  /** Of the median, 95 %; all that was seen where there are too few rounds. */
  readonly low: number;
  readonly high: number;
}

/** By how much the rate of an arm differs from that of another in the same round, in percent. */
function apart(arm: Arm, from: Arm, program: number): Apart {
  const other = rates[program]!.get(from)!;
  const ratios = rates[program]!.get(arm)!.map((found, turn) => (found / other[turn]! - 1) * 100);
  const sorted = ratios.sort((a, b) => a - b);
  const { median } = spreadOf(sorted);
  // How many of so many fall below the median by chance.
  const rank = Math.max(0, Math.floor((sorted.length - 1.96 * Math.sqrt(sorted.length)) / 2) - 1);
  return { median, low: sorted[rank]!, high: sorted[sorted.length - 1 - rank]! };
}

/** How far a median lies outside of what the same arm against itself shows. */
function excess(one: Apart, noise: Apart): number {
  if (one.median > noise.high) return one.median - noise.high;
  return one.median < noise.low ? one.median - noise.low : 0;
}

const percent = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(2)} %`;
const NOISE: readonly [Arm, Arm] = ['again', 'without'];
const PAIRS: readonly (readonly [Arm, Arm])[] = [
  ['with', 'collected'],
  ['with', 'without'],
  ['collected', 'without'],
  ['pidusage', 'without'],
];

console.log(
  `| program | ops/s without | again / without (95 %) | ${PAIRS.map((pair) => pair.join(' / ')).join(' | ')} | excess |`,
);
console.log(`|---|--:|--:|${PAIRS.map(() => '--:').join('|')}|--:|`);
for (const [index, { name }] of SMALL_PROGRAMS.entries()) {
  const { median } = spreadOf(rates[index]!.get('without')!);
  const noise = apart(...NOISE, index);
  const cells = PAIRS.map(([arm, from]) => percent(apart(arm, from, index).median));
  const range = `${percent(noise.median)} (${percent(noise.low)} .. ${percent(noise.high)})`;
  const over = percent(excess(apart('with', 'collected', index), noise));
  console.log(`| ${name} | ${median.toFixed(median < 1000 ? 1 : 0)} | ${range} | ${cells.join(' | ')} | ${over} |`);
}
for (const pair of [NOISE, ...PAIRS]) {
  const all = SMALL_PROGRAMS.map((_, index) => apart(...pair, index));
  const { median, p25, p75, count } = spreadOf(all.map((one) => one.median));
  const over = all.map((one, index) => Math.abs(excess(one, apart(...NOISE, index))));
  console.log(
    `${pair.join(' / ')}: median of ${count} programs ${percent(median)}, half of them within ${percent(p25)} and ${percent(p75)}; ` +
      `${over.filter((value) => value > 1).length} lie more than 1 % outside of what the same against itself shows`,
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
  `one hook: ${median.toFixed(0)} ns (${p25.toFixed(0)} to ${p75.toFixed(0)}), ${ROUNDS} rounds of ${TIME_MS} ms in ${seconds.toFixed(0)} s`,
);
