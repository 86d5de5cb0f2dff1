/**
 * What the kernel said all the while, and whether a store says the same.
 *
 * The trap: a store's value at an instant was read by an agent a little before, so it is compared with all that was true in that
 * little while: equal where nothing moved, and not outside of it where something did.
 */
export interface Reading {
  readonly unixMs: number;
  readonly bytes: number;
}

export interface Comparison {
  /** Points where nothing moved, which were equal. */
  readonly equal: number;
  /** Points of a time in which it moved, which were between what was there before and after. */
  readonly between: number;
  /** In words, those that were neither. */
  readonly wrong: readonly string[];
}

export type Point = readonly [seconds: number, value: string];

/** `lateMs`: how old a value may be at an instant for which a store has it. */
export function compareWithTruth(points: readonly Point[], truth: readonly Reading[], lateMs: number): Comparison {
  let [equal, between] = [0, 0];
  const wrong: string[] = [];
  const from = truth[0]!.unixMs + lateMs;
  for (const [seconds, text] of points) {
    const at = seconds * 1000;
    if (at < from || at > truth.at(-1)!.unixMs) continue;
    const value = Number(text);
    // The first reading after the instant belongs to it too: what moved may have done so before it was read.
    const next = truth.findIndex(({ unixMs }) => unixMs > at);
    const known = truth.filter(({ unixMs }, index) => unixMs >= at - lateMs && (unixMs <= at || index === next));
    const [least, most] = [Math.min(...known.map(({ bytes }) => bytes)), Math.max(...known.map(({ bytes }) => bytes))];
    if (value < least || value > most) wrong.push(`${value} at ${new Date(at).toISOString()}, not ${least}..${most}`);
    else if (least === most) equal++;
    else between++;
  }
  return { equal, between, wrong };
}

/** The points of an expression that has one series, from a Prometheus or what answers like it. Throws what it says when it fails. */
export async function pointsOf(
  origin: string,
  query: string,
  [fromMs, toMs]: readonly [number, number],
): Promise<Point[]> {
  const asked = { query, start: String(fromMs / 1000), end: String(toMs / 1000), step: '1s', nocache: '1' };
  const response = await fetch(`${origin}/api/v1/query_range?${new URLSearchParams(asked)}`);
  const { data, error } = (await response.json()) as { data?: { result: { values: Point[] }[] }; error?: string };
  if (!data) throw new Error(error);
  if (data.result.length !== 1) throw new Error(`${query} has ${data.result.length} series`);
  return data.result[0]!.values;
}
