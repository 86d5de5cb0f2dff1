/**
 * record/100hz: does the sampler keep its rate over the zoo while the main thread is idle, and while it is busy?
 *
 * The trap is a busy main thread that is not: one `await` or timer in the loop gives the event loop a turn and hides what
 * a program suffers that computes for half a minute. So the spin is one plain loop that never yields, from the first frame
 * until after the last, and everything is read from the recording afterwards.
 */
import type { Recording } from '../src/recording/recording.js';
import type { RecordOptions } from '../src/sampler/record-options.js';
import type { RecordingEnd } from '../src/sampler/recorder.js';
import type { Bench } from './bench-context.js';
import { digits } from './finding-text.js';
import { withScratchRecording } from './scratch-recording.js';

const HZ = 100;
/** The spin goes on for this long after the last tick is due. */
const SPIN_BEYOND_MS = 500;

export const record100hz: Bench = {
  name: 'record/100hz',
  summary: 'missed ticks and lateness at 100 Hz, main thread idle and spinning',
  needsZoo: true,
  async run({ quick, full, zoo, report }) {
    const durationMs = quick ? 3000 : 30_000;
    for (const sampler of full ? (['worker', 'process'] as const) : (['worker'] as const)) {
      for (const rollup of ['off', 'auto'] as const) {
        for (const thread of ['idle', 'spinning'] as const) {
          const meanwhile = thread === 'idle' ? {} : { meanwhile: () => spin(durationMs + SPIN_BEYOND_MS) };
          const options = { hz: HZ, rollup, sampler, durationMs, ...meanwhile };
          const { missedPercent, ticks, also } = await withScratchRecording(options, outcomeOf);
          report({
            what: `ticks missed in a ${sampler}, main thread ${thread}, rollup ${rollup}`,
            on: `the host with the zoo of ${zoo.description}, ${HZ} Hz, ${samplerText(sampler)}`,
            times: `${ticks} ticks`,
            unit: '% missed',
            ours: { name: sampler, samples: [missedPercent] },
            target: { relation: '<=', value: 1, of: 'ours' },
            also,
          });
        }
      }
    }
  },
};

interface Outcome {
  readonly missedPercent: number;
  readonly ticks: number;
  readonly also: string;
}

function outcomeOf(recording: Recording, end: RecordingEnd): Outcome {
  const { ticks, self, points, processes, damage, statShare } = recording.summary();
  if (damage.length > 0) throw new Error(`The recording is damaged: ${damage[0]!.reason}`);
  const { p50, p99, max } = ticks.latenessMs;
  const also = [
    `${processes.max} processes`,
    `late p50 ${p50} p99 ${p99} max ${max} ms`,
    `own CPU ${digits(self.cpuShareOfOneCore * 100)} % of a core`,
    `${digits(self.usPerProcessPerTick)} us/process/tick`,
    `stat read in ${digits(statShare * 100)} % of the rows`,
    `${digits(end.progress.bytes / points)} bytes/point`,
  ];
  return { missedPercent: (ticks.missed / ticks.expected) * 100, ticks: ticks.expected, also: also.join(', ') };
}

function samplerText(sampler: RecordOptions['sampler']): string {
  return sampler === 'worker' ? 'in a worker thread' : 'in a helper process';
}

/** Computes without ever yielding. Returns what it computed, so that the loop cannot be left out. */
function spin(ms: number): number {
  const until = performance.now() + ms;
  let value = 1;
  while (performance.now() < until) {
    for (let step = 0; step < 100_000; step++) value = (Math.imul(value, 1664525) + 1013904223) | 0;
  }
  return value;
}
