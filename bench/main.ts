/**
 * Runs the benchmarks: `npm run bench`. A missed target is a result and not a failure: the exit code is 0 unless something
 * could not be measured (1) or the command line is wrong (2).
 *
 * The trap: what is measured first must not disturb what is measured later. What needs no zoo runs before there is one,
 * and the zoo has come up in full before anything is measured over it.
 */
import os from 'node:os';
import { readVersion } from '../src/text/package.js';
import { agent } from './agent.js';
import type { Bench, BenchContext } from './bench-context.js';
import { bpf1khz, bpf10khz, bpf20k, bpfLives } from './bpf-record.js';
import { bpfSelection } from './bpf-selection.js';
import { bpfSweep } from './bpf-sweep.js';
import { bpfThreads } from './bpf-threads.js';
import { crowd } from './crowd.js';
import { eventLoop } from './event-loop.js';
import { exporting, exportSize } from './export.js';
import { type Finding, findingOf } from './finding.js';
import { findingLine, findingTable } from './finding-text.js';
import { fleet } from './fleet.js';
import { hostTiers } from './host-tiers.js';
import { importTime } from './import-time.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { peers } from './peers.js';
import { record100hz } from './record-100hz.js';
import { recordDensity } from './record-density.js';
import { recordHeap } from './record-heap.js';
import { replay } from './replay.js';
import { report } from './report.js';
import { ring } from './ring.js';
import { ringDisk } from './ring-disk.js';
import { ringLadder } from './ring-ladder.js';
import { ringRange } from './ring-range.js';
import { shell } from './shell.js';
import { sweepFloor } from './sweep-floor.js';
import { tokenizers } from './tokenizers.js';
import { Zoo } from './zoo.js';

const BENCHES: readonly Bench[] = [
  tokenizers,
  ring,
  ringRange,
  replay,
  ringLadder,
  ringDisk,
  sweepFloor,
  peers,
  shell,
  importTime,
  record100hz,
  eventLoop,
  recordHeap,
  agent,
  fleet,
  hostTiers,
  bpfSweep,
  bpfThreads,
  bpfSelection,
  bpf1khz,
  bpf10khz,
  bpf20k,
  bpfLives,
  crowd,
  recordDensity,
  report,
  exporting,
  exportSize,
];

class Run {
  readonly findings: Finding[] = [];
  readonly notes: string[] = [];
  readonly failures: string[] = [];
  readonly #options: BenchOptions;
  readonly #say: (line: string) => void;

  constructor(options: BenchOptions, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  async all(): Promise<void> {
    const { benches, processes } = this.#options;
    for (const bench of benches) if (!bench.needsZoo) await this.#run(bench, undefined);
    const overZoo = benches.filter(({ needsZoo }) => needsZoo);
    if (overZoo.length === 0) return;
    this.#say(`Starting a zoo of ${processes} processes ...`);
    await using zoo = await Zoo.start(processes);
    for (const bench of overZoo) await this.#run(bench, zoo);
  }

  /** A benchmark that fails does not take the others with it. */
  async #run(bench: Bench, zoo: Zoo | undefined): Promise<void> {
    const { quick, full, processes } = this.#options;
    const context: Omit<BenchContext, 'zoo'> = {
      quick,
      full,
      processes,
      report: (parts) => {
        const finding = findingOf({ bench: bench.name, ...parts });
        this.findings.push(finding);
        this.#say(findingLine(finding));
        return finding;
      },
      note: (sentence) => {
        this.notes.push(`${bench.name}: ${sentence}`);
        this.#say(`${bench.name}: ${sentence}`);
      },
    };
    try {
      await bench.run({ ...context, zoo: zoo! });
    } catch (error) {
      this.failures.push(`${bench.name}: ${(error as Error).message}`);
      process.stderr.write(`${bench.name} failed: ${(error as Error).stack}\n`);
    }
  }
}

async function main(words: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(words, BENCHES);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else if (options.list)
    for (const { name, summary } of BENCHES) process.stdout.write(`${name.padEnd(18)}${summary}\n`);
  if (options.help || options.list) return 0;

  const lines = options.json ? process.stderr : process.stdout;
  const run = new Run(options, (line) => lines.write(`${line}\n`));
  const { processes, quick } = options;
  const host = { node: process.version, kernel: os.release(), cpu: os.cpus()[0]?.model ?? '', cpus: os.cpus().length };
  lines.write(`tidemark ${readVersion()}, Node ${host.node}, Linux ${host.kernel}, ${host.cpus} x ${host.cpu}\n`);
  await run.all();
  lines.write(`\n${findingTable(run.findings).join('\n')}\n`);
  const missed = run.findings.filter(({ verdict }) => verdict === 'misses').length;
  const judged = run.findings.filter(({ verdict }) => verdict !== null).length;
  lines.write(`\n${judged - missed} of ${judged} targets met${quick ? ' (quick: these numbers mean little)' : ''}\n`);
  for (const failure of run.failures) lines.write(`failed: ${failure}\n`);
  if (options.json) {
    const { findings, notes, failures } = run;
    const result = {
      format: 'tidemark-bench-1',
      version: readVersion(),
      host,
      processes,
      quick,
      findings,
      notes,
      failures,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  return run.failures.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
}
// Whoever closed the pipe wants no more of it.
process.stdout.once('error', () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));
