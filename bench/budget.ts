/**
 * What a budget buys: `npm run bench:budget [-- --processes N --seconds S]`. A fleet of which a twentieth allocates and
 * frees all the time is recorded with the defaults; at the end PSS, estimates included, is held against a read of
 * everybody at that moment. Beside it what a plain sweep of all rollups would cost, and one reader against two.
 *
 * The trap: a fleet that holds still is estimated without an error. So the churning ones are told apart.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
import { openRecording } from '../src/recording/recording.js';
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

/** One sweep of everybody; CPU nanoseconds of this process and nanoseconds that passed. */
function sweepAll(pids: readonly number[], tier: 'rollup' | 'mappings', readers: number) {
  const engine = openEngine('native', { root: '/proc', host: readHostUnits(), maxKept: descriptorRoom(), readers });
  try {
    const slots = Uint32Array.from(
      pids.flatMap((pid, slot) => (engine.attach(slot, pid).status === 'ok' ? [slot] : [])),
    );
    const columns = new TierColumns(ROLLUP_COLUMNS, pids.length);
    const mappings = new MappingSweep(64 * 1024, pids.length);
    const [cpu, started] = [processCpuNs(), process.hrtime.bigint()];
    if (tier === 'rollup') engine.sweepRollup(slots, slots.length, columns, 0n);
    else
      for (let left = slots; left.length > 0; ) {
        const done = engine.sweepMappings(left, left.length, mappings, 0n);
        if (done === 0) break;
        left = left.subarray(done);
      }
    return { cpuNs: processCpuNs() - cpu, wallNs: Number(process.hrtime.bigint() - started), columns };
  } finally {
    engine.close();
  }
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
  await pause(seconds * 1000);
  using recording = openRecording(file);
  const estimates = estimatesAt(recording);
  const pids = estimates.map(({ pid }) => pid);
  const truth = sweepAll(pids, 'rollup', 2);
  recorder.kill('SIGINT');
  const { self, ticks } = recording.summary();

  const pss = truth.columns.columns[ROLLUP_COLUMNS.indexOf('pss')]!;
  const errors: number[] = [];
  let [told, real, inside, outside, ages] = [0, 0, 0, 0, 0];
  estimates.forEach((estimate, slot) => {
    if (truth.columns.status[slot] !== Status.ok) return;
    const actual = pss[slot]!;
    told += estimate.pss.value;
    real += actual;
    errors.push(Math.abs(estimate.pss.value - actual) / Math.max(actual, 65_536));
    if (actual >= estimate.pss.low && actual <= estimate.pss.high) inside++;
    else outside++;
    ages = Math.max(ages, estimate.pss.ageNs);
  });
  errors.sort((a, b) => a - b);
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  console.log(`${processes} processes, ${churning} of them churning, ${seconds} s, default budget of 1 %`);
  console.log(
    `own CPU ${percent(self.cpuShareOfOneCore)} of one core, ${percent(self.deepShareOfOneCore ?? 0)} by deep reads, at ${ticks.hz} Hz`,
  );
  console.log(
    `PSS of ${errors.length} processes: total off by ${percent(Math.abs(told - real) / real)}, p99 of one ${percent(errors[Math.floor(errors.length * 0.99)]!)}, oldest ${(ages / 1e9).toFixed(0)} s`,
  );
  console.log(`the interval holds for ${percent(inside / (inside + outside))}`);

  const walls = {
    one: [] as number[],
    two: [] as number[],
    smapsOne: [] as number[],
    smapsTwo: [] as number[],
    cpu: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const one = sweepAll(pids, 'rollup', 1);
    walls.cpu.push(one.cpuNs);
    walls.one.push(one.wallNs);
    walls.two.push(sweepAll(pids, 'rollup', 2).wallNs);
    walls.smapsOne.push(sweepAll(pids, 'mappings', 1).wallNs);
    walls.smapsTwo.push(sweepAll(pids, 'mappings', 2).wallNs);
  }
  const plain = median(walls.cpu) / 1e9;
  console.log(
    `a plain sweep of all rollups at 1 Hz: ${percent(plain)} of one core, ${(plain / self.cpuShareOfOneCore).toFixed(1)} times as much`,
  );
  console.log(
    `rollup, two readers against one: ${(median(walls.two) / median(walls.one)).toFixed(2)}; smaps: ${(median(walls.smapsTwo) / median(walls.smapsOne)).toFixed(2)} of the time`,
  );
} finally {
  process.kill(-churn.pid!, 'SIGKILL');
  await zoo[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
