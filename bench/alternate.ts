/**
 * Measuring several contestants side by side: one round of each in turn, A B A B, never all of A and then all of B.
 *
 * The trap: a machine drifts while it is measured (clock rates, caches, neighbours). Contestants that take turns drift
 * together, and each begins with the caches as the other one left them.
 */

export interface Contestant {
  readonly name: string;
  /** Does the whole work once and returns what it cost, in the unit of the comparison. */
  round(): number | Promise<number>;
}

/** The rounds of each contestant, in their order; before them come `warmUps` that are not counted. */
export async function alternate(contestants: readonly Contestant[], rounds: number, warmUps = 2): Promise<number[][]> {
  const samples: number[][] = contestants.map(() => []);
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const cost = await contestant.round();
      if (!(cost > 0 && Number.isFinite(cost))) throw new Error(`A round of ${contestant.name} measured ${cost}`);
      if (round >= 0) samples[index]!.push(cost);
    }
  }
  return samples;
}

/** Reads after which a contestant in JavaScript is compiled and stays so. */
const READS_TO_WARM_UP = 20_000;

/** Warm-ups for rounds that make so many cheap reads each; where a read is dear, two will do. */
export function warmUpsOf(readsPerRound: number): number {
  return Math.max(2, Math.ceil(READS_TO_WARM_UP / readsPerRound));
}
