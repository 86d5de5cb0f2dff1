/** What a writer (kill-writer.js) reported: the frames that it stored, and those that it was about to store. */

export interface Announced {
  readonly ring: number;
  readonly number: number;
  readonly digest: string;
}

export interface Reported extends Announced {
  /** Monotonic ns at which the frame was in the ring. */
  readonly atNs: bigint;
}

/**
 * The whole lines of a log; the last one is empty, or was cut by a kill. `announced` are those that were handed over, or
 * about to be, and not reported as stored.
 */
export function parseReports(log: string): { reported: Reported[]; announced: Announced[] } {
  const reported: Reported[] = [];
  const announced = new Map<string, Announced>();
  for (const line of log.split('\n').slice(0, -1)) {
    const [kind, ring, number, last] = line.split(' ');
    const key = `${ring} ${number}`;
    if (kind === 'I') {
      announced.set(key, { ring: Number(ring), number: Number(number), digest: last! });
      continue;
    }
    const frame = announced.get(key);
    if (frame === undefined) throw new Error(`The writer reports what it did not announce: ${line}`);
    reported.push({ ...frame, atNs: BigInt(last!) });
    announced.delete(key);
  }
  return { reported, announced: [...announced.values()] };
}

/** What must be in the rings of a file: by ring, the digest of each frame by its number. */
export class Truth {
  readonly #rings = new Map<number, Map<number, string>>();

  of(ring: number): Map<number, string> {
    const frames = this.#rings.get(ring) ?? new Map<number, string>();
    this.#rings.set(ring, frames);
    return frames;
  }

  get size(): number {
    return [...this.#rings.values()].reduce((sum, frames) => sum + frames.size, 0);
  }
}
