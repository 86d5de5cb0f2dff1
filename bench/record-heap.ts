/**
 * record/heap: does the memory of the sampler stay where it is once it is running?
 *
 * The helper process records itself with all others, so its anonymous memory (heaps and stacks, not its program) is in the
 * recording at every tick. The trap: a collected heap is a saw, and two instants of a saw tell nothing; so the medians of
 * whole seconds are compared.
 */
import type { Recording } from '../src/recording/recording.js';
import type { Bench } from './bench-context.js';
import { digits } from './finding-text.js';
import { withScratchRecording } from './scratch-recording.js';
import { spreadOf } from './spread.js';

const HZ = 100;
const MIB = 2 ** 20;
const SECOND_NS = 1_000_000_000n;

export const recordHeap: Bench = {
  name: 'record/heap',
  summary: "growth of the sampler's memory while it records at 100 Hz",
  needsZoo: true,
  async run({ quick, zoo, report }) {
    const seconds = quick ? 6 : 20;
    const options = { hz: HZ, rollup: 'auto', sampler: 'process', durationMs: seconds * 1000 } as const;
    const { anon, resident } = await withScratchRecording(options, memoryOfSampler);
    const last = anon.length - 1;
    const growth = (series: readonly number[]) => series[last]! - series[2]!;
    const at = (series: readonly number[]) =>
      `${[1, 2, Math.floor(last / 2), last].map((second) => `${digits(series[second]! / MIB)} in second ${second}`).join(', ')}`;
    report({
      what: 'growth of anonymous memory after second 2',
      on: `the helper process recording ${zoo.description}, ${HZ} Hz for ${seconds} s, rollup auto`,
      times: 'medians of a second',
      unit: 'MiB',
      ours: { name: 'sampler', samples: [growth(anon) / MIB] },
      target: { relation: '<=', value: 1, of: 'ours' },
      also: `anonymous MiB ${at(anon)}; resident MiB ${at(resident)}, grown by ${digits(growth(resident) / MIB)}`,
    });
  },
};

/** Bytes by second since the first frame. */
interface BySecond {
  readonly anon: number[];
  readonly resident: number[];
}

function memoryOfSampler(recording: Recording): BySecond {
  const { pid } = recording.metadata.writer;
  const sampler = recording.processes({ pid })[0];
  if (!sampler) throw new Error('The sampler is not in its own recording');
  const { timeNs, value } = recording.series(sampler, 'rssAnon');
  const anon = medians(timeNs, value);
  const times: bigint[] = [];
  const resident: number[] = [];
  const walk = recording.walk();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    times.push(walk.startNs);
    resident.push(walk.scalar('ownRss'));
  }
  return { anon, resident: medians(times, resident) };
}

/** The median of each whole second; the last one may be a little shorter. */
function medians(timeNs: ArrayLike<bigint>, values: ArrayLike<number>): number[] {
  const seconds: number[][] = [];
  for (let index = 0; index < values.length; index++) {
    const second = Number((timeNs[index]! - timeNs[0]!) / SECOND_NS);
    seconds[second] ??= [];
    seconds[second].push(values[index]!);
  }
  return seconds.map((ofSecond) => spreadOf(ofSecond).median);
}
