/**
 * What a budget buys: `npm run bench:budget [-- --processes N --seconds S]`. A fleet of which a twentieth allocates and
 * frees all the time is recorded with the defaults; at the end PSS, estimates included, is held against a read of
 * everybody at that moment. Beside it what a plain sweep of all rollups would cost, and one reader against two.
 *
 * The traps: a fleet that holds still is estimated without an error, so the churning ones are told apart; and an estimate
 * is that of a frame, so everybody is read right after one, those that move first.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { estimatesAt } from '../src/analyze/estimates-at.js';
import { processCpuNs } from '../src/engine/clocks.js';
import { MappingSweep } from '../src/engine/mapping-sweep.js';
import { descriptorRoom, openEngine } from '../src/engine/open-engine.js';
import { TierColumns } from '../src/engine/tier-columns.js';
import { readHostUnits } from '../src/procfs/host-units.js';
import type { FrameWalk } from '../src/recording/frame-walk.js';
import { openRecording, type Recording } from '../src/recording/recording.js';
import { ROLLUP_COLUMNS, Status } from '../src/schema.js';
import { packageRoot } from '../src/text/package.js';
import { findPython } from './interpreters.js';
import { Zoo } from './zoo.js';

const { values: given } = parseArgs({
  options: { processes: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '60' } },
});
const processes = Number(given.processes);
const seconds = Number(given.seconds);
const churning = Math.max(1, Math.round(processes / 20));
const ROUNDS = 10;
/** Node, the first look at everybody and the code that is compiled meanwhile: told apart. */
const WARM_UP_S = 15;
const CHURN = `
import os, random, time
for index in range(${churning} - 1):
    if os.fork() == 0: break
random.seed(os.getpid())
kept = []
while os.getppid() != 1:
    kept.append(bytearray(random.randrange(1, 64) * 65536))
    if len(kept) > 8: kept.pop(random.randrange(8))
    time.sleep(random.uniform(0.5, 1.5))`;

/** Everybody attached to an engine, to be swept when it is time. */
class Sweeps implements Disposable {
  readonly columns: TierColumns;
  readonly #engine;
  readonly #slots: Uint32Array;
  readonly #mappings: MappingSweep;

  constructor(pids: readonly number[], readers: number) {
    const host = readHostUnits();
    this.#engine = openEngine('native', { root: '/proc', host, maxKept: descriptorRoom(), readers });
    this.#slots = Uint32Array.from(
      pids.flatMap((pid, slot) => (this.#engine.attach(slot, pid).status === 'ok' ? [slot] : [])),
    );
    this.columns = new TierColumns(ROLLUP_COLUMNS, pids.length);
    this.#mappings = new MappingSweep(64 * 1024, pids.length);
  }

  /** One sweep; CPU nanoseconds of this process and nanoseconds that passed. */
  sweep(tier: 'rollup' | 'mappings') {
    const slots = this.#slots.slice();
    const [cpu, started] = [processCpuNs(), process.hrtime.bigint()];
    if (tier === 'rollup') this.#engine.sweepRollup(slots, slots.length, this.columns, 0n);
    else
      for (let left = slots; left.length > 0; ) {
        const done = this.#engine.sweepMappings(left, left.length, this.#mappings, 0n);
        if (done === 0) break;
        left = left.subarray(done);
      }
    return { cpuNs: processCpuNs() - cpu, wallNs: Number(process.hrtime.bigint() - started) };
  }

  [Symbol.dispose](): void {
    this.#engine.close();
  }
}

/** What the recorder had spent at a frame. */
interface Spending {
  readonly atNs: bigint;
  readonly cpuNs: number;
  readonly deepNs: number;
}

/** The next frame that somebody writes; polled, so that what follows is done at its time. */
async function nextFrame(walk: FrameWalk): Promise<void> {
  while (walk.next() !== null);
  for (;;) {
    for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') return;
    await pause(2);
  }
}

function spendings(recording: Recording): Spending[] {
  const found: Spending[] = [];
  const walk = recording.walk();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    found.push({ atNs: walk.startNs, cpuNs: walk.scalar('ownCpu'), deepNs: walk.scalar('deepCpu') });
  }
  return found;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-budget-'));
const python = findPython();
if (python === undefined) throw new Error('The fleet needs python3, and none is on the PATH');
const zoo = await Zoo.start(processes - churning);
const churn = spawn(python, ['-c', CHURN], { stdio: 'ignore', detached: true });
try {
  await pause(1000);
  const file = path.join(folder, 'budget.tide');
  const main = path.join(packageRoot(), 'dist', 'cli', 'main.js');
  const recorder = spawn(process.execPath, [main, 'record', '-o', file, '--size', '256M'], { stdio: 'ignore' });
  await pause(WARM_UP_S * 1000);
  const warmNs = process.hrtime.bigint();
  await pause(seconds * 1000);
  using recording = openRecording(file);
  // Those that move first: what passes between the frame and their read is an error of this comparison.
  const herd = readFileSync(`/proc/${churn.pid}/task/${churn.pid}/children`, 'latin1').trim().split(' ').map(Number);
  const pids = [churn.pid!, ...herd, ...zoo.pids];
  using truth = new Sweeps(pids, 2);
  const walk = recording.walk({ fromBlockAt: 'newest' });
  await nextFrame(walk);
  const { wallNs } = truth.sweep('rollup');
  const estimates = new Map(estimatesAt(recording, walk.startNs).map((estimate) => [estimate.pid, estimate]));
  recorder.kill('SIGINT');
  const { ticks, self, budgets } = recording.summary();
  const spent = spendings(recording);
  const [first, last] = [spent.find(({ atNs }) => atNs >= warmNs)!, spent.at(-1)!];
  const nsBetween = Number(last.atNs - first.atNs);
  const own = (last.cpuNs - first.cpuNs) / nsBetween;
  const deep = (last.deepNs - first.deepNs) / nsBetween;

  const pss = truth.columns.columns[ROLLUP_COLUMNS.indexOf('pss')]!;
  const errors: number[] = [];
  const churningErrors: number[] = [];
  let [told, real, inside, outside, age, never] = [0, 0, 0, 0, 0, 0];
  pids.forEach((pid, slot) => {
    if (truth.columns.status[slot] !== Status.ok) return;
    const actual = pss[slot]!;
    const estimate = estimates.get(pid);
    real += actual;
    if (!estimate) {
      never++;
      errors.push(1);
      return;
    }
    told += estimate.pss.value;
    const error = Math.abs(estimate.pss.value - actual) / Math.max(actual, 65_536);
    errors.push(error);
    if (slot <= herd.length) churningErrors.push(error);
    if (actual >= estimate.pss.low && actual <= estimate.pss.high) inside++;
    else outside++;
    age = Math.max(age, estimate.pss.ageNs);
  });
  errors.sort((a, b) => a - b);
  churningErrors.sort((a, b) => a - b);
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const p99 = (sorted: readonly number[]) => percent(sorted[Math.floor(sorted.length * 0.99)]!);
  console.log(
    `${processes} processes, ${churning} of them churning, ${seconds} s after ${WARM_UP_S} s of coming up, default budget of 1 %`,
  );
  console.log(
    `own CPU ${percent(own)} of one core, ${percent(deep)} by deep reads; from the start on ${percent(self.cpuShareOfOneCore)} ` +
      `in ${(Number(last.atNs - spent[0]!.atNs) / 1e9).toFixed(0)} s, of which coming up took ${(first.cpuNs / 1e6).toFixed(0)} ms`,
  );
  console.log(
    `rates ${[ticks.hz, ...budgets.map(({ hz }) => hz)].filter((hz, at, all) => hz !== all[at - 1]).join(', ')} Hz; ` +
      `last: ${budgets.at(-1)?.reason}`,
  );
  console.log(
    `PSS of ${errors.length} processes, ${never} of them never read, against a read of everybody that took ${(wallNs / 1e6).toFixed(0)} ms: ` +
      `total off by ${percent(Math.abs(told - real) / real)}, one p99 ${p99(errors)}, ` +
      `of those that churn median ${percent(median(churningErrors))} and p99 ${p99(churningErrors)}, oldest ${(age / 1e9).toFixed(0)} s`,
  );
  console.log(`the interval holds for ${percent(inside / (inside + outside))}`);

  using lone = new Sweeps(pids, 1);
  const walls = {
    one: [] as number[],
    two: [] as number[],
    smapsOne: [] as number[],
    smapsTwo: [] as number[],
    cpu: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const one = lone.sweep('rollup');
    walls.cpu.push(one.cpuNs);
    walls.one.push(one.wallNs);
    walls.two.push(truth.sweep('rollup').wallNs);
    walls.smapsOne.push(lone.sweep('mappings').wallNs);
    walls.smapsTwo.push(truth.sweep('mappings').wallNs);
  }
  const plain = median(walls.cpu) / 1e9;
  console.log(
    `a plain sweep of all rollups at 1 Hz: ${percent(plain)} of one core, ${(plain / own).toFixed(1)} times as much`,
  );
  console.log(
    `rollup, two readers against one: ${(median(walls.two) / median(walls.one)).toFixed(2)}; smaps: ${(median(walls.smapsTwo) / median(walls.smapsOne)).toFixed(2)} of the time`,
  );
} finally {
  process.kill(-churn.pid!, 'SIGKILL');
  await zoo[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
