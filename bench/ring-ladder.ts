/**
 * ring-ladder: what `--keep` adds to a tick, in time and in bytes, for 2,000 processes of which 10 % or none move in each.
 *
 * The trap: most ticks only gather, and one in a hundred stores a step. So a round is a whole second of ticks, and beside the
 * mean there is the dearest tick, which is the one that could be late.
 */
import { alternate } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import { movingSlots, movingSweeps, SLOTS, SyntheticRing } from './synthetic-sweeps.js';

const KEEP = 'full:6h,1s:3d,1m:30d';
const TICKS_PER_SECOND = 100;
const MOVING = 0.1;

type Sweeps = ReturnType<typeof movingSlots>;

export const ringLadder: Bench = {
  name: 'ring-ladder',
  summary: 'what keeping older stretches in steps adds to a tick',
  needsZoo: false,
  async run(context) {
    const moving = movingSlots(64, MOVING);
    const there = [...moving, ...moving.slice(1, -1).reverse()];
    await measure(context, `${MOVING * 100} % moving`, there);
    await measure(context, 'idle', movingSweeps(1, 0));
  },
};

async function measure({ quick, report }: BenchContext, what: string, sweeps: Sweeps): Promise<void> {
  const plain = new Seconds(new SyntheticRing(), sweeps);
  const ladder = new Seconds(new SyntheticRing(undefined, KEEP), sweeps);
  const [without, with_] = await alternate(
    [
      { name: 'ticks only', round: () => plain.round() },
      { name: KEEP, round: () => ladder.round() },
    ],
    quick ? 10 : 100,
    5,
  );
  const on = `${SLOTS} processes, ${what}, ${TICKS_PER_SECOND} Hz, rounds of a second`;
  const [ours, theirs] = [
    { name: 'with a ladder', samples: with_! },
    { name: 'ticks only', samples: without! },
  ];
  report({ what: `storing a tick, ${what}`, on, unit: 'us', ours, theirs });
  const added = with_!.map((us, round) => ((us - without![round]!) * 1e3) / SLOTS);
  report({ what: `what the ladder adds, ${what}`, on, unit: 'ns/process', ours: { name: 'ladder', samples: added } });
  report({
    what: `the dearest tick of a second, ${what}`,
    on,
    unit: 'ms',
    ours: { name: 'with a ladder', samples: ladder.dearest },
    theirs: { name: 'ticks only', samples: plain.dearest },
  });
  report({
    what: `bytes of a second, all rings, ${what}`,
    on,
    unit: 'KiB',
    times: 'all rounds',
    ours: { name: 'with a ladder', samples: [ladder.bytesPerSecond / 1024] },
    theirs: { name: 'ticks only', samples: [plain.bytesPerSecond / 1024] },
  });
}

/** Seconds of ticks into one ring. */
class Seconds {
  /** Of each round, in ms. */
  readonly dearest: number[] = [];
  #stored = 0;
  readonly #bytesBefore: number;

  constructor(
    private readonly ring: SyntheticRing,
    private readonly sweeps: Sweeps,
  ) {
    this.#bytesBefore = ring.allBytes;
  }

  /** Microseconds of a tick on the wall. */
  round(): number {
    let [sumNs, mostNs] = [0, 0];
    for (let tick = 0; tick < TICKS_PER_SECOND; tick++) {
      const startNs = process.hrtime.bigint();
      this.ring.sweep(this.sweeps[this.#stored++ % this.sweeps.length]!);
      const tookNs = Number(process.hrtime.bigint() - startNs);
      sumNs += tookNs;
      mostNs = Math.max(mostNs, tookNs);
    }
    this.dearest.push(mostNs / 1e6);
    return sumNs / TICKS_PER_SECOND / 1e3;
  }

  get bytesPerSecond(): number {
    return ((this.ring.allBytes - this.#bytesBefore) / this.#stored) * TICKS_PER_SECOND;
  }
}
