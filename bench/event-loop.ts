/**
 * What a program notices that embeds a recorder: the delay of its event loop while a helper process, as by default, or a
 * worker records the zoo at 100 Hz, against none, and against none again.
 *
 * The trap: the delay of a timer holds the time between two timers as well; so all arms have the same, and what counts is
 * the ratio beside that of the two arms without a recorder.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { SamplerHost } from '../src/sampler/host-process.js';
import { startRecording } from '../src/sampler/recorder.js';
import type { Bench } from './bench-context.js';
import { spreadOf } from './spread.js';

const HZ = 100;
const ROUNDS = 10;
const RING_BYTES = 64 * 2 ** 20;
/** A worker comes up and finds everybody before anything is measured. */
const WARM_UP_MS = 1500;

/** The 99th percentile of the delay of a timer of one millisecond, ns. */
async function delayFor(milliseconds: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await pause(milliseconds);
  histogram.disable();
  return histogram.percentile(99);
}

async function recordedDelay(milliseconds: number, sampler: SamplerHost): Promise<number> {
  await using _recorder = await startRecording({ target: 'host', hz: HZ, sampler, sizeBytes: RING_BYTES });
  await pause(WARM_UP_MS);
  return await delayFor(milliseconds);
}

export const eventLoop: Bench = {
  name: 'record/event-loop',
  summary: 'delay of the event loop of a program that embeds a recorder at 100 Hz',
  needsZoo: true,
  async run({ quick, zoo, report }) {
    const milliseconds = quick ? 500 : 3000;
    const rounds = quick ? 3 : ROUNDS;
    for (const sampler of ['process', 'worker'] as const) {
      const alones: number[] = [];
      const recordeds: number[] = [];
      const agains: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const alone = await delayFor(milliseconds);
        // In an order that changes, so that what comes later is not always the same.
        const recordedFirst = round % 2 === 0 ? await recordedDelay(milliseconds, sampler) : undefined;
        const again = await delayFor(milliseconds);
        const recorded = recordedFirst ?? (await recordedDelay(milliseconds, sampler));
        alones.push(alone / 1e6);
        recordeds.push(recorded / 1e6);
        agains.push(again / alone);
      }
      const { median, p25, p75 } = spreadOf(agains);
      report({
        what: `p99 delay of the event loop beside a recorder in a ${sampler}, against none`,
        on: `the host with the zoo of ${zoo.description}, ${HZ} Hz`,
        times: `${rounds} rounds of ${milliseconds} ms`,
        unit: 'ms',
        ours: { name: 'with', samples: recordeds },
        theirs: { name: 'without', samples: alones },
        target: { relation: '<=', value: 1.05, of: 'ratio' },
        also: `without against without ${median.toFixed(3)} (${p25.toFixed(3)} to ${p75.toFixed(3)})`,
      });
    }
  },
};
