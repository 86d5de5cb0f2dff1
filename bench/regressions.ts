/**
 * Planted regressions: a program whose peak varies by 1.5 % (standard deviation) from run to run, with 0, 1, 3 and 10 % more. Each
 * is really run `RUNS` times under `tidemark run`; then 100 trials draw 10 runs for each side, without putting back, and are
 * compared. `npm run bench:regressions`.
 */

import { generator } from '../src/analyze/two-samples.js';
import { compareRuns } from '../src/workload/compare-runs.js';
import { type RunRecord, recordOf, runReport } from '../src/workload/run-report.js';
import { runWorkload } from '../src/workload/run-workload.js';

const RUNS = Number(process.argv[2] ?? 40);
const TRIALS = 100;
const SIDE = 10;
const MIB = 2 ** 20;
const BASE = 64 * MIB;
const SPREAD = 0.015;
const random = generator(11);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

async function runs(more: number): Promise<RunRecord[]> {
  const out: RunRecord[] = [];
  for (let index = 0; index < RUNS; index++) {
    const bytes = Math.round(BASE * (1 + more) * (1 + SPREAD * normal()));
    // Live memory of the program is what was planted and the interpreter's own, some 9 MiB.
    const run = await runWorkload({
      command: ['/usr/bin/python3', '-Sc', `import time; x = bytearray(${bytes}); time.sleep(0.05)`],
      ...{ hz: 100, budget: 0.05, engine: 'auto', maxHoldMs: 5, stdio: ['ignore', 'ignore', 'inherit'] },
      onWarning: (sentence) => console.error(sentence),
    });
    out.push(recordOf(run));
  }
  return out;
}

function draw(pool: readonly RunRecord[], count: number): RunRecord[] {
  const rest = [...pool];
  return Array.from({ length: count }, () => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}

const report = (records: readonly RunRecord[]) => ({ ...runReport([], {}, 0, []), runs: records });
const base = await runs(0);
console.log(`${RUNS} runs of each; ${TRIALS} trials of ${SIDE} against ${SIDE}; metric pss.peak`);
console.log('| planted | called more | called less | no difference | other metrics called different, mean per trial |');
console.log('|--:|--:|--:|--:|--:|');
for (const more of [0, 0.01, 0.03, 0.1]) {
  const pool = more === 0 ? base : await runs(more);
  const verdicts = { more: 0, less: 0, same: 0, other: 0 };
  for (let trial = 0; trial < TRIALS; trial++) {
    const both = more === 0 ? draw(base, 2 * SIDE) : [...draw(base, SIDE), ...draw(pool, SIDE)];
    const { metrics } = compareRuns(report(both.slice(0, SIDE)), report(both.slice(SIDE)));
    const { verdict } = metrics.find(({ metric }) => metric === 'pss.peak')!;
    if (verdict === 'more' || verdict === 'less') verdicts[verdict]++;
    else verdicts.same++;
    verdicts.other += metrics.filter(
      (one) => !one.isNamed && (one.verdict === 'more' || one.verdict === 'less'),
    ).length;
  }
  console.log(
    `| +${more * 100} % | ${verdicts.more} | ${verdicts.less} | ${verdicts.same} | ${(verdicts.other / TRIALS).toFixed(2)} |`,
  );
}
