/** A recording of stopped processes against psutil, which nobody here wrote, asked while the recording goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type MetricName, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { endChild, MIB, until, Workload } from './workload.js';

const PROGRAM = `
import json, psutil, sys, time
for line in sys.stdin:
    for pid in json.loads(line):
        process = psutil.Process(pid)
        before = time.time_ns()
        full = process.memory_full_info()
        after = time.time_ns()
        times = process.cpu_times()
        print(json.dumps(dict(pid=pid, before=str(before), after=str(after), rss=full.rss, vsize=full.vms, uss=full.uss,
            pss=full.pss, swap=full.swap, threads=process.num_threads(), parentPid=process.ppid(),
            userTime=round(times.user * 100), systemTime=round(times.system * 100), comm=process.name())), flush=True)
`;

interface Answer {
  readonly pid: number;
  readonly before: string;
  readonly after: string;
  readonly rss: number;
  readonly vsize: number;
  readonly uss: number;
  readonly pss: number;
  readonly swap: number;
  readonly threads: number;
  readonly parentPid: number;
  readonly userTime: number;
  readonly systemTime: number;
  readonly comm: string;
}

async function ask(psutil: ChildProcess, lines: AsyncIterator<string>, pids: readonly number[]): Promise<Answer[]> {
  psutil.stdin!.write(`${JSON.stringify(pids)}\n`);
  const answers: Answer[] = [];
  for (let index = 0; index < pids.length; index++) answers.push(JSON.parse((await lines.next()).value));
  return answers;
}

describe.each(['native', 'ts'] as const)('engine %s', (engine) => {
  it('records what psutil says of stopped processes', async () => {
    await using small = await Workload.start('/usr/bin/python3');
    await using large = await Workload.start('/usr/bin/python3');
    await large.tell(`map ${20 * MIB}`);
    const node = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => node.stdout.once('data', resolve));
    const pids = [small.pid, large.pid, node.pid!];
    const psutil = spawn('/usr/bin/python3', ['-u', '-c', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: psutil.stdout })[Symbol.asyncIterator]();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await ask(psutil, lines, pids);

    await using recorder = await startRecording({ target: { pids }, engine, hz: 100, rollup: 50, sizeBytes: 8 * MIB });
    const answers: Answer[] = [];
    for (let round = 0; round < 8; round++) {
      answers.push(...(await ask(psutil, lines, pids)));
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const asked = BigInt(answers.at(-1)!.after);
    await until(() => recorder.now()!.timeNs > asked + 60_000_000n, 'frames after the last answer');
    await recorder.stop();

    const recording = recorder.recording();
    let compared = 0;
    let differing = 0;
    for (const answer of answers) {
      const [one] = recording.processes({ pid: answer.pid });
      expect(one).toMatchObject({ comm: answer.comm, parentPid: answer.parentPid });
      // A busy machine may leave out `stat` at some ticks: what was not measured is not compared.
      const valuesOf = (metric: MetricName) =>
        recording.series(one!, metric).value.filter((value) => !Number.isNaN(value));
      for (const metric of ['rss', 'vsize', 'threads'] as const) {
        expect(new Set(valuesOf(metric)), metric).toEqual(new Set([answer[metric]]));
      }
      for (const metric of ['userTime', 'systemTime'] as const) {
        expect(valuesOf(metric).at(-1)! / 1e7, metric).toBeCloseTo(answer[metric], 5);
      }
      expect(new Set(recording.series(one!, 'swap').value)).toEqual(new Set([answer.swap]));
      // Pages become shared when anybody maps the same library: compare where the recording shows that nothing moved.
      for (const metric of ['uss', 'pss'] as const) {
        const { timeNs, value } = recording.series(one!, metric);
        const next = timeNs.findIndex((time) => time > BigInt(answer.after));
        const before = timeNs.findLastIndex((time) => time < BigInt(answer.before));
        if (next < 0 || before < 0 || value[next] !== value[before]) continue;
        compared++;
        if (value[before] !== answer[metric]) differing++;
      }
    }
    expect(compared).toBeGreaterThan(10);
    expect(differing).toBeLessThanOrEqual(compared / 10);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await endChild(psutil);
    await endChild(node);
  });
});
