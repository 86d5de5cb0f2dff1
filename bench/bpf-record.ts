/**
 * bpf-1khz, bpf-20k, bpf-lives: recording by the engine in the kernel, at the rates that it is for.
 *
 * The trap: these need a machine that does nothing else; what is read from the recording afterwards says how it went.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { Recording } from '../src/recording/recording.js';
import type { RecordOptions } from '../src/sampler/record-options.js';
import type { Bench, BenchContext } from './bench-context.js';
import { digits } from './finding-text.js';
import { withScratchRecording } from './scratch-recording.js';
import type { Zoo } from './zoo.js';

export const bpf1khz: Bench = {
  name: 'bpf-1khz',
  summary: 'missed ticks, lateness and cost at 1000 Hz, main thread spinning',
  needsZoo: true,
  run: ({ zoo, quick, report }) => record(overZoo(zoo), 'host', report, 1000, quick ? 3000 : 60_000),
};

export const bpf10khz: Bench = {
  name: 'bpf-10khz',
  summary: 'one process at 10,000 Hz, main thread spinning',
  needsZoo: false,
  async run({ quick, report }) {
    const child = spawn('sleep', ['1000000'], { stdio: 'ignore' });
    try {
      await record('one process', { pids: [child.pid!] }, report, 10_000, quick ? 2000 : 30_000);
    } finally {
      child.kill('SIGKILL');
    }
  },
};

export const bpf20k: Bench = {
  name: 'bpf-20k',
  summary: 'the same at 10 Hz; give it --processes 20000',
  needsZoo: true,
  run: ({ zoo, quick, report }) => record(overZoo(zoo), 'host', report, 10, quick ? 3000 : 60_000),
};

export const bpfLives: Bench = {
  name: 'bpf-lives',
  summary: 'a burst of short-lived processes: what is heard of them, and what it costs them',
  needsZoo: false,
  async run({ quick, report }) {
    const runs = quick ? 300 : 10_000;
    const without = [burst(runs), burst(runs)];
    const withIt: number[] = [];
    const also = await withScratchRecording(
      {
        engine: 'bpf',
        hz: 10,
        rollup: 'off',
        sampler: 'worker',
        durationMs: (without[0]! * 2 + 2000) | 0,
        meanwhile: () => withIt.push(burst(runs)),
      },
      livesOf,
    );
    without.push(burst(runs));
    report({
      what: `a loop of ${runs} runs of /bin/true, recorded and not`,
      on: 'this host',
      unit: 'ms',
      ours: { name: 'recorded', samples: withIt },
      theirs: { name: 'not', samples: [without[1]!] },
      target: { relation: '<=', value: 1.03, of: 'ratio' },
      also,
    });
  },
};

function burst(runs: number): number {
  const started = performance.now();
  const script = `import os\nfor i in range(${runs}):\n  os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)`;
  spawnSync('python3', ['-c', script]);
  return performance.now() - started;
}

function livesOf(recording: Recording): string {
  const exits = recording
    .events()
    .flatMap(({ event }) => (event.type === 'exit' && event.comm === 'true' ? [event] : []));
  const whole = exits.filter(({ exitStatus, peak }) => exitStatus === 0 && (peak ?? 0) > 0).length;
  const { lives } = recording.summary();
  return `${whole} exits of true with code and peak, ${lives?.byEvent} by event only, ${lives?.lost} lost`;
}

function overZoo({ description }: Zoo): string {
  return `the host with the zoo of ${description}`;
}

async function record(
  on: string,
  target: NonNullable<RecordOptions['target']>,
  report: BenchContext['report'],
  hz: number,
  durationMs: number,
): Promise<void> {
  const spin = () => {
    const until = performance.now() + durationMs + 500;
    while (performance.now() < until);
  };
  // In a process of its own, so that the memory is the recorder's alone.
  const options = {
    engine: 'bpf',
    hz,
    target,
    rollup: 'off',
    sampler: 'process',
    durationMs,
    meanwhile: spin,
  } as const;
  await withScratchRecording(options, (recording) => {
    const { ticks, self, processes } = recording.summary();
    const also =
      `${processes.max} processes, late p50 ${ticks.latenessMs.p50} p99 ${ticks.latenessMs.p99} ms, ` +
      `${digits(self.usPerProcessPerTick)} us/process/tick, ${digits(self.cpuShareOfOneCore * 100)} % of a core, ` +
      `${digits(self.residentBytes / 2 ** 20)} MiB resident`;
    report({
      what: `ticks missed at ${hz} Hz by the engine bpf, main thread spinning`,
      on,
      times: `${ticks.expected} ticks`,
      unit: '% missed',
      ours: { name: 'bpf', samples: [(ticks.missed / ticks.expected) * 100 + 1e-9] },
      target: { relation: '<=', value: 1, of: 'ours' },
      also,
    });
  });
}
